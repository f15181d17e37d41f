import { type Connection, connect } from '../src/stream/connection';
import { Problem, reach } from '../src/stream/http';
import { locksHere } from '../src/stream/tabs';
import { now } from '../src/stream/timing';
import type { Delta, Event, Progress } from '../src/stream/types';
import { uuid } from '../src/stream/uuid';
import { onWake } from '../src/stream/wake';
import { refresh } from './page';
import { forgetDrafts, knownDrafts, showDelta, showProgress } from './thread';
import { setClock } from './times';

/** Who types, looks or is there, of one conversation or of all. The latest is true until the stream begins anew. */
export type Said = { kind: 'typing' | 'viewing' | 'presence'; data: { conversation?: string } };

type Live =
  | { kind: 'ready' | 'inbox.changed' | 'knowledge.changed'; data: object }
  | { kind: 'conversation.changed'; data: { conversation: string } }
  | { kind: 'answer.delta'; data: Delta }
  | { kind: 'answer.progress'; data: Progress }
  | Said;

const ASK: RequestInit = { credentials: 'same-origin', headers: { accept: 'text/event-stream' } };
const PATIENCE_MS = 10_000;
/** A tab that has crashed is looked for so often. */
const LOOK_MS = 15_000;
/** What one stream follows at most. */
const MOST = 24;
const NAME = 'frontdesk:console';
/** Each tab holds a lock of this name and the id of the conversation that it shows, so that the browser knows them all. */
const SHOWS = `${NAME}:shows:`;

const said = new Map<string, Said>();
let connection: Connection | null = null;
let followed: string | null | undefined;
/** What the stream was opened for, and what ends it; only the tab that holds it has one. */
let opened = '';
let stream = new AbortController();
let hide = (): void => undefined;

/** Holds the console's one stream with the other tabs of this browser, and follows the conversation that is open here. */
export function follow(conversation: string | null): void {
  if (conversation === followed) return;
  if (followed === undefined) addEventListener('pageshow', ({ persisted }) => persisted && void tellOthers());
  followed = conversation;
  void tellOthers();
}

/** What is shown here, to the tab that holds the stream; it is held here if there is none. */
async function tellOthers(): Promise<void> {
  await show(followed!);
  if (connection) {
    connection.wake();
    return look();
  }
  connection = connect(HOOKS);
  onWake(connection.wake, connection.rest);
  setInterval(() => void look(), LOOK_MS);
}

/** What was said last, of this conversation or, as who is there, of all. */
export function lastSaid(kind: Said['kind'], conversation = ''): Said['data'] | undefined {
  return said.get(`${kind} ${conversation}`)?.data;
}

/** Milliseconds since something was last heard; null before. */
export function newsAge(): number | null {
  return connection?.heard ? now() - connection.heard : null;
}

const HOOKS = {
  name: NAME,
  open,
  event: (event: Event) => hear(event as unknown as Live),
  async poll(): Promise<void> {
    const response = await reach('/console/alive', { ...ASK, signal: AbortSignal.timeout(PATIENCE_MS) });
    setClock(response.headers.get('date'));
    refresh();
  },
  recap(): Event[] {
    void look();
    return [...knownDrafts(), ...said.values()] as unknown as Event[];
  },
  changed(): void {
    document.documentElement.dataset['link'] = connection?.link ?? 'connecting';
  },
  // Signed out, or the conversation is gone: the page itself says which.
  refused: () => location.reload(),
};

async function open(signal: AbortSignal): Promise<Response> {
  const wanted = await shown();
  const mine = (stream = new AbortController());
  signal.addEventListener('abort', () => mine.abort());
  opened = addressFor(wanted);
  const ask = (address: string): Promise<Response> => reach(address, { ...ASK, signal: mine.signal });
  const response = await ask(opened).catch((reason: unknown) => {
    // Another tab may show a conversation that is gone; that does not concern this one.
    if (wanted.length > 1 && reason instanceof Problem && !reason.passing)
      return ask(addressFor(wanted.slice(0, followed ? 1 : 0)));
    throw reason;
  });
  setClock(response.headers.get('date'));
  return response;
}

function addressFor(conversations: string[]): string {
  return `/console/live?${conversations.map((id) => `conversation=${id}`).join('&')}`;
}

/** The conversations that the tabs of this browser show, this one's first. */
async function shown(): Promise<string[]> {
  const { held = [] } = (await locksHere()?.query()) ?? {};
  const names = held.map(({ name = '' }) => name).filter((name) => name.startsWith(SHOWS));
  const others = names.map((name) => name.slice(SHOWS.length).split(' ')[0]!).sort();
  return [...new Set([...(followed ? [followed] : []), ...others])].slice(0, MOST);
}

/** Lets the other tabs know what this one shows, for as long as it does. */
async function show(conversation: string | null): Promise<void> {
  hide();
  const locks = locksHere();
  if (!conversation || !locks) return;
  const hidden = new Promise<void>((done) => (hide = done));
  await new Promise<void>((shown) => {
    void locks.request(`${SHOWS}${conversation} ${uuid()}`, () => {
      shown();
      return hidden;
    });
  });
}

/** The leading tab opens the stream anew when another one is needed. */
async function look(): Promise<void> {
  if (opened && addressFor(await shown()) !== opened) stream.abort();
}

function hear(event: Live): void {
  switch (event.kind) {
    case 'answer.delta':
      return showDelta(event.data);
    case 'answer.progress':
      return showProgress(event.data);
    case 'typing':
    case 'viewing':
    case 'presence':
      said.set(`${event.kind} ${event.data.conversation ?? ''}`, event);
      return announce(event.kind);
    case 'conversation.changed':
      if (event.data.conversation === followed) refresh();
      return;
    case 'ready':
      // Each stream tells an answer from its beginning, and who is there.
      forgetDrafts();
      said.clear();
      announce('ready');
  }
  refresh();
}

function announce(kind: string): void {
  document.dispatchEvent(new CustomEvent('frontdesk:said', { detail: kind }));
}
