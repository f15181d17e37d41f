import { addDelta, addProgress } from './drafts';
import type { Delta, Durable, Ephemeral, Event, Message, Progress, Snapshot } from './types';

/** One conversation as the client knows it: a snapshot kept up to date. Never changed in place. */
export interface State extends Snapshot {
  /** When the staff's last read was heard of; a snapshot does not say. */
  read_at?: string;
  /** Who of the staff is typing. */
  typing?: string[];
  /** Whether somebody of the staff can be reached, once the stream has said so. */
  online?: boolean;
}

/** What has to be fetched before the state is whole again. */
export type Need = 'page' | 'snapshot' | null;

export type Step = [State, Need];

/** A snapshot replaces what is known, except that it never turns time back within one epoch. */
export function fromSnapshot(snapshot: Snapshot, before?: State | null): State {
  if (before?.id !== snapshot.id || before.epoch !== snapshot.epoch) return snapshot;
  if (before.last_seq > snapshot.last_seq) return before;
  return { ...before, ...snapshot, messages: snapshot.messages.map((message) => merged(before, message)) };
}

/** The state after an event, and what is missing if the event shows that something is. */
export function apply(state: State, event: Event): Step {
  if (!('seq' in event)) return hear(state, event);
  const steps = event.seq - state.last_seq;
  if (steps > 1) return [state, 'page'];
  return [steps < 1 ? state : { ...state, last_seq: event.seq, ...change(state, event) }, null];
}

function hear(state: State, event: Ephemeral): Step {
  switch (event.kind) {
    case 'ready': {
      // Who types now is said after it. A head behind ours: the server was restored from an older copy.
      const ahead = event.data.head - state.last_seq;
      return [{ ...state, typing: [] }, ahead > 0 ? 'page' : ahead ? 'snapshot' : null];
    }
    case 'reset':
      return [state, 'snapshot'];
    case 'answer.delta':
      return write(state, event.data, addDelta);
    case 'answer.progress':
      return write(state, event.data, addProgress);
    case 'typing':
      return [{ ...state, typing: event.data.names }, null];
    case 'presence':
      return [{ ...state, online: event.data.online }, null];
    default:
      return [state, null];
  }
}

/** Lets an answer grow. What is said of one that is finished, or that is not known here, is of no use any more. */
function write<News extends Delta | Progress>(
  state: State,
  news: News,
  grow: (message: Message, news: News) => Message | null,
): Step {
  const { message: id, attempt } = news;
  const message = state.messages.find((known) => known.id === id);
  if (!message || attempt < message.attempt) return [state, null];
  if (attempt === message.attempt && message.state !== 'streaming') return [state, null];
  const grown = grow({ ...message, state: 'streaming' }, news);
  return grown ? [{ ...state, messages: placed(state.messages, grown) }, null] : [state, 'snapshot'];
}

function change(state: State, event: Durable): Partial<State> {
  switch (event.kind) {
    case 'message.posted':
    case 'message.updated':
      return { messages: placed(state.messages, merged(state, event.data)) };
    case 'conversation.updated':
      return event.data;
    case 'read.updated':
      return readUpTo(state, event.data, event.at);
    default:
      // A kind of a later version: its seq counts, its content does not concern this client.
      return {};
  }
}

function readUpTo(
  { read }: State,
  { by, seq }: { by: 'visitor' | 'staff'; seq: number },
  at: string,
): Partial<State> {
  if (seq <= read[by]) return {};
  return { read: { ...read, [by]: seq }, ...(by === 'staff' && { read_at: at }) };
}

function placed(messages: Message[], message: Message): Message[] {
  if (!messages.some(({ id }) => id === message.id)) return [...messages, message];
  return messages.map((known) => (known.id === message.id ? message : known));
}

/** The server's message; but of an answer that is still growing, the text that is longer. */
function merged({ messages }: State, message: Message): Message {
  const known = messages.find(({ id }) => id === message.id);
  const ahead =
    known?.state === 'streaming' &&
    message.state === 'streaming' &&
    known.attempt === message.attempt &&
    known.text.length > message.text.length;
  return ahead ? { ...message, text: known.text, pages: known.pages } : message;
}
