import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Need, type State, apply, fromSnapshot } from '../src/stream/state';
import type { Durable, Event, Message } from '../src/stream/types';
import { message, posted, seeded, snapshot, updated } from './factories';

function after(state: State, ...events: Event[]): State {
  return events.reduce((known, event) => apply(known, event)[0], state);
}

function needOf(state: State, event: Event): Need {
  return apply(state, event)[1];
}

test('an event is applied once, in order, and a gap asks for the page', () => {
  const state = after(snapshot(), posted(1));
  assert.equal(state.last_seq, 1);
  assert.deepEqual(apply(state, posted(1)), [state, null]);
  assert.deepEqual(apply(state, posted(3)), [state, 'page']);
});

test('a kind of a later version counts but changes nothing else', () => {
  const strange = { kind: 'conversation.painted', seq: 1, at: '', data: {} } as unknown as Event;
  assert.deepEqual(after(snapshot(), strange), snapshot({ last_seq: 1 }));
  const fleeting = { kind: 'waving', data: {} } as unknown as Event;
  assert.deepEqual(apply(snapshot(), fleeting), [snapshot(), null]);
});

test('ready tells what is missing, and reset always asks for the snapshot', () => {
  const state = snapshot({ last_seq: 4 });
  assert.equal(needOf(state, { kind: 'ready', data: { head: 4 } }), null);
  assert.equal(needOf(state, { kind: 'ready', data: { head: 6 } }), 'page');
  assert.equal(needOf(state, { kind: 'ready', data: { head: 2 } }), 'snapshot');
  assert.equal(needOf(state, { kind: 'reset' }), 'snapshot');
});

test('a late snapshot does not turn time back, one of another epoch does', () => {
  const state = after(snapshot(), posted(1), posted(2));
  assert.equal(fromSnapshot(snapshot({ last_seq: 1 }), state), state);
  const restored = snapshot({ epoch: 'e2', last_seq: 1 });
  assert.deepEqual(fromSnapshot(restored, state), restored);
});

test('who types is told anew by each stream', () => {
  const state = after(snapshot(), posted(1), { kind: 'typing', data: { names: ['Ada', 'Ben'] } });
  assert.deepEqual(state.typing, ['Ada', 'Ben']);
  assert.deepEqual(after(state, { kind: 'ready', data: { head: 1 } }).typing, []);
});

test('who is there is as last told, also after a snapshot', () => {
  const state = after(snapshot(), { kind: 'presence', data: { online: true } });
  assert.equal(fromSnapshot(snapshot({ last_seq: 3 }), state).online, true);
  assert.equal(after(state, { kind: 'presence', data: { online: false } }).online, false);
});

test('reading moves forward only, and the time of the staff is kept', () => {
  const read = (seq: number, upTo: number): Event => ({
    kind: 'read.updated',
    seq,
    at: `2026-01-01T10:0${seq}:00Z`,
    data: { by: 'staff', seq: upTo },
  });
  const state = after(snapshot(), posted(1), read(2, 1), read(3, 0));
  assert.deepEqual(state.read, { visitor: 0, staff: 1 });
  assert.equal(state.read_at, '2026-01-01T10:02:00Z');
});

const delta = (offset: number, text: string, attempt = 1): Event => ({
  kind: 'answer.delta',
  data: { message: 'm1', attempt, offset, text },
});

function answering(change: Partial<Message> = {}): State {
  return after(snapshot(), posted(1, { state: 'streaming', ...change }));
}

test('deltas are laid at their offsets: equal appends, less skips the overlap, more asks for the snapshot', () => {
  const state = after(
    answering(),
    delta(0, 'Hello'),
    delta(5, ' wor'),
    delta(3, 'lo world'),
    delta(0, 'Hel'),
  );
  assert.equal(state.messages[0]!.text, 'Hello world');
  assert.deepEqual(apply(state, delta(99, 'x')), [state, 'snapshot']);
});

test('offsets count code points', () => {
  const state = after(answering(), delta(0, 'a😀b'), delta(2, 'bç'), delta(4, '🎉'));
  assert.equal(state.messages[0]!.text, 'a😀bç🎉');
});

test('a higher attempt begins the text anew, a lower one is not heard', () => {
  const state = after(answering(), delta(0, 'first'), delta(0, 'second', 2), delta(5, 'first'));
  assert.equal(state.messages[0]!.text, 'second');
  assert.equal(state.messages[0]!.attempt, 2);
});

test('what is said of a finished or an unknown answer is of no use', () => {
  const state = after(snapshot(), posted(1, { text: 'done' }));
  assert.deepEqual(apply(state, delta(0, 'late')), [state, null]);
  assert.deepEqual(apply(snapshot(), delta(7, 'early')), [snapshot(), null]);
});

test('an interrupted answer that is tried again streams from its beginning', () => {
  const broken = message(1, { state: 'interrupted', text: 'half' });
  const again = after(
    snapshot({ messages: [broken], last_seq: 2 }),
    updated(3, { ...broken, state: 'streaming', attempt: 2, text: '' }),
    delta(0, 'whole', 2),
  );
  assert.equal(again.messages[0]!.text, 'whole');
  assert.equal(again.messages[0]!.state, 'streaming');
});

test('a checkpoint or snapshot behind the stream does not shorten the answer; its end replaces it', () => {
  const heard = after(answering(), delta(0, 'one two three'));
  const checkpoint = after(heard, updated(2, message(1, { state: 'streaming', text: 'one' })));
  assert.equal(checkpoint.messages[0]!.text, 'one two three');
  const fetched = fromSnapshot(
    snapshot({ last_seq: 2, messages: [message(1, { state: 'streaming', text: 'one two' })] }),
    checkpoint,
  );
  assert.equal(fetched.messages[0]!.text, 'one two three');
  const whole = after(fetched, updated(3, message(1, { text: 'one.' })));
  assert.equal(whole.messages[0]!.text, 'one.');
});

/** What a server would do with its events: the snapshot after each of them. */
function history(random: () => number, length: number): { events: Durable[]; snapshots: State[] } {
  const events: Durable[] = [];
  const snapshots: State[] = [snapshot()];
  for (let seq = 1; seq <= length; seq += 1) {
    const event = anyEvent(seq, snapshots.at(-1)!, random);
    events.push(event);
    snapshots.push(after(snapshots.at(-1)!, event));
  }
  return { events, snapshots };
}

function anyEvent(seq: number, { messages }: State, random: () => number): Durable {
  const at = '2026-01-01T10:00:00Z';
  const known = messages[Math.floor(random() * messages.length)];
  const kind = Math.floor(random() * 4);
  if (kind === 1 && known) return updated(seq, { ...known, text: `${known.text}+${seq}`, state: 'complete' });
  if (kind === 2)
    return {
      kind: 'conversation.updated',
      seq,
      at,
      data: { status: 'human', assignee: { name: `A${seq}` } },
    };
  if (kind === 3)
    return { kind: 'read.updated', seq, at, data: { by: random() < 0.5 ? 'staff' : 'visitor', seq } };
  return posted(seq, { text: `t${seq}`, state: random() < 0.3 ? 'streaming' : 'complete' });
}

test('a stale snapshot and the events since equal a fresh one, however they are doubled, lost and disordered', () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const random = seeded(seed);
    const { events, snapshots } = history(random, 30);
    let state = fromSnapshot(snapshots[Math.floor(random() * 30)]!);
    const noise = Array.from({ length: 60 }, () => events[Math.floor(random() * events.length)]!);
    for (const event of [...noise, ...events.slice(-1)]) {
      const [next, need] = apply(state, event);
      state = next;
      // The page: everything after what is known, as the server would answer it.
      if (need === 'page') state = after(state, ...events.filter(({ seq }) => seq > state.last_seq));
    }
    const { read_at: _, ...known } = state;
    const { read_at: __, ...fresh } = snapshots.at(-1)!;
    assert.deepEqual(known, fresh, `seed ${seed}`);
  }
});
