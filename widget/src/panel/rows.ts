import { type Attachment, type Message, type Pending, type State } from '../stream';
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
  /** Of an agent. */
  name?: string;
  text: string;
  attachments?: Attachment[] | undefined;
  /** Whether the name stands above it: the first of several in a row. */
  named?: boolean;
  /** What became of it. */
  note: string;
  /** Of what is on its way: whether that takes longer than it should, or was refused for good. */
  state?: Pending['state'];
  /** Whether the visitor may have it sent at once. */
  urge?: boolean;
}

export interface AnswerRow extends Keyed {
  kind: 'answer';
  name: string;
  message: Written;
  offer: Offer;
}

type Written = Pick<Message, 'text' | 'state' | 'sources'> & Partial<Message>;

/** An answer before its first word. */
const NOTHING_YET: Written = { text: '', state: 'streaming', sources: [] };

/** What the visitor is offered with an answer: a person, to have it written again, or nothing. */
export type Offer = 'person' | 'again' | '';

export interface NoticeRow extends Keyed {
  kind: 'notice' | 'typing';
  text: string;
}

export interface WaitingRow extends Keyed {
  kind: 'waiting';
  form: boolean;
}

export type Row = SaidRow | AnswerRow | NoticeRow | WaitingRow;

const NOTICES: Record<string, string> = {
  handoff_requested: words.requested,
  claimed: words.claimed,
  transferred: words.claimed,
  handed_back: words.handedBack,
  returned_to_queue: words.waitingFor,
  resolved: words.resolved,
  reopened: words.reopened,
  contact_left: words.contactLeft,
};

/** The conversation as a list of rows, oldest first: what is stored, then what is on its way, then what is awaited. */
export function rowsOf(view: View): Row[] {
  const { messages, pending } = view;
  return [
    ...messages.flatMap((message, index) =>
      message.author.kind === 'bot'
        ? answerRow(message, messages.slice(index + 1), view)
        : rowOf(message, messages[index - 1], view),
    ),
    ...pending
      .filter((entry) => !messages.some(({ client_id }) => client_id === entry.client_id))
      .map(pendingRow),
    ...awaited(view),
    ...typing(view),
  ];
}

/** No row for an answer that was interrupted before its first word, if it cannot be written again. */
function answerRow(message: Message, later: Message[], view: View): Row[] {
  const offer = offerWith(message, later, view);
  if (message.state === 'interrupted' && !message.text && !offer) return [];
  return [{ kind: 'answer', key: message.id, name: assistant(view), message, offer }];
}

/** Nothing while the conversation is not the bot's; and only the last answer is written again, as on the server. */
function offerWith({ outcome, state }: Message, later: Message[], { status }: View): Offer {
  if (status !== 'bot') return '';
  if (outcome === 'unknown') return 'person';
  const last = later.every(({ author }) => /bot|system/.test(author.kind));
  return state === 'interrupted' && last ? 'again' : '';
}

function rowOf(message: Message, before: Message | undefined, { state }: View): Row | [] {
  const { author, client_id, id, text, attachments } = message;
  if (author.kind === 'system' || message.deleted_at) {
    const told = noticeText(message);
    return told ? { kind: 'notice', key: id, text: told } : [];
  }
  if (author.kind === 'visitor')
    return { kind: 'me', key: client_id || id, text, attachments, note: ticks(message, state!) };
  const name = author.name ?? '';
  const named = before?.author.kind !== 'agent' || before.author.name !== name;
  return {
    kind: 'them',
    key: id,
    name,
    text,
    attachments,
    named,
    note: message.edited_at ? words.edited : '',
  };
}

/** Under the visitor's last message: that it has come to people, and that they have read it. */
function ticks({ seq }: Message, { messages, read, read_at, status }: State): string {
  if (messages.some((known) => known.author.kind === 'visitor' && known.seq > seq)) return '';
  if (read.staff >= seq) return fill(words.read, read_at ? clock(read_at) : '').trim();
  return status === 'bot' ? '' : words.delivered;
}

/** A kind of a later version is shown as the server wrote it, and not at all where it wrote nothing. */
function noticeText({ notice, author, text, created_at, deleted_at }: Message): string {
  const told = deleted_at ? words.deleted : (NOTICES[notice?.kind ?? ''] ?? text);
  return told && `${fill(told, notice?.name || author.name || '')} · ${clock(created_at)}`;
}

function pendingRow({ client_id, text, attachments, state, reason = '', wait }: Pending): SaidRow {
  const late = wait ? fill(words.tooMany, wait) : words.notSent;
  const note = state === 'sending' ? words.sending : state === 'late' ? late : reason;
  const urge = state === 'late' && !wait;
  return { kind: 'me', key: client_id, text, attachments, state, note, urge };
}

/** What comes next: an answer, or a person; nothing, once an address was left. */
function awaited(view: View): Row[] {
  const { messages, status, pending, online, site } = view;
  if (status === 'waiting' && site && !addressed(messages))
    return [{ kind: 'waiting', key: 'waiting', form: !online }];
  const asked = pending.length
    ? pending.at(-1)!.state === 'sent'
    : messages.at(-1)?.author.kind === 'visitor';
  if (!asked || status !== 'bot') return [];
  return [{ kind: 'answer', key: 'next', name: assistant(view), message: NOTHING_YET, offer: '' }];
}

/** Who of the staff is writing, as long as the stream would tell that they have stopped. */
function typing({ state, link }: View): Row[] {
  const names = link === 'live' ? (state?.typing ?? []).join(', ') : '';
  return names ? [{ kind: 'typing', key: 'typing', text: fill(words.typing, names) }] : [];
}

/** The bot goes by one name, in the visitor's language, from its first sign on. */
function assistant({ site }: View): string {
  return fill(words.assistant, site?.organisation ?? '').trim();
}

/** Whether an address was left since a person was last asked for. */
function addressed(messages: readonly Message[]): boolean {
  const kinds = messages.map(({ notice }) => notice?.kind);
  return kinds.lastIndexOf('contact_left') > kinds.lastIndexOf('handoff_requested');
}

/** What is read out of a row when it is whole: never a piece of it. */
export function spoken(row: Row): string {
  if (row.kind === 'notice') return row.text;
  if (row.kind === 'them') return `${row.name}: ${row.text || row.attachments?.[0]?.name}`;
  if (row.kind !== 'answer' || isGrowing(row)) return '';
  return `${row.name}: ${row.message.text}`;
}

/** Whether more of an answer is to come. */
export function isGrowing(row: Row): boolean {
  return row.kind === 'answer' && row.message.state === 'streaming';
}
