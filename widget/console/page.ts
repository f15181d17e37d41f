import htmx, { type HtmxRequestCtx } from 'htmx.org';
import { noteOf, showNote } from './notes';

/** At most three refreshes a second, however much happens. */
const PAUSE_MS = 330;
const UNREACHABLE =
  'The server cannot be reached. Check your connection and try again; what you have written is kept.';

type Task = { fragment?: ParentNode };
type Context = HtmxRequestCtx & { asOf?: number; turn?: number };

let watchers: ((desk: HTMLElement) => void)[] = [];
/** Turns are given to requests as they begin; the page shows the answer to this one. */
let turns = 0;
let shown = 0;
/** Counts what this member did here: a refresh that began before it shows the past and is asked for again. */
let deeds = 0;
let wanted = false;
let running = false;

export function desk(): HTMLElement {
  return document.getElementById('desk')!;
}

/** Calls back now, and again whenever the page has changed. */
export function onPage(changed: (desk: HTMLElement) => void): void {
  watchers.push(changed);
  changed(desk());
}

/** Fetches the page that is shown once more and lays it over itself: what has not changed is not touched. */
export function refresh(): void {
  wanted = true;
  if (!running) void refreshWhileWanted();
}

async function refreshWhileWanted(): Promise<void> {
  running = true;
  while (wanted) {
    wanted = false;
    const source = desk();
    const options = { source, target: source, select: '#desk', swap: 'outerMorph', asOf: deeds };
    await htmx.ajax('GET', source.dataset['address']!, options);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  running = false;
}

export function wirePage(): void {
  htmx.registerExtension('console', { htmx_before_morph_node: keepsItsText });
  document.addEventListener('htmx:before:request', ({ detail }) => {
    (detail.ctx as Context).turn = ++turns;
  });
  document.addEventListener('htmx:before:swap', (event) => {
    const { ctx, tasks } = event.detail as { ctx: Context; tasks: Task[] };
    if (!mayShow(ctx, tasks)) event.preventDefault();
  });
  leavesFocus();
  document.addEventListener('htmx:after:swap', () => watchers.forEach((changed) => changed(desk())));
  document.addEventListener('htmx:error', (event) => {
    const { ctx } = event.detail as { ctx?: Context };
    if (ctx && ctx.asOf === undefined && !ctx.response) showNote('Not done', UNREACHABLE);
  });
}

/** htmx focuses what has `autofocus` after every swap. What was there before had its turn: somebody may be writing elsewhere. */
function leavesFocus(): void {
  let known: Element[] = [];
  document.addEventListener(
    'htmx:before:swap',
    () => (known = [...document.querySelectorAll('[autofocus]')]),
  );
  document.addEventListener('htmx:after:settle', () =>
    known.forEach((field) => field.removeAttribute('autofocus')),
  );
  // A menu takes it anew whenever it opens.
  document.addEventListener('htmx:after:swap', () =>
    known.forEach((field) => field.setAttribute('autofocus', '')),
  );
}

/** Times and names of languages are written in the browser; what they stand for decides whether they have changed. */
function keepsItsText(before: Node, { newNode }: { newNode: Node }): boolean {
  if (!(before instanceof HTMLElement && newNode instanceof HTMLElement)) return true;
  const key = before.matches('time') ? 'datetime' : 'data-language';
  return !before.hasAttribute(key) || before.getAttribute(key) !== newNode.getAttribute(key);
}

function mayShow(ctx: Context, tasks: Task[]): boolean {
  const status = ctx.response?.status ?? 200;
  if (ctx.asOf !== undefined) return mayRefresh(ctx.asOf, status, tasks);
  if (status < 400 && holdsDesk(tasks)) {
    deeds += 1;
    takeTurn(ctx, tasks);
    return true;
  }
  showNote(...noteOf(ctx.text ?? '', ctx.response?.headers ?? new Headers(), status));
  // What was refused is often news to the one who asked: somebody else was faster.
  refresh();
  return false;
}

/** What was asked for later is shown already: an answer that comes late was heard, but leads nobody back. */
function takeTurn(ctx: Context, tasks: Task[]): void {
  const turn = ctx.turn ?? 0;
  if (turn >= shown) {
    shown = turn;
    return;
  }
  Object.assign(ctx, { swap: 'none', push: false, replace: false });
  tasks.length = 0;
  refresh();
}

function mayRefresh(asOf: number, status: number, tasks: Task[]): boolean {
  if (status === 404) location.reload();
  if (asOf !== deeds) refresh();
  return asOf === deeds && status < 400 && holdsDesk(tasks);
}

function holdsDesk(tasks: Task[]): boolean {
  return tasks.some(({ fragment }) => fragment?.querySelector('#desk'));
}
