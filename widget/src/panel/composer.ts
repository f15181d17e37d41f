import { codePoints } from '../stream';
import type { Desk } from './desk';
import { button, icon, make, set } from './dom';
import { fill } from './fill';
import type { View } from './view';
import { words } from './words';

const LIMIT = 5_000;
const COUNTED_FROM = 4_500;

export interface Composer {
  element: HTMLElement;
  input: HTMLElement;
  update: (view: View, answering: boolean) => void;
}

/** Where the visitor writes. Enter sends, Shift and Enter begins a line. */
export function composer(desk: Desk): Composer {
  const input = make('textarea', { rows: '1', enterkeyhint: 'send' });
  const count = make('span.count', { role: 'status' });
  const send = make('button.send', { 'aria-label': words.send }, icon('M12 19V6M6 11l6-6 6 6'));
  const stop = button('button.send.stop', icon('M8 8h8v8H8zM10 10h4v4h-4zM12 12h0'), () => desk.stop(), {
    'aria-label': words.stop,
  });
  const clip = button(
    'button.x',
    icon('M8 8v6a4 4 0 0 0 8 0V6a2 2 0 0 0-4 0v8'),
    () => desk.seldom('pick', element),
    {
      'aria-label': words.attach,
    },
  );
  const element: HTMLFormElement = make('form.box', {}, clip, input, count, send, stop);
  let answering = false;
  const measure = (): boolean => {
    const length = codePoints(input.value.trim());
    const over = length > LIMIT;
    fit(input);
    count.textContent = length < COUNTED_FROM ? '' : `${length} / ${LIMIT}`;
    // An empty field would take its direction from nothing rather than from the panel.
    set(input, { 'aria-invalid': over && 'true', dir: length > 0 && 'auto' });
    send.disabled = over;
    stop.hidden = !answering || length > 0;
    send.hidden = !stop.hidden;
    return length > 0;
  };
  input.oninput = () => desk.client.writes(measure());
  input.onkeydown = (event) => {
    // An input method uses Enter to accept a word; some browsers say so only by the code 229.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    element.requestSubmit();
  };
  element.onsubmit = (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (!text || codePoints(text) > LIMIT) return;
    input.value = '';
    desk.client.writes(false);
    desk.send(text);
  };
  const update = (view: View, isAnswering: boolean): void => {
    const placeholder = invitation(view);
    set(input, { placeholder, 'aria-label': placeholder });
    answering = isAnswering;
    measure();
  };
  return { element, input, update };
}

/** As tall as its text, within what the style sheet allows. */
function fit(input: HTMLTextAreaElement): void {
  input.style.height = '';
  input.style.height = `${input.scrollHeight}px`;
}

/** Says whom the visitor writes to: a person, or the assistant. */
function invitation({ site, state, status, messages, pending }: View): string {
  const person = state?.assignee?.name ?? (/waiting|human/.test(status) && site?.organisation);
  if (person) return fill(words.writeTo, person);
  return messages.length || pending.length ? words.followUp : words.ask;
}
