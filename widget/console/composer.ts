import type { HtmxRequestCtx } from 'htmx.org';
import { uuid } from '../src/stream/uuid';
import { dropFiles, filesOf } from './attach';
import { onPage } from './page';

/** What somebody is writing, and the id under which it was last tried to be sent. */
interface Draft {
  text: string;
  sent?: { id: string; text: string; files: string };
}

const APPLE = /Mac|iPhone|iPad/.test(navigator.userAgent);

export function wireComposer(): void {
  document.addEventListener('input', ({ target }) => {
    const form = composerOf(target);
    if (form) keep(form, { ...kept(form), text: textOf(form).value });
  });
  document.addEventListener('keydown', (event) => {
    const form = formOf(event.target);
    if (!form || event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  document.addEventListener('htmx:config:request', (event) => named(event.detail.ctx));
  document.addEventListener('htmx:after:swap', (event) => cleared(event.detail.ctx));
  onPage(restore);
}

/** The same tried again carries the same id, so that it is posted once, however often it is sent. */
function named({ request }: HtmxRequestCtx): void {
  const form = composerOf(request['form']);
  if (!form || !(request.body instanceof FormData)) return;
  const { sent } = kept(form);
  const text = textOf(form).value;
  const files = filesOf(form);
  const id = sent?.text === text && sent.files === files ? sent.id : uuid();
  keep(form, { text, sent: { id, text, files } });
  request.body.set('client_id', id);
}

/** Posted: what was written meanwhile stays. */
function cleared({ request, response }: HtmxRequestCtx): void {
  const form = composerOf(request['form']);
  const sent = form && kept(form).sent;
  if (!form || !sent || !response || response.status >= 400) return;
  const field = textOf(form);
  field.value = field.value.startsWith(sent.text)
    ? field.value.slice(sent.text.length).trimStart()
    : field.value;
  keep(form, { text: field.value });
  if (filesOf(form) === sent.files) dropFiles(form);
}

function restore(desk: HTMLElement): void {
  desk.querySelectorAll<HTMLFormElement>('form[data-composer]').forEach(restoreOne);
}

function restoreOne(form: HTMLFormElement): void {
  const field = textOf(form);
  if (!field.value) field.value = kept(form).text;
  const key = form.querySelector('[data-mod]');
  if (key) key.textContent = APPLE ? '⌘↵' : 'Ctrl ↵';
}

function composerOf(target: unknown): HTMLFormElement | null {
  return target instanceof Element ? target.closest<HTMLFormElement>('form[data-composer]') : null;
}

/** Also a message that is being edited is sent with the keys. */
function formOf(target: unknown): HTMLFormElement | null {
  return (
    composerOf(target) ?? (target instanceof Element ? target.closest<HTMLFormElement>('form.edit') : null)
  );
}

function textOf(form: HTMLFormElement): HTMLTextAreaElement {
  return form.querySelector('textarea')!;
}

function kept(form: HTMLFormElement): Draft {
  return JSON.parse(sessionStorage.getItem(keyOf(form)) ?? '{"text":""}') as Draft;
}

function keep(form: HTMLFormElement, draft: Draft): void {
  if (draft.text || draft.sent) sessionStorage.setItem(keyOf(form), JSON.stringify(draft));
  else sessionStorage.removeItem(keyOf(form));
}

function keyOf(form: HTMLFormElement): string {
  return `frontdesk:reply:${form.dataset['composer']}`;
}
