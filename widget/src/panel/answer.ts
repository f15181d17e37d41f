import { button, type Child, icon, make, redraw, set } from './dom';
import { fill } from './fill';
import { plainText } from './markdown';
import { prose } from './prose';
import type { AnswerRow } from './rows';
import { sources } from './sources';
import type { Desk } from './desk';
import { words } from './words';

/** A thumb; the style sheet turns the second one over. */
const THUMB = 'M4 11h4v9H4zM8 11l4-8 2 1-1 5h7l-2 11H8';

export interface Answer {
  element: HTMLElement;
  update: (row: AnswerRow) => void;
}

/** The assistant's words: text on the page rather than a bubble, with what it stands on beneath. */
export function answer(desk: Desk): Answer {
  const who = make('div.who');
  const text = prose();
  const found = sources();
  const body = make('div.body', {}, text.element);
  const below = make('div.below');
  const element = make('div.answer', {}, who, body, found.element, below);
  const offered = button('button.pill', words.person, () => desk.handoff());
  let drawn: AnswerRow | null = null;
  const update = (row: AnswerRow): void => {
    const { message, name, offer } = row;
    if (drawn?.message === message && drawn.name === name && drawn.offer === offer) return;
    drawn = row;
    const streaming = message.state === 'streaming';
    const pages = streaming && message.pages;
    const reading = pages ? ` · ${fill(pages === 1 ? words.readingOne : words.reading, pages)}` : '';
    redraw(who, name + reading, () => [name, reading]);
    found.update(message.sources);
    text.update(message.text, streaming, found.mark, message.sources);
    set(element, { 'data-unknown': !streaming && message.outcome === 'unknown' });
    if (offer === 'person') body.append(offered);
    else offered.remove();
    redraw(below, streaming || [message.state, message.feedback, offer], () => tail(row, desk));
  };
  return { element, update };
}

/** What can be done with an answer that is whole, or with one that is not. */
function tail({ message: { id, state, text, feedback }, offer }: AnswerRow, desk: Desk): Child[] {
  if (state === 'streaming') return [];
  if (state === 'interrupted') {
    const again = (): void => void desk.act(desk.client.act('POST', `/v1/messages/${id}/retry`, {}));
    return [make('span', {}, words.interrupted), offer && button('button.pill', words.again, again)];
  }
  const thumb = (value: 'up' | 'down', label: string): HTMLElement => {
    const given = feedback === value;
    const press = (): void => {
      const body = { value: given ? null : value };
      void desk.act(desk.client.act('PUT', `/v1/messages/${id}/feedback`, body));
    };
    return button('button.act', icon(THUMB), press, { 'aria-label': label, 'aria-pressed': String(given) });
  };
  return [thumb('up', words.up), thumb('down', words.down), ...copy(text)];
}

function copy(text: string): HTMLElement[] {
  // Browsers offer the clipboard to safe pages only.
  if (!navigator.clipboard) return [];
  const element = button('button.act', words.copy, async () => {
    await navigator.clipboard.writeText(plainText(text));
    element.textContent = words.copied;
  });
  return [element];
}
