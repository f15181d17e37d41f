import { type Message, type Pending, type State } from '../stream';
import { fill } from './fill';
import { type View, clock } from './view';
import { words } from './words';

interface Keyed {
  /** Stays the same from a message's first appearance here to its last. */
  key: string;
}

/** What a person says: the visitor (`me`), or an agent (`them`). */
export interface SaidRow extends Keyed {
  kind: 'me' | 'them';
  name: string;
  text: string;
  /** Whether the name stands above it: the first of several in a row. */
  named: boolean;
  /** What became of it. */
  note: string;
  /** Whether it is on its way for longer than it should be, or was refused for good. */
  state: Pending['state'];
}

export interface AnswerRow extends Keyed {
  kind: 'answer';
  name: string;
  message: Message;
  /** Whether a person can be offered: the bot does not know, and nobody has been asked yet. */
  offer: boolean;
}

export interface NoticeRow extends Keyed {
  kind: 'notice';
  text: string;
}

export interface ThinkingRow extends Keyed {
  kind: 'thinking';
  name: string;
}

export interface WaitingRow extends Keyed {
  kind: 'waiting';
  form: boolean;
}

export type Row = SaidRow | AnswerRow | NoticeRow | ThinkingRow | WaitingRow;

const NOTICES: Record<string, string> = {
  handoff_requested: words.requested,
  claimed: words.claimed,
  handed_back: words.handedBack,
  resolved: words.resolved,
  reopened: words.reopened,
  contact_left: words.contactLeft,
};

/** The conversation as a list of rows, oldest first: what is stored, then what is on its way, then what is awaited. */
export function rowsOf(view: View): Row[] {
  const { state, pending } = view;
  const messages = state?.messages ?? [];
  return [
    ...messages.map((message, index) => rowOf(message, messages[index - 1], view)),
    ...pending
      .filter((entry) => !messages.some(({ client_id }) => client_id === entry.client_id))
      .map(pendingRow),
    ...awaited(view),
  ];
}

function rowOf(message: Message, before: Message | undefined, view: View): Row {
  const { author, client_id, id, text } = message;
  const { kind } = author;
  const name = author.name ?? '';
  const state = view.state!;
  const key = kind === 'visitor' ? client_id || id : id;
  if (kind === 'system') return { kind: 'notice', key, text: noticeText(message) };
  if (kind === 'bot') {
    const offer = message.outcome === 'unknown' && state.status === 'bot';
    return { kind: 'answer', key, name: assistant(view), message, offer };
  }
  const named = before?.author.kind !== kind || before.author.name !== name;
  const note = kind === 'visitor' ? readNote(message, state) : '';
  return {
    kind: kind === 'visitor' ? 'me' : 'them',
    key,
    name,
    text,
    named,
    note,
    state: 'sent',
  };
}

/** Under the visitor's last message, once the staff have read it. */
function readNote({ seq }: Message, { messages, read, read_at }: State): string {
  const later = messages.some((known) => known.author.kind === 'visitor' && known.seq > seq);
  if (later || read.staff < seq) return '';
  return fill(words.read, read_at ? clock(read_at) : '').trim();
}

/** A kind of a later version is shown as the server wrote it. */
function noticeText({ notice, author, text, created_at }: Message): string {
  const told = NOTICES[notice?.kind ?? ''] ?? text;
  return `${fill(told, notice?.name || author.name || '')} · ${clock(created_at)}`;
}

function pendingRow({ client_id, text, state, reason }: Pending): SaidRow {
  const note = { sending: words.sending, late: words.notSent, refused: reason ?? '', sent: '' }[state];
  return { kind: 'me', key: client_id, name: '', text, named: true, note, state };
}

/** What comes next: an answer, or a person; nothing, once an address was left. */
function awaited(view: View): Row[] {
  const { state, pending, online } = view;
  const messages = state?.messages ?? [];
  const status = state?.status ?? 'bot';
  if (status === 'waiting' && !addressed(messages))
    return [{ kind: 'waiting', key: 'waiting', form: !online }];
  const asked = pending.length
    ? pending.at(-1)!.state === 'sent'
    : messages.at(-1)?.author.kind === 'visitor';
  return asked && status === 'bot' ? [{ kind: 'thinking', key: 'thinking', name: assistant(view) }] : [];
}

/** The bot goes by one name, in the visitor's language, from its first sign on. */
function assistant({ site }: View): string {
  return fill(words.assistant, site?.organisation ?? '').trim();
}

/** Whether an address was left since a person was last asked for. */
function addressed(messages: Message[]): boolean {
  const kinds = messages.map(({ notice }) => notice?.kind);
  return kinds.lastIndexOf('contact_left') > kinds.lastIndexOf('handoff_requested');
}

/** What is read out of a row when it is whole: never a piece of it. */
export function spoken(row: Row): string {
  if (row.kind === 'notice') return row.text;
  if (row.kind === 'them') return `${row.name}: ${row.text}`;
  if (row.kind !== 'answer' || isGrowing(row)) return '';
  return `${row.name}: ${row.message.text}`;
}

/** Whether more of an answer is to come. */
export function isGrowing(row: Row): boolean {
  return row.kind === 'thinking' || (row.kind === 'answer' && row.message.state === 'streaming');
}
