import { timing } from './timing';
import type { Event } from './types';

export type Link = 'connecting' | 'live' | 'polling' | 'offline';

/** What one tab tells the others: how the link is, which only the leader knows, and what has happened. */
export type Told = [link: Link | undefined, events: Event[]];

export interface Role {
  /** Holds the stream until told to stop. */
  lead: (term: AbortSignal) => void;
  hear: (told: Told) => void;
  /** Another tab has come, or has been away: the leader is to say how things stand. */
  greet: () => void;
}

export interface Tabs {
  readonly leads: boolean;
  tell: (told: Told) => void;
  /** Stands for leader, and asks whether there is one. */
  enter: () => void;
  /** Gives up what this tab holds, until it enters again: it may stand still from now on. */
  rest: () => void;
  close: () => void;
}

const HELLO = 0;

/** The browser's locks, by which its tabs agree. Plain http pages and sandboxes have none. */
export function locksHere(): LockManager | undefined {
  return origin === 'null' ? undefined : navigator.locks;
}

/** Does something while no other tab does what is called the same. */
export async function alone(name: string, work: () => Promise<void>): Promise<void> {
  await (locksHere()?.request(name, work) ?? work());
}

/**
 * Of a browser's tabs, one leads and the others hear what it says. The browser's locks elect it, so that the next one
 * leads as soon as it closes; from one that says nothing any more the office is taken away. Where the browser has no
 * locks, each tab leads itself.
 */
export function tabs(name: string, { lead, hear, greet }: Role): Tabs {
  const locks = locksHere();
  const channel = locks && new BroadcastChannel(name);
  let term: AbortController | null = null;
  let leads = false;
  let patience: ReturnType<typeof setTimeout> | undefined;

  const rest = (): void => {
    clearTimeout(patience);
    leads = false;
    term?.abort();
    term = null;
  };
  const stand = (steal = false): void => {
    rest();
    const { signal } = (term = new AbortController());
    const serve = (): Promise<void> => {
      clearTimeout(patience);
      leads = true;
      lead(signal);
      return new Promise((done) => signal.addEventListener('abort', () => done()));
    };
    if (!locks) return void serve();
    locks.request(name, steal ? { steal } : { signal }, serve).catch(() => {
      if (term?.signal !== signal) return;
      // Another tab has taken over.
      rest();
      enter();
    });
  };
  /** Who hears nothing for so long leads; not all in step. */
  const awaitWord = (ms: number): void => {
    clearTimeout(patience);
    patience = setTimeout(() => stand(true), ms * (1 + Math.random() / 2));
  };
  const enter = (): void => {
    if (!term) stand();
    if (!channel || leads) return;
    channel.postMessage(HELLO);
    awaitWord(timing.answer);
  };
  if (channel)
    channel.onmessage = ({ data }: MessageEvent<Told | typeof HELLO>) => {
      if (!term) return;
      if (data === HELLO) return void (leads && greet());
      if (data[0] && !leads) awaitWord(timing.silence);
      hear(data);
    };
  return {
    get leads() {
      return leads;
    },
    tell(told) {
      if (term) channel?.postMessage(told);
    },
    enter,
    rest,
    close() {
      rest();
      channel?.close();
    },
  };
}
