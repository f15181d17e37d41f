import type { Host } from '../host';
import type { Desk } from '../panel/desk';
import { button, icon, make } from '../panel/dom';
import { fill } from '../panel/fill';
import { words } from '../panel/words';
import { bearer, reach } from '../stream/http';
import type { Attachment } from '../stream/types';
import { uuid } from '../stream/uuid';
import { dress } from './dress';

const MEGABYTE = 1024 * 1024;
const MOST = 5;
const TAKEN =
  'image/png,image/jpeg,image/gif,image/webp,.pdf,.txt,.log,.csv,.docx,.xlsx,.pptx,.odt,.ods,.odp,.doc,.xls,.ppt';
/** As long as a large file takes on a slow line. */
const PATIENCE_MS = 300_000;
const CROSS = 'M6 6l12 12M18 6L6 18';

/** A file that is picked: on its way to the server, there, or refused. */
interface Picked {
  row: HTMLElement;
  /** Sends it unless it is there; what came of it stands in its row. */
  send: () => Promise<Attachment | null>;
}

let list: HTMLElement | undefined;
let picked: Picked[] = [];

/** Has the visitor pick files for the message that is written in `form`. They are sent at once, and wait for it. */
export function pick(desk: Desk, form: HTMLFormElement, host: Host): void {
  const input = make('input', { type: 'file', multiple: true, accept: TAKEN });
  input.onchange = () => add(desk, [...(input.files ?? [])]);
  if (!list) wire(desk, form, host);
  input.click();
}

function wire(desk: Desk, form: HTMLFormElement, host: Host): void {
  dress(host);
  list = make('ul.files');
  form.before(list);
  form.addEventListener('paste', (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    add(desk, files);
  });
  // Before the panel's own, which knows of no files.
  form.addEventListener('submit', (event) => submitted(event, desk, form), true);
}

function add(desk: Desk, files: File[]): void {
  for (const file of files) {
    const one = entry(desk, file, picked.length >= MOST);
    picked.push(one);
    list!.append(one.row);
    void one.send();
  }
}

function entry(desk: Desk, file: File, tooMany: boolean): Picked {
  const state = make('small', { role: 'status' });
  const row = make('li', {}, make('b', { dir: 'auto' }, file.name), state);
  const limit = desk.view.site?.attachment_limit ?? Infinity;
  const id = uuid();
  let sending: Promise<Attachment | null> | undefined;
  const say = (text: string, bad = false): void => {
    state.textContent = text;
    row.classList.toggle('bad', bad);
  };
  const post = async (): Promise<Attachment | null> => {
    say(words.sending);
    try {
      const sent = await upload(desk, file, id);
      say(sizeOf(file.size));
      return sent;
    } catch (reason) {
      const { status, message } = reason as { status?: number; message: string };
      // What the server says of it is final; everything else may pass.
      const refused = status && status >= 400 && status < 500 && status !== 429;
      say(refused ? message : words.failed, true);
      if (!refused) sending = undefined;
      return null;
    }
  };
  const one: Picked = {
    row,
    send() {
      const wrong = tooMany
        ? fill(words.mostFiles, MOST)
        : file.size > limit && fill(words.largerThan, limit / MEGABYTE);
      if (wrong) say(wrong, true);
      return (sending ??= wrong ? Promise.resolve(null) : post());
    },
  };
  const remove = (): void => {
    picked = picked.filter((other) => other !== one);
    row.remove();
    list!.parentElement!.querySelector('textarea')!.focus();
  };
  row.append(button('button.x', icon(CROSS), remove, { 'aria-label': `${words.remove} ${file.name}` }));
  return one;
}

/** Begins the conversation where there is none: a file is kept within one. */
async function upload({ client }: Desk, file: File, id: string): Promise<Attachment> {
  if (!client.state) await client.within('read', { seq: 0 }, 'PUT');
  const query = new URLSearchParams({ name: file.name, client_id: id });
  const response = await request(client, `?${query}`, { method: 'POST', body: file });
  return response.json() as Promise<Attachment>;
}

function request({ door, state }: Desk['client'], rest: string, init: RequestInit): Promise<Response> {
  return reach(`${door.base}/v1/conversations/${state!.id}/attachments${rest}`, {
    headers: bearer(door),
    signal: AbortSignal.timeout(PATIENCE_MS),
    ...init,
  });
}

/** Waits for what is still on its way; a file that cannot be sent holds the message back until it is taken away. */
async function submitted(event: Event, desk: Desk, form: HTMLFormElement): Promise<void> {
  if (!picked.length) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (list!.ariaBusy) return;
  list!.ariaBusy = 'true';
  const sent = await Promise.all(picked.map((one) => one.send()));
  list!.ariaBusy = null;
  const input = form.querySelector('textarea')!;
  if (sent.length !== picked.length || sent.includes(null) || input.ariaInvalid) return;
  const text = input.value.trim();
  picked = [];
  list!.replaceChildren();
  input.value = '';
  input.dispatchEvent(new Event('input'));
  desk.send(text, sent as Attachment[]);
}

/** The files of a message, each a button that downloads it. */
export function show(desk: Desk, place: HTMLElement, host: Host, files: Attachment[]): void {
  dress(host);
  place.className = 'files';
  place.replaceChildren(...files.map((file) => download(desk, file)));
}

function download({ client }: Desk, { id, name, size }: Attachment): HTMLElement {
  const told = make('small', {}, sizeOf(size));
  const save = async (): Promise<void> => {
    try {
      const response = await request(client, `/${id}`, {});
      const href = URL.createObjectURL(await response.blob());
      make('a', { href, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(href), PATIENCE_MS);
      told.textContent = sizeOf(size);
    } catch {
      told.textContent = words.failed;
    }
  };
  const label = make('span', {}, make('b', { dir: 'auto' }, name), told);
  return button('button.file', label, () => void save());
}

function sizeOf(bytes: number): string {
  const mega = bytes >= MEGABYTE;
  const value = Math.max(1, Math.round(bytes / (mega ? MEGABYTE / 10 : 1024))) / (mega ? 10 : 1);
  return value.toLocaleString(words.tag, { style: 'unit', unit: mega ? 'megabyte' : 'kilobyte' });
}
