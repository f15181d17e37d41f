import { make } from '../src/panel/dom';
import { noteOf } from './notes';
import { refresh } from './page';

const MEGABYTE = 1024 * 1024;

interface Row {
  element: HTMLLIElement;
  bar: HTMLProgressElement;
  state: HTMLElement;
}

let queue = Promise.resolve();

/** Files are sent one by one, each with its progress; what was refused says why and stays until it is dismissed. */
export function wireUpload(): void {
  document.addEventListener('submit', (event) => {
    const form = formOf(event.target);
    if (!form) return;
    event.preventDefault();
    takePicked(form);
  });
  document.addEventListener('change', ({ target }) => {
    const form = formOf(target);
    if (form) takePicked(form);
  });
  for (const kind of ['dragenter', 'dragover', 'dragleave', 'drop'] as const) {
    document.addEventListener(kind, (event) => dragged(event));
  }
}

function formOf(target: EventTarget | null): HTMLFormElement | null {
  return target instanceof Element ? target.closest<HTMLFormElement>('form[data-upload]') : null;
}

function takePicked(form: HTMLFormElement): void {
  const input = form.querySelector<HTMLInputElement>('input[type=file]')!;
  take(form, [...(input.files ?? [])]);
  input.value = '';
}

/** A file dropped anywhere on the page counts: nobody means to open it in this tab. */
function dragged(event: DragEvent): void {
  const form = document.querySelector<HTMLFormElement>('form[data-upload]');
  if (!form || !event.dataTransfer?.types.includes('Files')) return;
  event.preventDefault();
  const over = event.type === 'dragover' || event.type === 'dragenter';
  form.toggleAttribute('data-over', over);
  if (event.type === 'drop') take(form, [...event.dataTransfer.files]);
}

function take(form: HTMLFormElement, files: File[]): void {
  const limit = Number(form.dataset['limit']);
  for (const file of files) {
    const row = addRow(file);
    if (file.size > limit)
      fail(row, `Larger than ${Math.floor(limit / MEGABYTE)} MB. Split it and upload the parts.`);
    else if (file.size === 0) fail(row, 'This file is empty. Check that it is the right one.');
    else queue = queue.then(() => send(form.action, file, row));
  }
}

function addRow(file: File): Row {
  const bar = make('progress', { max: '1', 'aria-label': `Upload of ${file.name}` });
  bar.value = 0;
  const state = make('span.state', {}, 'Waiting…');
  const element = make('li', {}, make('b', { dir: 'auto', title: file.name }, file.name), state, bar);
  document.getElementById('uploads')!.append(element);
  return { element, bar, state };
}

function send(address: string, file: File, row: Row): Promise<void> {
  return new Promise((done) => {
    const request = new XMLHttpRequest();
    request.open('POST', address);
    request.setRequestHeader('HX-Request', 'true');
    request.upload.addEventListener('progress', ({ loaded, total }) => {
      row.bar.value = loaded / total;
      row.state.textContent = loaded < total ? `${Math.floor((100 * loaded) / total)} %` : 'Storing…';
    });
    request.addEventListener('load', () => answered(request, row));
    request.addEventListener('error', () => fail(row, 'The connection broke off. Upload the file again.'));
    request.addEventListener('loadend', () => done());
    const form = new FormData();
    form.set('files', file, file.name);
    request.send(form);
  });
}

function answered(request: XMLHttpRequest, row: Row): void {
  if (request.status === 401) return location.reload();
  if (request.status >= 400) {
    const headers = new Headers(request.getResponseHeader('frontdesk-note') ? { 'frontdesk-note': '1' } : {});
    return fail(row, noteOf(request.responseText, headers, request.status)[1]);
  }
  const { documents } = JSON.parse(request.responseText) as { documents: { name: string; known: boolean }[] };
  const known = documents.find((document) => document.known);
  if (known) end(row, `Already here, as ${known.name}.`, 'known');
  else row.element.remove();
  refresh();
}

function fail(row: Row, why: string): void {
  end(row, why, 'failed');
}

function end(row: Row, state: string, kind: string): void {
  row.element.className = kind;
  row.state.textContent = state;
  row.bar.replaceWith(
    make('button.plain', { type: 'button', 'data-dismiss': true, 'aria-label': 'Dismiss' }, '✕'),
  );
}
