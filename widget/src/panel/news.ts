import type { Host } from '../host';
import type { Client } from '../stream';
import { make } from './dom';
import { fill } from './fill';
import { plainText } from './markdown';
import { type Row, spoken } from './rows';
import type { View } from './view';
import { words } from './words';

export interface News {
  element: HTMLElement;
  update: (rows: Row[], view: View, open: boolean) => void;
}

/** Announces what is new, once and whole: to screen readers, and as a number on the launcher. */
export function news(host: Host, client: Client): News {
  const element = make('div.sr', { 'aria-live': 'polite' });
  const told = new Set<string>();
  let conversation: string | undefined;
  let badge = 0;
  const announce = (rows: Row[], known: boolean): void => {
    const fresh: HTMLElement[] = [];
    for (const row of rows) {
      const text = plainText(spoken(row));
      const key = row.key + text;
      if (!text || told.has(key)) continue;
      told.add(key);
      fresh.push(make('p', {}, text));
    }
    if (known && fresh.length) element.replaceChildren(...fresh);
  };
  const count = (unread: number): void => {
    if (unread === badge) return;
    badge = unread;
    host.unread(unread, unread ? fill(words.unread, unread) : '');
    host.emit('unread', { count: unread });
  };
  const update = (rows: Row[], { state, messages }: View, open: boolean): void => {
    // What stands there when a conversation is first shown is not news.
    announce(rows, conversation === state?.id);
    conversation = state?.id;
    const seen = open && !document.hidden;
    const unread = messages.filter(
      ({ seq, author }) => seq > state!.read.visitor && /bot|agent/.test(author.kind),
    );
    count(seen ? 0 : unread.length);
    if (!seen || !unread.length) return;
    client.read(unread.at(-1)!.seq).catch(() => {
      // Shown is read; should the server not hear of it, the next message says it again.
    });
  };
  return { element, update };
}
