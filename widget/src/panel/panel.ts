import type { Host, Panel } from '../host';
import { onWake, perFrame } from '../stream';
import { bar } from './bar';
import { type Composer, composer } from './composer';
import { type Desk, openDesk } from './desk';
import { borrowIcon, make, redraw, set } from './dom';
import { footer } from './footer';
import { header } from './header';
import { type News, news } from './news';
import css from './panel.css';
import { isGrowing, rowsOf } from './rows';
import { type Thread, thread } from './thread';
import type { Part, View } from './view';
import { dead, skeleton, welcome } from './welcome';
import { words } from './words';

// A page has one widget, and the widget one panel: it is made once, and only hidden when closed.
let host: Host;
let desk: Desk;
let parts: Part[];
let rowsShown: Thread;
let field: Composer;
let told: News;
let dialog: HTMLElement;
let returnTo: HTMLElement | null;
const instead = make('div.instead');
const changed = perFrame(draw);

export function mount(page: Host): Panel {
  host = page;
  borrowIcon(host);
  desk = openDesk(host, changed, acted);
  parts = [header(close), bar(), footer(desk)];
  rowsShown = thread(desk);
  field = composer(desk);
  told = news(host, desk.client);
  const [head, line, foot] = parts.map(({ element }) => element);
  dialog = make(
    'div.panel',
    { role: 'dialog', 'aria-labelledby': 'fd-name', 'aria-label': words.chat, tabindex: '-1', hidden: true },
    head,
    line,
    rowsShown.element,
    make('div.tail', {}, rowsShown.toLatest, field.element, foot),
    told.element,
  );
  dialog.className += ` ${host.settings.side}`;
  attach();
  listen();
  desk.client.resume();
  return { open, close };
}

function attach(): void {
  host.dress(css);
  host.shadowRoot.append(dialog);
}

function listen(): void {
  dialog.onkeydown = (event) => {
    if (event.key === 'Escape' && !event.isComposing) close();
  };
  dialog.addEventListener('focusout', keepFocus);
  visualViewport?.addEventListener('resize', makeRoom);
  addEventListener('offline', changed);
  onWake(() => {
    desk.client.wake();
    changed();
  }, desk.client.rest);
}

function open(): void {
  if (!dialog.hidden) return;
  returnTo = document.activeElement as HTMLElement | null;
  show(true);
  draw();
  // Where a keyboard would rise from the screen, it waits until the visitor touches the field.
  (matchMedia('(pointer: coarse)').matches ? dialog : field.input).focus();
  void desk.load();
}

function close(): void {
  if (dialog.hidden) return;
  show(false);
  // Back to what had the focus on the page; if that was nothing, or is gone, to the launcher.
  host.launch.focus();
  returnTo?.focus();
}

function show(open: boolean): void {
  dialog.hidden = !open;
  host.launch.hidden = open;
  host.emit(open ? 'open' : 'close');
}

/** Where the panel covers the page, the focus stays within it: what lies behind cannot be seen. */
function keepFocus({ relatedTarget }: FocusEvent): void {
  const covers = dialog.offsetWidth >= innerWidth;
  if (covers && relatedTarget && !dialog.contains(relatedTarget as Node)) dialog.focus();
}

/** A keyboard on the screen covers the page from below without making it smaller. */
function makeRoom(): void {
  const { height, scale } = visualViewport!;
  dialog.style.setProperty('--keyboard', `${scale > 1 ? 0 : innerHeight - height}px`);
}

/** After a question, the view stays at it while the answer grows beneath. */
function acted(): void {
  rowsShown.hold('question');
  field.input.focus();
}

function draw(): void {
  const { view, dead: reason } = desk;
  const rows = rowsOf(view);
  parts.forEach((part) => part.update(view));
  field.update(view, view.state !== null && rows.some(isGrowing));
  rowsShown.update(rows, reason || !rows.length ? insteadOf(view) : null);
  told.update(rows, view, !dialog.hidden);
  set(dialog, { 'data-dead': reason !== '' });
}

/** What stands in the thread's place: the welcome, its shape while it loads, or the reason why there is none. */
function insteadOf({ site }: View): HTMLElement {
  const { dead: reason, client } = desk;
  const shown = client.loading ? null : site;
  redraw(instead, [reason, shown], () => [
    reason ? dead(reason, () => void desk.load()) : shown ? welcome(shown, desk) : skeleton(),
  ]);
  return instead;
}
