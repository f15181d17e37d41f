import type { Attachment } from './types';

/** A message on its way. It keeps its client_id until the server has acknowledged it, also over reloads. */
export interface Entry {
  client_id: string;
  text: string;
  /** Files that the server has by now. */
  attachments?: Attachment[] | undefined;
}

/** What this browser keeps for a site: nothing before the visitor's first message. */
export interface Stored {
  token?: string | undefined;
  /** The client_id that the conversation is created with, so that a repeated request makes no second one. */
  start?: string | undefined;
  conversation?: string | undefined;
  outbox?: Entry[] | undefined;
}

export interface Store {
  read(): Stored;
  /** Always changes what is stored now, because another tab may have written since. */
  update(change: Stored): void;
}

/** One record in the page's storage; in memory where the browser refuses storage. `changed`: another tab has written. */
export function openStore(site: string, changed: () => void): Store {
  const name = `frontdesk:${site}`;
  addEventListener('storage', ({ key }) => {
    if (key === name) changed();
  });
  let memory: Stored | null = null;
  const read = (): Stored => {
    if (memory) return memory;
    try {
      return JSON.parse(localStorage.getItem(name) ?? '{}') as Stored;
    } catch {
      // Storage is blocked, or what is there is not ours.
      return {};
    }
  };
  const update = (change: Stored): void => {
    const changed = { ...read(), ...change };
    try {
      localStorage.setItem(name, JSON.stringify(changed));
    } catch {
      // The conversation works all the same, but ends with the page.
      memory = changed;
    }
  };
  return { read, update };
}
