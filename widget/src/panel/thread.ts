import { answer } from './answer';
import type { Desk } from './desk';
import { button, icon, make } from './dom';
import type { Row } from './rows';
import { simple } from './simple';
import { words } from './words';

interface Placed {
  kind: Row['kind'];
  element: HTMLElement;
  update: (row: never) => void;
}

/** What the view keeps to: the last question while its answer grows, the end, or where the visitor scrolled. */
type Hold = 'question' | 'end' | 'free';

export interface Thread {
  /** What scrolls. */
  element: HTMLElement;
  toLatest: HTMLElement;
  hold: (where: Hold) => void;
  /** Shows the rows, or something else in their place. */
  update: (rows: Row[], instead: HTMLElement | null) => void;
}

/** Room above the question that the view is held at. */
const MARGIN = 12;
const NEAR = 40;

/** The rows of a conversation, and where in them the visitor looks. */
export function thread(desk: Desk): Thread {
  const log = make('div.log', { role: 'log', 'aria-live': 'off', tabindex: '0', 'aria-label': words.chat });
  const element = make('div.main');
  const latest = { 'aria-label': words.latest, hidden: true };
  const toLatest = button('button.latest', icon('M12 5v14M6 13l6 6 6-6'), () => hold('end'), latest);
  const placed = new Map<string, Placed>();
  let held: Hold = 'end';
  let scrolledTo = 0;
  const settle = (): void => {
    const end = element.scrollHeight - element.clientHeight;
    if (held !== 'free' && log.isConnected) {
      const question = held === 'question' && [...log.querySelectorAll<HTMLElement>('.me')].pop();
      element.scrollTop = scrolledTo = question ? Math.min(end, question.offsetTop - MARGIN) : end;
    }
    scrolled();
  };
  const scrolled = (): void => {
    const { scrollTop, scrollHeight, clientHeight } = element;
    const atEnd = scrollHeight - clientHeight - scrollTop < NEAR;
    // A scroll that was not made here is the visitor's.
    if (Math.abs(scrollTop - scrolledTo) > 2) held = atEnd ? 'end' : 'free';
    scrolledTo = scrollTop;
    toLatest.hidden = atEnd || !log.isConnected;
  };
  const hold = (where: Hold): void => {
    held = where;
    settle();
  };
  const update = (rows: Row[], instead: HTMLElement | null): void => {
    show(
      rows.map((row) => place(row, placed, desk)),
      log,
    );
    const keys = rows.map(({ key }) => key);
    for (const key of placed.keys()) if (!keys.includes(key)) placed.delete(key);
    const shown = instead ?? log;
    if (shown !== element.firstChild) element.replaceChildren(shown);
    settle();
  };
  element.onscroll = scrolled;
  new ResizeObserver(settle).observe(element);
  return { element, toLatest, hold, update };
}

/** The row's element, up to date; the one that it had, if it still is of the same kind. */
function place(row: Row, placed: Map<string, Placed>, desk: Desk): HTMLElement {
  let there = placed.get(row.key);
  if (there?.kind !== row.kind) {
    there = { kind: row.kind, ...(row.kind === 'answer' ? answer(desk) : simple(desk)) };
    placed.set(row.key, there);
  }
  there!.update(row as never);
  return there!.element;
}

/** Moves only what is not in its place yet, so that what is keeps its focus and its selection. */
function show(elements: HTMLElement[], log: HTMLElement): void {
  elements.forEach((element, index) => {
    const there = log.children[index];
    if (there !== element) log.insertBefore(element, there ?? null);
  });
  while (log.children.length > elements.length) log.lastChild!.remove();
}
