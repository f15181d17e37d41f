import { codePoints } from '../stream';
import { button, icon, make, set } from './dom';
import { fill } from './fill';
import type { Desk } from './desk';
import type { View } from './view';
import { words } from './words';

const LIMIT = 5_000;
const COUNTED_FROM = 4_500;
const TALLEST = 140;

/** Where the visitor writes. Enter sends, Shift and Enter begins a line. */
export class Composer {
  readonly element = make('form.box');
  readonly input = make('textarea', { rows: '1', enterkeyhint: 'send' });
  #desk: Desk;
  #count = make('span.count', { role: 'status' });
  #send = make('button.send', { 'aria-label': words.send }, icon('M12 19V6M6 11l6-6 6 6'));
  #stop: HTMLButtonElement;
  #answering = false;

  constructor(desk: Desk) {
    this.#desk = desk;
    this.#stop = button('button.send.stop', icon('M8 8h8v8H8z'), () => desk.stop(), {
      'aria-label': words.stop,
    });
    this.element.append(this.input, this.#count, this.#send, this.#stop);
    this.element.onsubmit = (event) => this.#submit(event);
    this.input.oninput = () => this.#measure();
    this.input.onkeydown = (event) => this.#key(event);
  }

  update({ site, state, pending }: View, answering: boolean): void {
    const person =
      state?.assignee?.name ?? (state && /waiting|human/.test(state.status) && site?.organisation);
    const begun = state?.messages.length || pending.length;
    const placeholder = person ? fill(words.writeTo, person) : begun ? words.followUp : words.ask;
    set(this.input, { placeholder, 'aria-label': placeholder });
    this.#answering = answering;
    this.#measure();
  }

  #key(event: KeyboardEvent): void {
    // An input method uses Enter to accept a word; some browsers say so only by the code 229.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    this.#submit(event);
  }

  #submit(event: Event): void {
    event.preventDefault();
    const text = this.input.value.trim();
    if (!text || codePoints(text) > LIMIT) return;
    this.input.value = '';
    this.#desk.send(text);
  }

  #measure(): void {
    const { style, value } = this.input;
    style.height = '';
    style.height = `${Math.min(this.input.scrollHeight, TALLEST)}px`;
    const length = codePoints(value.trim());
    const over = length > LIMIT;
    this.#count.textContent =
      length < COUNTED_FROM ? '' : over ? fill(words.tooLong, length - LIMIT) : `${length} / ${LIMIT}`;
    // An empty field would take its direction from nothing rather than from the panel.
    set(this.input, { 'aria-invalid': over && 'true', dir: length > 0 && 'auto' });
    this.#send.disabled = over;
    this.#stop.hidden = !this.#answering || length > 0;
    this.#send.hidden = !this.#stop.hidden;
  }
}
