import type { Durable, Message, Snapshot } from '../src/stream/types';

export function message(seq: number, change: Partial<Message> = {}): Message {
  return {
    id: `m${seq}`,
    seq,
    client_id: null,
    author: { kind: 'bot', name: 'Assistant' },
    text: '',
    state: 'complete',
    attempt: 1,
    outcome: null,
    sources: [],
    notice: null,
    feedback: null,
    created_at: '2026-01-01T10:00:00Z',
    ...change,
  };
}

export function snapshot(change: Partial<Snapshot> = {}): Snapshot {
  return {
    id: 'c1',
    status: 'bot',
    assignee: null,
    epoch: 'e1',
    last_seq: 0,
    read: { visitor: 0, staff: 0 },
    messages: [],
    ...change,
  };
}

export function posted(seq: number, change: Partial<Message> = {}): Durable {
  return { kind: 'message.posted', seq, at: '2026-01-01T10:00:00Z', data: message(seq, change) };
}

export function updated(seq: number, data: Message): Durable {
  return { kind: 'message.updated', seq, at: '2026-01-01T10:00:00Z', data };
}

/** Random numbers that are the same in every run of one seed. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
