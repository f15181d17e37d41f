import { now } from './timing';

const EVERY_MS = 2_000;
/** Shorter than the server remembers. */
const PAUSE_MS = 4_000;

/**
 * Says that somebody writes: at once, every two seconds while they do, and once more when they have stopped. `where` is
 * handed on.
 */
export function typist<Where = void>(
  say: (typing: boolean, where: Where) => void,
): (writing: boolean, where: Where) => void {
  let saidAt = 0;
  let pause: ReturnType<typeof setTimeout> | undefined;
  const write = (writing: boolean, where: Where): void => {
    clearTimeout(pause);
    if (writing) pause = setTimeout(write, PAUSE_MS, false, where);
    if (saidAt ? writing && now() - saidAt < EVERY_MS : !writing) return;
    saidAt = writing ? now() : 0;
    say(writing, where);
  };
  return write;
}
