/** Keys stand on the buttons that they press, and press them while nobody types. */
export function wireShortcuts(): void {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || isTyping(event.target)) return;
    const button = buttonOf(event.key.toLowerCase());
    if (!button || button.disabled || document.querySelector('.sure:popover-open, .menu:popover-open'))
      return;
    event.preventDefault();
    button.click();
  });
  document.addEventListener('htmx:after:swap', (event) => {
    const pressed: unknown = event.detail.ctx.request['submitter'];
    if (!(pressed instanceof HTMLElement) || pressed.dataset['thenWrite'] === undefined) return;
    document.querySelector<HTMLTextAreaElement>('form[data-composer] textarea')?.focus();
  });
}

function buttonOf(key: string): HTMLButtonElement | null {
  return /^[a-z]$/.test(key) ? document.querySelector<HTMLButtonElement>(`button[data-key="${key}"]`) : null;
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || target.matches('input, textarea, select'))
  );
}
