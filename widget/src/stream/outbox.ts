import { Problem } from './http';
import type { Entry, Store } from './store';
import { Pause, backoff } from './timing';
import type { Message } from './types';
import { uuid } from './uuid';

export interface Pending extends Entry {
  state: 'sending' | 'late' | 'refused' | 'sent';
  /** Why it was refused for good. */
  reason?: string;
  /** Seconds that the server asked to wait, because too much came at once; else 0. */
  wait?: number;
  /** Its place in the conversation once it is acknowledged. */
  seq?: number;
}

export interface OutboxOptions {
  store: Store;
  /** Posts one entry; throws Problem. */
  post: (entry: Entry) => Promise<Message>;
  changed: () => void;
}

/** A message that has not gone through by then is shown as late. */
const FAILURES_UNTIL_LATE = 2;
const TOO_MANY = 429;

/** Sends messages one after the other, each until it is acknowledged or refused for good. */
export class Outbox {
  pending: Pending[];
  #options: OutboxOptions;
  #draining = false;
  #failures = 0;
  /** No attempt before this time: the server has said so. */
  #notBefore = 0;
  #pause = new Pause();

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.pending = (options.store.read().outbox ?? []).map((entry) => ({ ...entry, state: 'sending' }));
  }

  add(text: string): void {
    const entry: Entry = { client_id: uuid(), text };
    this.#keep((outbox) => [...outbox, entry]);
    this.pending.push({ ...entry, state: 'sending' });
    this.#options.changed();
    void this.drain();
  }

  /** Tries again at once, unless the server asked to wait. */
  wake(): void {
    if (Date.now() >= this.#notBefore) this.#pause.end();
  }

  /** Forgets acknowledged entries that the conversation now shows. */
  settle(lastSeq: number): void {
    this.pending = this.pending.filter(({ seq }) => !seq || seq > lastSeq);
  }

  async drain(): Promise<void> {
    if (this.#draining) return;
    this.#draining = true;
    for (let entry = this.#next(); entry; entry = this.#next())
      await this.#pause.for(await this.#send(entry));
    this.#draining = false;
  }

  #next(): Pending | undefined {
    return this.pending.find(({ state }) => state === 'sending' || state === 'late');
  }

  /** Returns how long to wait before the next attempt, in milliseconds. */
  async #send(entry: Pending): Promise<number> {
    try {
      entry.seq = (await this.#options.post(entry)).seq;
      this.#failures = 0;
      return this.#done(entry, 'sent');
    } catch (reason) {
      if (!(reason instanceof Problem)) throw reason;
      if (!reason.passing) {
        entry.reason = reason.message;
        return this.#done(entry, 'refused');
      }
      return this.#postpone(entry, reason);
    }
  }

  #postpone(entry: Pending, { status, retryAfter }: Problem): number {
    this.#failures += 1;
    this.#notBefore = Date.now() + retryAfter;
    entry.wait = status === TOO_MANY ? retryAfter / 1000 : 0;
    if (entry.wait || this.#failures >= FAILURES_UNTIL_LATE) entry.state = 'late';
    this.#options.changed();
    return retryAfter || backoff(this.#failures);
  }

  #done(entry: Pending, state: 'sent' | 'refused'): number {
    entry.state = state;
    this.#keep((outbox) => outbox.filter(({ client_id }) => client_id !== entry.client_id));
    this.#options.changed();
    return 0;
  }

  #keep(change: (outbox: Entry[]) => Entry[]): void {
    const { store } = this.#options;
    store.update({ outbox: change(store.read().outbox ?? []) });
  }
}
