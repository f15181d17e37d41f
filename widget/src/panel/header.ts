import { button, icon, make, redraw } from './dom';
import { face } from './face';
import { fill } from './fill';
import type { Part, View } from './view';
import { words } from './words';

/** Who speaks here, and who is there. */
export function header(close: () => void): Part {
  const title = make('div.title');
  const x = button('button.x', icon('M6 6l12 12M18 6L6 18'), close, { 'aria-label': words.close });
  const update = ({ site, state, status, online }: View): void => {
    const person = status === 'human' && state?.assignee?.name;
    redraw(title, [site, status, person, online], () => {
      if (!site) return [make('span.face.bone'), make('div', {}, make('div.bone'), make('div.bone'))];
      const name = person ? fill(words.from, person, site.organisation) : site.name;
      const line = person
        ? words.withYou
        : status === 'waiting'
          ? words.waitingFor
          : online
            ? words.online
            : words.away;
      const dot = make(person || online ? 'span.dot' : 'span.dot.away');
      const bold = make('b', { id: 'fd-name', title: name }, name);
      return [
        face(person || site.name, Boolean(person)),
        make('div', {}, bold, make('small', {}, dot, line)),
      ];
    });
  };
  return { element: make('div.head', {}, title, x), update };
}
