import { type Answer, answer } from './answer';
import { button, icon, make } from './dom';
import type { Row } from './rows';
import { simple } from './simple';
import type { Desk } from './desk';
import { words } from './words';

interface Placed {
  kind: Row['kind'];
  element: HTMLElement;
  update: (row: never) => void;
}

/** Room above the question that the view is held at. */
const MARGIN = 12;
const NEAR = 40;

/** The rows of a conversation, and where in them the visitor looks. */
export class Thread {
  /** What scrolls. */
  readonly element: HTMLElement;
  readonly toLatest = button('button.latest', icon('M12 5v14M6 13l6 6 6-6'), () => this.hold('end'), {
    'aria-label': words.latest,
    hidden: true,
  });
  #desk: Desk;
  #log = make('div.log', { role: 'log', 'aria-live': 'off', tabindex: '0', 'aria-label': words.chat });
  #placed = new Map<string, Placed>();
  /** Held at the last question while its answer grows, kept at the end, or left where the visitor scrolled. */
  #hold: 'question' | 'end' | 'free' = 'end';
  #scrolledTo = 0;

  constructor(desk: Desk) {
    this.#desk = desk;
    this.element = make('div.main');
    this.element.onscroll = () => this.#scrolled();
    new ResizeObserver(() => this.#settle()).observe(this.element);
  }

  /** Shows the rows, or something else in their place. */
  update(rows: Row[], instead: HTMLElement | null): void {
    const elements = rows.map((row) => this.#place(row));
    for (const [key, { element }] of this.#placed) if (!elements.includes(element)) this.#placed.delete(key);
    elements.forEach((element, index) => {
      const there = this.#log.children[index];
      if (there !== element) this.#log.insertBefore(element, there ?? null);
    });
    while (this.#log.children.length > rows.length) this.#log.lastChild!.remove();
    const shown = instead ?? this.#log;
    if (shown !== this.element.firstChild) this.element.replaceChildren(shown);
    this.#settle();
  }

  hold(where: 'question' | 'end'): void {
    this.#hold = where;
    this.#settle();
  }

  #place(row: Row): HTMLElement {
    let placed = this.#placed.get(row.key);
    if (placed?.kind !== row.kind) {
      const piece: Answer | ReturnType<typeof simple> =
        row.kind === 'answer' ? answer(this.#desk) : simple(this.#desk);
      placed = { kind: row.kind, ...piece };
      this.#placed.set(row.key, placed);
    }
    placed!.update(row as never);
    return placed!.element;
  }

  #settle(): void {
    const { scrollHeight, clientHeight } = this.element;
    const end = scrollHeight - clientHeight;
    if (this.#hold !== 'free' && this.#log.isConnected) {
      const question = this.#hold === 'question' && [...this.#log.querySelectorAll<HTMLElement>('.me')].pop();
      this.element.scrollTop = this.#scrolledTo = question ? Math.min(end, question.offsetTop - MARGIN) : end;
    }
    this.#scrolled();
  }

  /** A scroll that this thread did not make is the visitor's. */
  #scrolled(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.element;
    const atEnd = scrollHeight - clientHeight - scrollTop < NEAR;
    if (Math.abs(scrollTop - this.#scrolledTo) > 2) this.#hold = atEnd ? 'end' : 'free';
    this.#scrolledTo = scrollTop;
    this.toLatest.hidden = atEnd || !this.#log.isConnected;
  }
}
