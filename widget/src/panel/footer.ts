import { button, make, redraw } from './dom';
import type { Desk } from './desk';
import { type Part, webAddress } from './view';
import { words } from './words';

/** Who answers, what becomes of the data, and the way to a person. */
export function footer(desk: Desk): Part {
  const element = make('div.foot');
  const person = button('button', words.person, () => desk.handoff());
  return {
    element,
    update({ site, status }) {
      const href = webAddress(site?.privacy_url);
      redraw(element, [href, status], () => [
        make('span', {}, status !== 'human' && `${words.ai} `, href && link(href, words.privacy)),
        status !== 'waiting' && status !== 'human' && person,
      ]);
    },
  };
}

export function link(href: string, label: string): HTMLAnchorElement {
  return make('a', { href, target: '_blank', rel: 'noreferrer' }, label);
}
