const EVERY_MS = 2_000;
const PAUSE_MS = 4_000;
/** Of a note the visitor is not even told that it is being written. */
const TOLD = 'form[data-composer]:not(.as-note)';

/** When it was last said that somebody types, and 0 when it was said that they do not. */
let said = 0;
let pause: ReturnType<typeof setTimeout> | undefined;

/** Tells that a reply is being written: at once, every two seconds while it is, and once that it no longer is. */
export function wireTyping(): void {
  document.addEventListener('input', ({ target }) => {
    const form = target instanceof Element && target.closest<HTMLFormElement>(TOLD);
    if (!form || !(target instanceof HTMLTextAreaElement)) return;
    const conversation = form.dataset['composer']!;
    clearTimeout(pause);
    if (!target.value.trim()) return tell(conversation, false);
    pause = setTimeout(tell, PAUSE_MS, conversation, false);
    tell(conversation, true);
  });
  // Whoever has sent something types no more: the server knows.
  document.addEventListener('submit', () => {
    clearTimeout(pause);
    said = 0;
  });
}

function tell(conversation: string, typing: boolean): void {
  if (typing ? Date.now() - said < EVERY_MS : !said) return;
  said = typing ? Date.now() : 0;
  const body = new URLSearchParams({ typing: String(typing) });
  fetch(`/console/conversations/${conversation}/typing`, { method: 'POST', body, keepalive: true }).catch(
    () => {
      // It would be old news by the time it came.
    },
  );
}
