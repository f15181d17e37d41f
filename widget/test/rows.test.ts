import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Row, rowsOf, spoken } from '../src/panel/rows';
import type { View } from '../src/panel/view';
import type { Pending } from '../src/stream';
import type { Message, Snapshot } from '../src/stream/types';
import { message, snapshot } from './factories';

const SITE = {
  name: 'Shop',
  organisation: 'Northwind',
  greeting: '',
  intro: '',
  starters: [],
  accent: null,
  privacy_url: null,
  attachment_limit: 1,
  availability: { online: false },
};

const QUESTION = message(1, { author: { kind: 'visitor', name: null }, client_id: 'q1', text: 'Refund?' });
const BROKEN = message(2, { state: 'interrupted', text: 'Half an ans' });
const EMPTY = message(2, { state: 'interrupted' });
const ASKED = message(3, {
  author: { kind: 'system', name: null },
  notice: { kind: 'handoff_requested' },
});

function rows(messages: Message[], status: Snapshot['status'] = 'bot', change: Partial<View> = {}): Row[] {
  const state = snapshot({ status, messages, last_seq: messages.length });
  const view = {
    site: SITE,
    state,
    messages,
    status,
    pending: [],
    link: 'live',
    heard: 0,
    online: false,
    trouble: '',
  } as const;
  return rowsOf({ ...view, ...change });
}

const kinds = (found: Row[]): string[] => found.map(({ kind }) => kind);

function offers(found: Row[]): string[] {
  return found.flatMap((row) => (row.kind === 'answer' ? row.offer : []));
}

test('an interrupted answer can be written again while it is the last and the conversation is the bot’s', () => {
  assert.deepEqual(offers(rows([QUESTION, BROKEN])), ['again']);
  assert.deepEqual(offers(rows([QUESTION, EMPTY])), ['again']);
  for (const status of ['waiting', 'human', 'resolved'] as const)
    assert.deepEqual(offers(rows([QUESTION, BROKEN], status)), ['']);
  const next = message(3, { author: { kind: 'visitor', name: null }, text: 'Hello?' });
  assert.deepEqual(offers(rows([QUESTION, BROKEN, next, message(4, { text: 'Yes.' })])), ['', '']);
});

test('an interrupted answer without a word that cannot be written again is not shown', () => {
  for (const status of ['waiting', 'human', 'resolved'] as const)
    assert.deepEqual(kinds(rows([QUESTION, EMPTY, ASKED], status)).slice(0, 2), ['me', 'notice']);
  const reply = message(3, { author: { kind: 'agent', name: 'Maya' }, text: 'I am here.' });
  assert.deepEqual(kinds(rows([QUESTION, EMPTY, reply])), ['me', 'them']);
});

test('a person is offered where the bot does not know, until one was asked', () => {
  const unknown = message(2, { outcome: 'unknown', text: 'I do not know.' });
  assert.deepEqual(offers(rows([QUESTION, unknown])), ['person']);
  assert.deepEqual(offers(rows([QUESTION, unknown, ASKED], 'waiting')), ['']);
});

test('nobody there: an address is asked for once, and once the site is known', () => {
  const waiting = (messages: Message[], change: Partial<View> = {}): Row | undefined =>
    rows(messages, 'waiting', change).find(({ kind }) => kind === 'waiting');
  assert.deepEqual(waiting([QUESTION, ASKED]), { kind: 'waiting', key: 'waiting', form: true });
  assert.deepEqual(waiting([QUESTION, ASKED], { online: true }), {
    kind: 'waiting',
    key: 'waiting',
    form: false,
  });
  assert.equal(waiting([QUESTION, ASKED], { site: null }), undefined);
  const left = message(4, {
    author: { kind: 'system', name: null },
    notice: { kind: 'contact_left', name: 'maya@example.org' },
  });
  const found = rows([QUESTION, ASKED, left], 'waiting');
  assert.deepEqual(kinds(found), ['me', 'notice', 'notice']);
  assert.match((found.at(-1) as { text: string }).text, /^We will write to maya@example\.org/);
  const askedAgain = { ...ASKED, id: 'm5', seq: 5 };
  assert.ok(waiting([QUESTION, ASKED, left, askedAgain]));
});

test('what is on its way says how it stands, and can be urged unless the server asked to wait', () => {
  const stands = (change: Partial<Pending>): (string | boolean)[] => {
    const entry: Pending = { client_id: 'p1', text: 'Hello', state: 'sending', ...change };
    const row = rows([QUESTION], 'human', { pending: [entry] }).at(-1)!;
    return row.kind === 'me' ? [row.note, row.urge!] : [];
  };
  assert.deepEqual(stands({}), ['Sending…', false]);
  assert.deepEqual(stands({ state: 'late' }), ['Not sent yet.', true]);
  assert.deepEqual(stands({ state: 'late', wait: 40 }), [
    'Too many messages at once. Sent within 40 s.',
    false,
  ]);
  assert.deepEqual(stands({ state: 'refused', reason: 'Too long.' }), ['Too long.', false]);
});

test('a file without a word is spoken of by its name', () => {
  const attachments = [{ id: 'f1', name: 'label.pdf', type: 'application/pdf', size: 9 }];
  const file = message(1, { author: { kind: 'agent', name: 'Maya' }, attachments });
  assert.deepEqual(rows([file], 'human').map(spoken), ['Maya: label.pdf']);
});

test('a question that waits for its answer has the shape of one beneath it', () => {
  const awaited = rows([QUESTION]).at(-1)!;
  assert.ok(awaited.kind === 'answer' && awaited.message.state === 'streaming');
  assert.deepEqual(kinds(rows([QUESTION], 'human')), ['me']);
});

test('who joins is told; a notice of a later version is shown in its own words, and never as an empty line', () => {
  const notice = (seq: number, kind: string, change: Partial<Message> = {}): Message =>
    message(seq, { author: { kind: 'system', name: null }, notice: { kind, name: 'Maya' }, ...change });
  const found = rows(
    [
      notice(1, 'transferred'),
      notice(2, 'returned_to_queue'),
      notice(3, 'translated', { text: 'In English now' }),
    ],
    'human',
  );
  const texts = found.map((row) => ('text' in row ? row.text : ''));
  assert.equal(texts.length, 3);
  assert.match(texts[0]!, /^Maya joined · /);
  assert.match(texts[1]!, /^Waiting for a person · /);
  assert.match(texts[2]!, /^In English now · /);
});

test('the visitor’s last message says that it has come to people, and when they have read it', () => {
  const notes = (change: Partial<Snapshot> & { read_at?: string }): string[] => {
    const messages = [QUESTION, { ...QUESTION, id: 'm2', seq: 2, client_id: 'q2' }];
    const state = snapshot({ messages, status: 'human', last_seq: 2, ...change });
    const found = rows(messages, state.status, { state });
    return found.flatMap((row) => (row.kind === 'me' ? row.note : []));
  };
  assert.deepEqual(notes({}), ['', '✓ Delivered']);
  assert.deepEqual(notes({ status: 'bot' }), ['', '']);
  assert.deepEqual(notes({ read: { visitor: 0, staff: 1 } }), ['', '✓ Delivered']);
  assert.deepEqual(notes({ read: { visitor: 0, staff: 2 } }), ['', '✓✓ Read']);
  const read = notes({ read: { visitor: 0, staff: 2 }, read_at: '2026-01-01T10:02:00Z' });
  assert.match(read[1]!, /^✓✓ Read \d+:02/);
});

test('what an agent has changed says so, and what was taken away leaves its place', () => {
  const said = { author: { kind: 'agent', name: 'Maya' }, text: 'At ten.' } as const;
  const edited = message(1, { ...said, edited_at: '2026-01-01T10:00:00Z' });
  const deleted = message(2, { ...said, text: '', deleted_at: '2026-01-01T10:00:00Z' });
  const [first, second] = rows([edited, deleted], 'human');
  assert.ok(first!.kind === 'them' && first!.note === 'Edited');
  assert.ok(second!.kind === 'notice' && second!.text.startsWith('Deleted · '));
});

test('who types is shown last, and only while the stream would tell that they have stopped', () => {
  const state = {
    ...snapshot({ status: 'human' as const, messages: [QUESTION] }),
    typing: ['Maya', 'Jonas'],
  };
  const last = (change: Partial<View>): Row => rows([QUESTION], 'human', { state, ...change }).at(-1)!;
  assert.deepEqual(last({}), { kind: 'typing', key: 'typing', text: 'Maya, Jonas is typing…' });
  for (const link of ['connecting', 'polling', 'offline'] as const) assert.equal(last({ link }).kind, 'me');
});
