import { make, redraw } from './dom';
import type { Part } from './view';
import { words } from './words';

/** A connection that returns by then is not worth a word. */
const PATIENCE_MS = 2_000;

/** One line beneath the header for what stands in the way. */
export function bar(): Part {
  const element = make('p.bar', { role: 'status' });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const show = (text: string): void => redraw(element, text, () => [text]);
  return {
    element,
    update({ trouble, link, state }) {
      if (!trouble && state && link === 'connecting') {
        timer ??= setTimeout(() => show(words.reconnecting), PATIENCE_MS);
        return;
      }
      clearTimeout(timer);
      timer = undefined;
      show(trouble || (link === 'offline' ? words.offline : ''));
    },
  };
}
