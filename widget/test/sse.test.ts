import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Frame, sseParser } from '../src/stream/sse';

const STREAM =
  ': ping\n\nid: e1:7\nevent: message.posted\ndata: {"seq":7}\n\nevent: ready\r\ndata: {"head":7}\r\n\r\ndata: a\ndata:  b\n\n';

function parsed(pieces: string[]): Frame[] {
  const frames: Frame[] = [];
  pieces.forEach(sseParser((frame) => frames.push(frame)));
  return frames;
}

test('frames are the same however the stream is cut', () => {
  const whole = parsed([STREAM]);
  for (let size = 1; size < STREAM.length; size += 1) {
    const pieces = STREAM.match(new RegExp(`[^]{1,${size}}`, 'g'))!;
    assert.deepEqual(parsed(pieces), whole);
  }
});

test('comments are not frames, and lines of data are joined', () => {
  assert.deepEqual(parsed([STREAM]), [
    { event: 'message.posted', data: '{"seq":7}' },
    { event: 'ready', data: '{"head":7}' },
    { event: '', data: 'a\n b' },
  ]);
});

test('a frame that has not ended is kept back', () => {
  assert.deepEqual(parsed(['event: ready\ndata: {}\n']), []);
});
