import type { Host } from '../host';
import type { Client } from '../stream';
import { make } from './dom';
import { fill } from './fill';
import { plainText } from './markdown';
import { type Row, spoken } from './rows';
import type { View } from './view';
import { words } from './words';

/** More than is read out at once. */
const KEPT = 5;

/** Announces what is new, once and whole: to screen readers, and as a number on the launcher. */
export class News {
  readonly element = make('div.sr', { 'aria-live': 'polite' });
  #host: Host;
  #client: Client;
  #conversation = '';
  #told = new Set<string>();
  #unread = 0;

  constructor(host: Host, client: Client) {
    this.#host = host;
    this.#client = client;
  }

  update(rows: Row[], { state }: View, open: boolean): void {
    this.#announce(rows, state?.id ?? '');
    const seen = open && !document.hidden;
    const unread = (state?.messages ?? []).filter(
      ({ seq, author }) => seq > state!.read.visitor && (author.kind === 'bot' || author.kind === 'agent'),
    );
    this.#badge(seen ? 0 : unread.length);
    if (!seen || !unread.length) return;
    this.#client.read(unread.at(-1)!.seq).catch(() => {
      // Shown is read; should the server not hear of it, the next message says it again.
    });
  }

  /** What stands there when a conversation is first shown is not news. */
  #announce(rows: Row[], conversation: string): void {
    const known = this.#conversation === conversation;
    this.#conversation = conversation;
    for (const row of rows) {
      const text = plainText(spoken(row));
      if (!text || this.#told.has(row.key)) continue;
      this.#told.add(row.key);
      if (known) this.#tell(text);
    }
  }

  #tell(text: string): void {
    this.element.append(make('p', {}, text));
    if (this.element.children.length > KEPT) this.element.firstChild!.remove();
  }

  #badge(count: number): void {
    if (count === this.#unread) return;
    this.#unread = count;
    this.#host.unread(count, count ? fill(words.unread, count) : undefined);
    this.#host.emit('unread', { count });
  }
}
