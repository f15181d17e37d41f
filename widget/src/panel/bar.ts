import { now } from '../stream';
import { make, redraw } from './dom';
import { fill } from './fill';
import type { Part, View } from './view';
import { words } from './words';

const EVERY_MS = 1_000;
/** A connection that returns by then is not worth a word. */
const PATIENCE = 2;

/** One line beneath the header for what stands in the way; how old the last news is, is shown but not read out. */
export function bar(): Part {
  const said = make('span');
  const age = make('span', { 'aria-hidden': 'true' });
  const element = make('p.bar', { role: 'status' }, said, age);
  let view: View | undefined;
  /** For how many seconds the connection has been away. */
  let away = 0;
  const draw = (): void => {
    const { trouble, link, heard } = view!;
    if (link !== 'connecting' && link !== 'offline') away = 0;
    const late = !trouble && away >= PATIENCE;
    const text = trouble || (late ? words.offline : '');
    redraw(said, text, () => [text]);
    age.textContent = late && heard ? fill(words.contact, ago(now() - heard)) : '';
    element.hidden = !text;
  };
  setInterval(() => {
    away += 1;
    if (view) draw();
  }, EVERY_MS);
  return {
    element,
    update(next) {
      view = next;
      draw();
    },
  };
}

function ago(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  const format = new Intl.RelativeTimeFormat(words.tag);
  return seconds < 90
    ? format.format(-seconds, 'second')
    : format.format(-Math.round(seconds / 60), 'minute');
}
