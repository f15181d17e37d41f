import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { perFrame } from '../src/stream/frames';
import { backoff, timing } from '../src/stream/timing';
import { typist } from '../src/stream/typing';
import { onWake } from '../src/stream/wake';

/** When things happen: what the client library does by the clock, the frame, and the page's comings and goings. */
let time = 0;

beforeEach(() => {
  time = 10_000;
  mock.timers.enable({ apis: ['setTimeout'] });
  mock.method(performance, 'now', () => time);
});

afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
});

function pass(ms: number): void {
  time += ms;
  mock.timers.tick(ms);
}

test('who writes says so at once, every two seconds while they do, and once more when they stop', () => {
  const said: boolean[] = [];
  const write = typist((typing) => void said.push(typing));
  write(false);
  assert.deepEqual(said, []);
  for (let key = 0; key < 45; key += 1) {
    write(true);
    pass(100);
  }
  assert.deepEqual(said, [true, true, true]);
  write(false);
  write(false);
  assert.deepEqual(said, [true, true, true, false]);
});

test('who has not touched a key for a while has stopped', () => {
  const said: [boolean, string][] = [];
  const write = typist<string>((typing, where) => void said.push([typing, where]));
  write(true, 'here');
  pass(3_900);
  assert.deepEqual(said, [[true, 'here']]);
  pass(200);
  assert.deepEqual(said, [
    [true, 'here'],
    [false, 'here'],
  ]);
  write(true, 'here');
  assert.equal(said.length, 3);
});

test('reconnecting waits anywhere between nothing and a ceiling that doubles', () => {
  const random = mock.method(Math, 'random', () => 0);
  assert.equal(backoff(9), 0);
  random.mock.mockImplementation(() => 1);
  const ceilings = [1, 2, 3, 4, 5, 6, 7, 8, 20].map(backoff);
  assert.deepEqual(ceilings, [
    500,
    1_000,
    2_000,
    4_000,
    8_000,
    16_000,
    30_000,
    30_000,
    timing.backoffLongest,
  ]);
});

test('however much happens, it is drawn once a frame, and without frames soon', () => {
  const frames: (() => void)[] = [];
  Object.assign(globalThis, { requestAnimationFrame: (draw: () => void) => frames.push(draw) });
  let drawn = 0;
  const changed = perFrame(() => (drawn += 1));
  for (let event = 0; event < 50; event += 1) changed();
  assert.equal(drawn, 0);
  assert.equal(frames.length, 1);
  frames.pop()!();
  assert.equal(drawn, 1);
  pass(1_000);
  assert.equal(drawn, 1);
  changed();
  // A hidden page has no frames.
  pass(200);
  assert.equal(drawn, 2);
});

test('what happens while it is drawn is drawn with the next frame', () => {
  const frames: (() => void)[] = [];
  Object.assign(globalThis, { requestAnimationFrame: (draw: () => void) => frames.push(draw) });
  let drawn = 0;
  const changed = perFrame(() => {
    drawn += 1;
    if (drawn === 1) changed();
  });
  changed();
  frames.shift()!();
  frames.shift()!();
  assert.equal(drawn, 2);
});

test('it wakes when the network or the page comes back, and rests when the page is put away', () => {
  const page = new EventTarget() as EventTarget & { hidden: boolean };
  const window = new EventTarget();
  Object.assign(globalThis, { document: page, addEventListener: window.addEventListener.bind(window) });
  const heard: string[] = [];
  onWake(
    () => heard.push('wake'),
    () => heard.push('rest'),
  );
  const after = (target: EventTarget, name: string): string => {
    heard.length = 0;
    target.dispatchEvent(new Event(name));
    return heard.join();
  };
  for (const name of ['online', 'pageshow']) assert.equal(after(window, name), 'wake', name);
  assert.equal(after(window, 'pagehide'), 'rest');
  assert.equal(after(page, 'resume'), 'wake');
  assert.equal(after(page, 'freeze'), 'rest');
  page.hidden = false;
  assert.equal(after(page, 'visibilitychange'), 'wake');
  page.hidden = true;
  assert.equal(after(page, 'visibilitychange'), '');
});
