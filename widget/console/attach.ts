import { make } from '../src/panel/dom';
import { showNote } from './notes';

const MEGABYTE = 1024 * 1024;

/** Files beside a reply: picked, pasted into it or dropped on it; each in a row that takes it away again. */
export function wireAttach(): void {
  document.addEventListener('change', ({ target }) => {
    if (!(target instanceof HTMLInputElement) || target.type !== 'file') return;
    const form = formOf(target);
    // The field has forgotten those that were picked before.
    if (form) hold(form, [...(held.get(form) ?? []), ...(target.files ?? [])]);
  });
  document.addEventListener('paste', (event) => brought(event, event.clipboardData));
  document.addEventListener('drop', (event) => brought(event, event.dataTransfer));
  document.addEventListener('dragover', (event) => {
    if (formOf(event.target) && event.dataTransfer?.types.includes('Files')) event.preventDefault();
  });
}

const held = new WeakMap<HTMLFormElement, File[]>();

/** Tells the files of a reply from those of another. */
export function filesOf(form: HTMLFormElement): string {
  return (held.get(form) ?? [])
    .map(({ name, size, lastModified }) => `${name} ${size} ${lastModified}`)
    .join();
}

export function dropFiles(form: HTMLFormElement): void {
  if (form.dataset['most']) hold(form, []);
}

function formOf(target: unknown): HTMLFormElement | null {
  return target instanceof Element ? target.closest<HTMLFormElement>('form[data-composer][data-most]') : null;
}

function brought(event: Event, data: DataTransfer | null): void {
  const form = formOf(event.target);
  if (!form || !data?.files.length || form.querySelector('fieldset')?.disabled) return;
  event.preventDefault();
  hold(form, [...(held.get(form) ?? []), ...data.files]);
}

function hold(form: HTMLFormElement, files: File[]): void {
  const most = Number(form.dataset['most']);
  const limit = Number(form.dataset['limit']);
  const fit = files.filter((file) => fits(file, limit));
  if (fit.length > most)
    showNote('Too many files', `A message takes at most ${most}; send the others after it.`);
  const taken = fit.slice(0, most);
  held.set(form, taken);
  const transfer = new DataTransfer();
  for (const file of taken) transfer.items.add(file);
  form.querySelector<HTMLInputElement>('input[type=file]')!.files = transfer.files;
  // Files need no words beside them.
  form.querySelector('textarea')!.required = !taken.length;
  const rows = taken.map((file) => row(form, file));
  form.querySelector('.picked')!.replaceChildren(...rows);
}

function fits({ name, size }: File, limit: number): boolean {
  if (size === 0) showNote('Empty file', `${name} is empty. Check that it is the right one.`);
  if (size > limit)
    showNote(
      'File too large',
      `${name} has more than ${Math.floor(limit / MEGABYTE)} MB. Send a smaller one.`,
    );
  return size > 0 && size <= limit;
}

function row(form: HTMLFormElement, file: File): HTMLLIElement {
  const remove = make('button.plain', { type: 'button', 'aria-label': `Remove ${file.name}` }, '✕');
  remove.addEventListener('click', () => {
    hold(
      form,
      (held.get(form) ?? []).filter((each) => each !== file),
    );
    form.querySelector('textarea')!.focus();
  });
  return make(
    'li',
    {},
    make('b', { dir: 'auto' }, file.name),
    make('small', {}, make('bdi', {}, sizeOf(file.size))),
    remove,
  );
}

/** As the server writes it. */
function sizeOf(count: number): string {
  const kilos = Math.max(1, Math.round(count / 1024));
  return kilos < 1024 ? `${kilos} kB` : `${(kilos / 1024).toFixed(1)} MB`;
}
