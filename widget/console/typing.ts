import { typist } from '../src/stream/typing';

/** Of a note the visitor is not even told that it is being written. */
const TOLD = 'form[data-composer]:not(.as-note)';

/** Tells that a reply is being written, and that it no longer is: also once it is sent. */
export function wireTyping(): void {
  const write = typist<string>(tell);
  const told = ({ target, type }: Event): void => {
    const form = target instanceof Element && target.closest<HTMLFormElement>(TOLD);
    const field = form && form.querySelector('textarea');
    if (field) write(type === 'input' && /\S/.test(field.value), form.dataset['composer']!);
  };
  document.addEventListener('input', told);
  document.addEventListener('submit', told);
}

function tell(typing: boolean, conversation: string): void {
  const body = new URLSearchParams({ typing: String(typing) });
  fetch(`/console/conversations/${conversation}/typing`, { method: 'POST', body, keepalive: true }).catch(
    () => {
      // It would be old news by the time it came.
    },
  );
}
