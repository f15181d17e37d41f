import { make } from '../src/panel/dom';
import { type Prose, prose } from '../src/panel/prose';
import { perFrame } from '../src/stream/frames';
import type { Delta, Event, Progress } from '../src/stream/types';
import { onPage } from './page';

/** How close to its end a thread counts as read to the end, in pixels. */
const NEAR = 80;

/** Answers that are told of at a time; of older ones the page itself knows. */
const MOST_DRAFTS = 50;

/** An answer in flight. Each stream tells it from its beginning and in order, so that what comes is only added. */
interface Draft {
  text: string;
  pages: number;
}

let drafts = new Map<string, Draft>();
const written = new WeakMap<Element, Prose>();
let thread: HTMLElement | null = null;
let atEnd = true;

/** Who reads at the end stays at the end, whatever is added and however the window changes. */
export function wireThread(): void {
  const resized = new ResizeObserver(keepEnd);
  const scrolled = (): void => {
    atEnd = thread === null || isAtEnd(thread);
  };
  onPage((desk) => {
    const shown = desk.querySelector<HTMLElement>('.thread');
    desk.querySelectorAll<HTMLElement>('[data-draft]').forEach(write);
    if (shown !== thread) {
      resized.disconnect();
      if (shown) resized.observe(shown);
      shown?.addEventListener('scroll', scrolled, { passive: true });
      thread = shown;
      atEnd = true;
    }
    keepEnd();
  });
}

export function forgetDrafts(): void {
  drafts = new Map();
}

export function showDelta(delta: Delta): void {
  const before = delta.offset > 0 ? (drafts.get(delta.message)?.text ?? '') : '';
  show(delta.message, { text: before + delta.text, pages: 0 });
}

export function showProgress(progress: Progress): void {
  show(progress.message, { text: '', pages: progress.pages });
}

/** The answers in flight as another tab is to hear of them. */
export function knownDrafts(): Event[] {
  return [...drafts].map(([message, { text, pages }]) => {
    const about = { message, attempt: 1 };
    if (!text) return { kind: 'answer.progress', data: { ...about, pages } };
    return { kind: 'answer.delta', data: { ...about, offset: 0, text } };
  });
}

function show(message: string, draft: Draft): void {
  drafts.delete(message);
  drafts.set(message, draft);
  const [oldest] = drafts.keys();
  if (drafts.size > MOST_DRAFTS) drafts.delete(oldest!);
  draw();
}

const draw = perFrame(() => {
  document.querySelectorAll<HTMLElement>('[data-draft]').forEach(write);
  keepEnd();
});

/** What is known of an answer in flight, in its place. The place may come after the words, or before them. */
function write(place: HTMLElement): void {
  const draft = drafts.get(place.dataset['draft']!);
  if (!draft) return;
  if (!draft.text) {
    const pages = draft.pages === 1 ? '1 passage' : `${draft.pages} passages`;
    place.replaceChildren(make('span.reading', {}, draft.pages ? `Reading ${pages}…` : 'Searching…'));
    return;
  }
  const words = written.get(place) ?? prose();
  written.set(place, words);
  words.update(draft.text, true, (n) => make('span.cite', {}, String(n)));
  if (words.element.parentNode !== place) place.replaceChildren(words.element);
}

function isAtEnd(element: HTMLElement): boolean {
  return element.scrollHeight - element.scrollTop - element.clientHeight < NEAR;
}

function keepEnd(): void {
  if (thread && atEnd) thread.scrollTop = thread.scrollHeight;
}
