/** The shapes of the public contract, as the server sends them. Times are RFC 3339. */

export type Status = 'bot' | 'waiting' | 'human' | 'resolved';

export interface Source {
  n: number;
  title: string;
  place: string | null;
  url: string | null;
  passage: string;
}

export interface Attachment {
  id: string;
  name: string;
  type: string;
  /** In bytes. */
  size: number;
}

export interface Notice {
  kind: string;
  name?: string | null;
}

export interface Message {
  id: string;
  seq: number;
  client_id: string | null;
  author: { kind: 'visitor' | 'bot' | 'agent' | 'system'; name: string | null };
  text: string;
  state: 'complete' | 'streaming' | 'interrupted';
  attempt: number;
  /** How many pages are being read for it; known from the stream alone. */
  pages?: number | undefined;
  outcome: 'answered' | 'unknown' | 'chat' | null;
  sources: Source[];
  /** Missing in what a server of an earlier version has said. */
  attachments?: Attachment[];
  notice: Notice | null;
  feedback: 'up' | 'down' | null;
  /** When its text was last changed, by who wrote it. */
  edited_at?: string | null;
  /** When its text was taken away, by who wrote it or an admin. */
  deleted_at?: string | null;
  created_at: string;
}

export interface Read {
  visitor: number;
  staff: number;
}

export interface Assignee {
  name: string;
}

export interface Snapshot {
  id: string;
  status: Status;
  assignee: Assignee | null;
  epoch: string;
  last_seq: number;
  read: Read;
  messages: Message[];
}

/** Whether people are there. */
export interface Availability {
  online: boolean;
}

/** How a site presents itself. */
export interface Site {
  name: string;
  organisation: string;
  greeting: string;
  intro: string;
  starters: string[];
  accent: string | null;
  privacy_url: string | null;
  /** The largest file that is taken, in bytes. */
  attachment_limit: number;
  availability: Availability;
}

export interface Handoff {
  status: Status;
  assignee: Assignee | null;
  availability: Availability;
}

export interface Delta {
  message: string;
  attempt: number;
  /** Where `text` begins, counted in Unicode code points from the start of the answer. */
  offset: number;
  text: string;
}

export interface Progress {
  message: string;
  attempt: number;
  pages: number;
}

/** Durable events carry a seq without gaps. */
export type Durable = { seq: number; at: string } & (
  | { kind: 'message.posted' | 'message.updated'; data: Message }
  | { kind: 'conversation.updated'; data: { status: Status; assignee: Assignee | null } }
  | { kind: 'read.updated'; data: { by: 'visitor' | 'staff'; seq: number } }
);

/** Ephemeral events may be lost: everything they say is also in a snapshot. */
export type Ephemeral =
  | { kind: 'ready'; data: { head: number } }
  | { kind: 'reset' }
  | { kind: 'answer.delta'; data: Delta }
  | { kind: 'answer.progress'; data: Progress }
  /** Everybody of the other side who types now. */
  | { kind: 'typing'; data: { names: string[] } }
  | { kind: 'presence'; data: Availability }
  | { kind: 'reconnect'; data: { after_ms: number } }
  /** From another tab of this browser, never from the server. */
  | { kind: 'snapshot'; data: Snapshot };

export type Event = Durable | Ephemeral;

export interface Page {
  events: Event[];
  head: number;
  epoch: string;
  more: boolean;
}
