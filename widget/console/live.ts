import { Connection } from '../src/stream/connection';
import { reach } from '../src/stream/http';
import type { Delta, Progress } from '../src/stream/types';
import { onWake } from '../src/stream/wake';
import { refresh } from './page';
import { forgetDrafts, showDelta, showProgress } from './thread';

type Live =
  | { kind: 'ready' | 'inbox.changed' | 'knowledge.changed' | 'conversation.changed'; data: object }
  | { kind: 'answer.delta'; data: Delta }
  | { kind: 'answer.progress'; data: Progress }
  | Said;

/** Who types, looks or is there, of one conversation or of all. The latest is true until the stream begins anew. */
export type Said = { kind: 'typing' | 'viewing' | 'presence'; data: { conversation?: string } };

const ASK: RequestInit = { credentials: 'same-origin', headers: { accept: 'text/event-stream' } };

const PATIENCE_MS = 10_000;

const said = new Map<string, Said>();
let heardAt = 0;
let connection: Connection | null = null;
let followed: string | null | undefined;

/** Holds the console's one stream, for the conversation that is open. */
export function follow(conversation: string | null): void {
  if (conversation === followed) return;
  if (followed === undefined) onWake(() => connection?.wake());
  followed = conversation;
  connection?.close();
  connection = connect(conversation ? `/console/live?conversation=${conversation}` : '/console/live');
  void connection.run();
}

function connect(path: string): Connection {
  const mine = (): boolean => opened === connection;
  const opened: Connection = new Connection({
    open: (signal) => reach(path, { ...ASK, signal }),
    event: (event) => mine() && hear(event as unknown as Live),
    poll: async () => {
      await reach('/console/alive', { ...ASK, signal: AbortSignal.timeout(PATIENCE_MS) });
      refresh();
    },
    changed: () => {
      if (mine()) document.documentElement.dataset['link'] = opened.link;
    },
    // Signed out, or the conversation is gone: the page itself says which.
    refused: () => mine() && location.reload(),
  });
  return opened;
}

/** What was said last, of this conversation or, as who is there, of all. */
export function lastSaid(kind: Said['kind'], conversation = ''): Said['data'] | undefined {
  return said.get(`${kind} ${conversation}`)?.data;
}

/** Milliseconds since something was last heard; null before. */
export function newsAge(): number | null {
  return heardAt ? Date.now() - heardAt : null;
}

function announce(kind: string): void {
  document.dispatchEvent(new CustomEvent('frontdesk:said', { detail: kind }));
}

function hear(event: Live): void {
  heardAt = Date.now();
  if (event.kind === 'typing' || event.kind === 'viewing' || event.kind === 'presence') {
    said.set(`${event.kind} ${event.data.conversation ?? ''}`, event);
    return announce(event.kind);
  }
  if (event.kind === 'answer.delta') return showDelta(event.data);
  if (event.kind === 'answer.progress') return showProgress(event.data);
  // Each stream tells an answer from its beginning.
  if (event.kind === 'ready') {
    forgetDrafts();
    said.clear();
    announce('ready');
  }
  refresh();
}
