import type { Link } from './connection';
import { Follow } from './follow';
import { type Door, Problem, call } from './http';
import { Outbox } from './outbox';
import type { State } from './state';
import { type Store, type Stored, openStore } from './store';
import type { Handoff, Message, Snapshot } from './types';
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

const LONGEST_PAGE = 2_000;
const NO_CONVERSATION: Stored = { conversation: undefined, start: undefined };

/** The visitor's side: one session and one conversation, both begun by the first thing that is sent. */
export class Client {
  readonly outbox: Outbox;
  /** Why the conversation cannot be read, other than that it is gone; empty while it can. */
  refusal = '';
  #options: ClientOptions;
  #store: Store;
  #door: Door;
  #follow: Follow | null = null;
  #opening: Promise<string> | null = null;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#store = openStore(options.site);
    this.#door = { base: options.base, token: () => this.#store.read().token };
    this.outbox = new Outbox({
      store: this.#store,
      post: ({ client_id, text }) => this.#within<Message>('POST', 'messages', { client_id, text }),
      changed: options.changed,
    });
  }

  get state(): State | null {
    return this.#follow?.state ?? null;
  }

  get link(): Link | null {
    return this.#follow?.connection.link ?? null;
  }

  /** Whether there is a conversation that has not been read yet. */
  get loading(): boolean {
    return this.#follow !== null && !this.state && !this.refusal;
  }

  /** Takes up what an earlier page left: the conversation, and messages that were not acknowledged. */
  resume(): void {
    const { token, conversation } = this.#store.read();
    if (token && conversation) this.#attend(conversation);
    void this.outbox.drain();
  }

  wake(): void {
    this.#follow?.connection.wake();
    this.outbox.wake();
  }

  handoff(): Promise<Handoff> {
    return this.#within('POST', 'handoff', {});
  }

  contact(email: string, name: string): Promise<void> {
    return this.#within('POST', 'contact', { email, name: name || undefined, client_id: uuid() });
  }

  stop(): Promise<void> {
    return this.#within('POST', 'stop', {});
  }

  retry(message: string): Promise<void> {
    return this.#act('POST', `/v1/messages/${message}/retry`, {});
  }

  feedback(message: string, value: Message['feedback']): Promise<void> {
    return this.#act('PUT', `/v1/messages/${message}/feedback`, { value });
  }

  read(seq: number): Promise<void> {
    const { state } = this;
    if (state) this.#follow!.set({ ...state, read: { ...state.read, visitor: seq } });
    return this.#within('PUT', 'read', { seq });
  }

  close(): void {
    this.#follow?.connection.close();
    this.#follow = null;
    this.refusal = '';
  }

  /** After a change, a client without a stream asks what came of it. */
  async #act<T>(method: string, path: string, body: object): Promise<T> {
    const result = await call<T>(this.#door, method, path, body);
    if (this.link !== 'live') this.#follow?.poll().catch(() => this.wake());
    return result;
  }

  /** Acts within the conversation; if that has gone, once more within a new one. */
  async #within<T>(method: string, verb: string, body: object): Promise<T> {
    const act = (id: string): Promise<T> => this.#act(method, `/v1/conversations/${id}/${verb}`, body);
    const id = await this.#conversation();
    const mark = this.#mark();
    return act(id).catch(async (reason: unknown) => {
      this.#forget(reason, mark);
      return act(await this.#conversation());
    });
  }

  async #conversation(): Promise<string> {
    const { token, conversation } = this.#store.read();
    if (!token || !conversation) {
      return (this.#opening ??= this.#begin().finally(() => {
        this.#opening = null;
      }));
    }
    this.#attend(conversation);
    return conversation;
  }

  async #begin(): Promise<string> {
    const { token, start = uuid() } = this.#store.read();
    const mark = this.#mark();
    if (!token) await this.#session();
    this.#store.update({ start });
    try {
      const snapshot = await call<Snapshot>(this.#door, 'POST', '/v1/conversations', { client_id: start });
      this.#store.update({ conversation: snapshot.id });
      this.#attend(snapshot.id, snapshot);
      return snapshot.id;
    } catch (reason) {
      if (!token) throw reason;
      this.#forget(reason, mark);
      return this.#begin();
    }
  }

  async #session(): Promise<void> {
    const { site, language } = this.#options;
    // Where the visitor asks from, without what queries and fragments may give away.
    const page = location.pathname.slice(0, LONGEST_PAGE);
    const { token } = await call<Stored>(this.#door, 'POST', '/v1/sessions', { site, language, page });
    this.#store.update({ token });
  }

  #attend(id: string, snapshot?: Snapshot): void {
    if (this.#follow?.id === id) return;
    this.close();
    const mark = this.#mark();
    const changed = (): void => {
      this.outbox.settle(this.state?.last_seq ?? 0);
      this.#options.changed();
    };
    this.#follow = new Follow(this.#door, id, changed, (problem) => this.#refused(problem, mark));
    if (snapshot) this.#follow.set(snapshot);
    void this.#follow.connection.run();
  }

  #refused(problem: Problem, mark: string): void {
    try {
      this.#forget(problem, mark);
    } catch {
      this.refusal = problem.message;
    }
    this.#options.changed();
  }

  /** Lets go of a session or conversation that the server no longer knows; throws any other reason again. */
  #forget(reason: unknown, mark: string): void {
    const ended = reason instanceof Problem && reason.status === 401;
    if (!ended && !(reason instanceof Problem && reason.code === 'conversation_unknown')) throw reason;
    // Of several that find out, only the first does it.
    if (this.#mark() !== mark) return;
    this.close();
    this.#store.update({ ...NO_CONVERSATION, ...(ended && { token: undefined }) });
    this.#options.expired();
  }

  /** Tells one session and conversation from the next. */
  #mark(): string {
    const { token, conversation } = this.#store.read();
    return `${token}/${conversation}`;
  }
}
