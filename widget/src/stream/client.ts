import type { Link } from './connection';
import { type Follow, follow } from './follow';
import { type Door, Problem, call } from './http';
import { type Outbox, openOutbox } from './outbox';
import type { State } from './state';
import { type Stored, openStore } from './store';
import { typist } from './typing';
import type { Message, Snapshot } from './types';
import { uuid } from './uuid';

export interface ClientOptions {
  base: string;
  site: string;
  /** The widget's language tag. */
  language: string;
  changed: () => void;
  /** The session or the conversation is no more; the next message begins a new one. */
  expired: () => void;
}

/** The visitor's side: one session and one conversation, both begun by the first thing that is sent. */
export interface Client {
  readonly outbox: Outbox;
  readonly door: Door;
  readonly state: State | null;
  readonly link: Link | null;
  /** When something was last heard, as `now()` tells time; 0 before. */
  readonly heard: number;
  /** Why the conversation cannot be read, other than that it is gone; empty while it can. */
  readonly refusal: string;
  /** Whether there is a conversation that has not been read yet. */
  readonly loading: boolean;
  /** Takes up what an earlier page left: the conversation, and messages that were not acknowledged. */
  resume: () => void;
  wake: () => void;
  rest: () => void;
  /** Acts within the conversation; if that has gone, once more within a new one. Throws Problem. */
  within: <T>(verb: string, body: object, method?: string) => Promise<T>;
  /** Acts on what the path names. Throws Problem. */
  act: <T>(method: string, path: string, body: object) => Promise<T>;
  read: (seq: number) => Promise<void>;
  /** Whether the visitor is writing now. */
  writes: (writing: boolean) => void;
  close: () => void;
}

const LONGEST_PAGE = 2_000;
const NO_CONVERSATION: Stored = { conversation: undefined, start: undefined };

export function openClient({ base, site, language, changed, expired }: ClientOptions): Client {
  const store = openStore(site, () => resume());
  const door: Door = { base, token: () => store.read().token };
  let followed: Follow | null = null;
  let opening: Promise<string> | null = null;
  let refusal = '';

  /** After a change, a client without a stream asks what came of it. */
  const act = async <T>(method: string, path: string, body: object): Promise<T> => {
    const result = await call<T>(door, method, path, body);
    if (client.link !== 'live') followed?.poll().catch(client.wake);
    return result;
  };

  const within = async <T>(verb: string, body: object, method = 'POST'): Promise<T> => {
    const attempt = (id: string): Promise<T> => act(method, pathOf(id, verb), body);
    const id = await conversation();
    const then = mark();
    return attempt(id).catch(async (reason: unknown) => {
      forget(reason, then);
      return attempt(await conversation());
    });
  };

  const conversation = async (): Promise<string> => {
    const { token, conversation: id } = store.read();
    if (!token || !id) {
      return (opening ??= begin().finally(() => {
        opening = null;
      }));
    }
    attend(id);
    return id;
  };

  const begin = async (): Promise<string> => {
    const { token, start = uuid() } = store.read();
    const then = mark();
    if (!token) await session();
    store.update({ start });
    try {
      const snapshot = await call<Snapshot>(door, 'POST', '/v1/conversations', { client_id: start });
      store.update({ conversation: snapshot.id });
      attend(snapshot.id, snapshot);
      return snapshot.id;
    } catch (reason) {
      if (!token) throw reason;
      forget(reason, then);
      return begin();
    }
  };

  const session = async (): Promise<void> => {
    // Where the visitor asks from, without what queries and fragments may give away.
    const page = location.pathname.slice(0, LONGEST_PAGE);
    const { token } = await call<Stored>(door, 'POST', '/v1/sessions', { site, language, page });
    store.update({ token });
  };

  const news = (): void => {
    client.outbox.settle(client.state?.last_seq ?? 0);
    changed();
  };

  const attend = (id: string, snapshot?: Snapshot): void => {
    if (followed?.id === id) return;
    close();
    const then = mark();
    followed = follow(door, id, news, (problem) => refused(problem, then), snapshot);
  };

  const refused = (problem: Problem, then: string): void => {
    try {
      forget(problem, then);
    } catch {
      refusal = problem.message;
    }
    changed();
  };

  /** Lets go of a session or conversation that the server no longer knows; throws any other reason again. */
  const forget = (reason: unknown, then: string): void => {
    const ended = reason instanceof Problem && reason.status === 401;
    if (!ended && !(reason instanceof Problem && reason.code === 'conversation_unknown')) throw reason;
    // Of several that find out, only the first does it.
    if (mark() !== then) return;
    store.update({ ...NO_CONVERSATION, ...(ended && { token: undefined }) });
    leave();
  };

  const leave = (): void => {
    close();
    expired();
  };

  /** Tells one session and conversation from the next. */
  const mark = (): string => {
    const { token, conversation: id } = store.read();
    return `${token}/${id}`;
  };

  const resume = (): void => {
    const { token, conversation: id } = store.read();
    if (token && id) attend(id);
    // Another tab has found that it is no more.
    else if (followed) leave();
    client.outbox.drain();
  };

  const close = (): void => {
    followed?.connection.close();
    followed = null;
    refusal = '';
  };

  const client: Client = {
    outbox: openOutbox({
      name: `frontdesk:${site}`,
      store,
      post: ({ client_id, text, attachments }) =>
        within<Message>('messages', { client_id, text, attachments: attachments?.map(({ id }) => id) }),
      changed: news,
    }),
    door,
    get state() {
      return followed?.state ?? null;
    },
    get link() {
      return followed?.connection.link ?? null;
    },
    get heard() {
      return followed?.connection.heard ?? 0;
    },
    get refusal() {
      return refusal;
    },
    get loading() {
      return followed !== null && !client.state && !refusal;
    },
    resume,
    wake() {
      followed?.connection.wake();
      client.outbox.wake();
    },
    rest: () => followed?.connection.rest(),
    within,
    act,
    read(seq) {
      const { state } = client;
      if (state) followed!.set({ ...state, read: { ...state.read, visitor: seq } });
      return within('read', { seq }, 'PUT');
    },
    writes: typist((typing) => {
      // Worth nothing a moment later, so a failure is not either.
      if (followed) call(door, 'POST', pathOf(followed.id, 'typing'), { typing }).catch(() => undefined);
    }),
    close,
  };
  return client;
}

function pathOf(id: string, verb: string): string {
  return `/v1/conversations/${id}/${verb}`;
}
