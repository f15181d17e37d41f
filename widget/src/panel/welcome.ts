import { button, make } from './dom';
import type { Desk } from './desk';
import type { Site } from '../stream';
import { words } from './words';

/** What is there before the first question. */
export function welcome(site: Site, desk: Desk): HTMLElement {
  return make(
    'div.welcome',
    {},
    make('h2', {}, site.greeting),
    make('p', {}, site.intro),
    ...site.starters.map((text) => button('button.starter', text, () => desk.send(text), { dir: 'auto' })),
  );
}

/** The shape of what is about to be there. */
export function skeleton(): HTMLElement {
  return make('div.welcome', {}, ...[1, 2, 3, 4].map(() => make('div.starter.bone')));
}

/** What is there when nothing can be: why, and the way out. */
export function dead(reason: string, again: () => void): HTMLElement {
  return make(
    'div.dead',
    { role: 'alert' },
    make('p', {}, reason),
    button('button.pill', words.again, again),
  );
}
