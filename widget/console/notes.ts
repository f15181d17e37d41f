import { make } from '../src/panel/dom';

const SHOWN_MS = 15_000;

/** A message that something did not work and what to do; the same one is shown once. */
export function showNote(title: string, detail: string): void {
  const notes = document.getElementById('notes')!;
  const dismiss = make(
    'button.plain',
    { type: 'button', 'data-dismiss': true, 'aria-label': 'Dismiss' },
    '✕',
  );
  const note = make('div.note', {}, make('p', {}, make('b', {}, `${title}.`), ` ${detail}`), dismiss);
  for (const shown of [...notes.children]) if (shown.textContent === note.textContent) shown.remove();
  notes.append(note);
  setTimeout(() => leave(note), SHOWN_MS);
}

/** Title and detail of a refusal, in the server's words where they are its own. */
export function noteOf(html: string, headers: Headers, status: number): [string, string] {
  const note =
    headers.has('frontdesk-note') &&
    new DOMParser().parseFromString(html, 'text/html').querySelector('.note');
  const title = note && note.querySelector('b')?.textContent;
  const detail = note && note.querySelector('span')?.textContent;
  if (title && detail) return [title.replace(/\.$/, ''), detail];
  return ['That did not work', `The server answered with ${status}. Try again in a moment.`];
}

export function wireNotes(): void {
  document.addEventListener('click', ({ target }) => {
    if (target instanceof Element) target.closest('[data-dismiss]')?.parentElement?.remove();
  });
}

/** Not under somebody's eyes: a note that is pointed at or focused stays. */
function leave(note: HTMLElement): void {
  if (!note.matches(':hover, :focus-within')) note.remove();
  else setTimeout(() => leave(note), SHOWN_MS);
}
