import { Problem } from './http';
import type { Entry, Store } from './store';
import { alone } from './tabs';
import { backoff, newPause, now } from './timing';
import type { Attachment, Message } from './types';
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
  name: string;
  store: Store;
  /** Posts one entry; throws Problem. */
  post: (entry: Entry) => Promise<Message>;
  changed: () => void;
}

export interface Outbox {
  readonly pending: Pending[];
  add: (text: string, attachments?: Attachment[]) => void;
  /** Sends what is stored, also by an earlier page, or by other tabs should they go before it is sent. */
  drain: () => void;
  /** Tries again at once, unless the server asked to wait. */
  wake: () => void;
  /** Forgets acknowledged entries that the conversation now shows. */
  settle: (lastSeq: number) => void;
}

/** A message that has not gone through by then is shown as late. */
const FAILURES_UNTIL_LATE = 2;
const TOO_MANY = 429;

/**
 * Sends messages one after the other, each until it is acknowledged or refused for good. Of a browser's tabs one sends
 * at a time, `name` being their lock; the next takes up what it leaves.
 */
export function openOutbox({ name, store, post, changed }: OutboxOptions): Outbox {
  let pending: Pending[] = [];
  let draining = false;
  let failures = 0;
  /** No attempt before this time: the server has said so. */
  let notBefore = 0;
  const pause = newPause();

  const stored = (): Entry[] => store.read().outbox ?? [];
  const has = (entries: Entry[], { client_id }: Entry): boolean =>
    entries.some((entry) => entry.client_id === client_id);

  const add = (text: string, attachments?: Attachment[]): void => {
    const entry = { client_id: uuid(), text, attachments };
    pending.push({ ...entry, state: 'sending' });
    store.update({ outbox: [...stored(), entry] });
    changed();
    drain();
  };

  const drain = (): void => {
    if (draining || (!stored().length && !next())) return;
    draining = true;
    void alone(name, async () => {
      const left = stored();
      // Another tab has sent some of this one's meanwhile, and others are of a tab that is gone.
      pending = pending.filter((entry) => entry.state === 'refused' || entry.seq || has(left, entry));
      for (const entry of left) if (!has(pending, entry)) pending.push({ ...entry, state: 'sending' });
      for (let entry = next(); entry; entry = next()) await pause.wait(await send(entry));
    }).finally(() => {
      draining = false;
    });
  };

  const next = (): Pending | undefined =>
    pending.find(({ state }) => state === 'sending' || state === 'late');

  /** Returns how long to wait before the next attempt, in milliseconds. */
  const send = async (entry: Pending): Promise<number> => {
    try {
      entry.seq = (await post(entry)).seq;
      failures = 0;
      return done(entry, 'sent');
    } catch (reason) {
      if (!(reason instanceof Problem)) throw reason;
      if (reason.passing) return postpone(entry, reason);
      entry.reason = reason.message;
      return done(entry, 'refused');
    }
  };

  const postpone = (entry: Pending, { status, retryAfter }: Problem): number => {
    failures += 1;
    notBefore = now() + retryAfter;
    entry.wait = status === TOO_MANY ? retryAfter / 1000 : 0;
    if (entry.wait || failures >= FAILURES_UNTIL_LATE) entry.state = 'late';
    changed();
    return retryAfter || backoff(failures);
  };

  const done = (entry: Pending, state: 'sent' | 'refused'): number => {
    entry.state = state;
    store.update({ outbox: stored().filter(({ client_id }) => client_id !== entry.client_id) });
    changed();
    return 0;
  };

  return {
    get pending() {
      return pending;
    },
    add,
    drain,
    wake() {
      if (now() >= notBefore) pause.end();
    },
    settle(lastSeq) {
      pending = pending.filter(({ seq }) => !seq || seq > lastSeq);
    },
  };
}
