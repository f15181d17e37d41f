import type { Host, Panel } from '../host';
import { onWake } from '../stream';
import { bar } from './bar';
import { Composer } from './composer';
import { Desk } from './desk';
import { make, redraw, set } from './dom';
import { footer } from './footer';
import { header } from './header';
import { News } from './news';
import css from './panel.css';
import { isGrowing, rowsOf } from './rows';
import { Thread } from './thread';
import type { Part, View } from './view';
import { dead, skeleton, welcome } from './welcome';

export function mount(host: Host): Panel {
  return new ChatPanel(host);
}

/** The dialog. It is made once, and only hidden when closed, so that nothing in it is lost. */
class ChatPanel implements Panel {
  #host: Host;
  #desk: Desk;
  #parts: Part[];
  #thread: Thread;
  #composer: Composer;
  #news: News;
  #element: HTMLElement;
  #instead = make('div.instead');
  #returnTo: HTMLElement | null = null;
  #due = false;

  constructor(host: Host) {
    const desk = new Desk(
      host,
      () => this.#changed(),
      () => this.#acted(),
    );
    const [head, line, foot] = [header(() => this.close()), bar(), footer(desk)] as const;
    this.#host = host;
    this.#desk = desk;
    this.#parts = [head, line, foot];
    this.#thread = new Thread(desk);
    this.#composer = new Composer(desk);
    this.#news = new News(host, desk.client);
    this.#element = make(
      'div.panel',
      { role: 'dialog', 'aria-labelledby': 'fd-name', tabindex: '-1', hidden: true },
      head.element,
      line.element,
      this.#thread.element,
      make('footer', {}, this.#thread.toLatest, this.#composer.element, foot.element),
      this.#news.element,
    );
    this.#attach();
  }

  open(): void {
    if (!this.#element.hidden) return;
    this.#returnTo = document.activeElement as HTMLElement | null;
    this.#show(true);
    this.#draw();
    // Where a keyboard would rise from the screen, it waits until the visitor touches the field.
    const touch = matchMedia('(pointer: coarse)').matches;
    (touch ? this.#element : this.#composer.input).focus();
    void this.#desk.load();
  }

  close(): void {
    if (this.#element.hidden) return;
    this.#show(false);
    // Back to what had the focus on the page; if that was nothing, or is gone, to the launcher.
    this.#host.launch.focus();
    this.#returnTo?.focus();
  }

  #show(open: boolean): void {
    this.#element.hidden = !open;
    this.#host.launch.hidden = open;
    this.#host.emit(open ? 'open' : 'close');
  }

  #attach(): void {
    const root = this.#host.shadowRoot!;
    const styles = new CSSStyleSheet();
    styles.replaceSync(css);
    root.adoptedStyleSheets.unshift(styles);
    root.append(this.#element);
    this.#element.className += ` ${this.#host.settings.side}`;
    this.#element.onkeydown = (event) => {
      if (event.key === 'Escape' && !event.isComposing) this.close();
    };
    this.#element.addEventListener('focusout', (event) => this.#keepFocus(event));
    addEventListener('offline', () => this.#changed());
    onWake(() => {
      this.#desk.client.wake();
      this.#changed();
    });
    this.#desk.client.resume();
  }

  /** Where the panel covers the page, the focus stays within it: what lies behind cannot be seen. */
  #keepFocus({ relatedTarget }: FocusEvent): void {
    const covers = this.#element.offsetWidth >= innerWidth;
    if (covers && relatedTarget && !this.#element.contains(relatedTarget as Node)) this.#element.focus();
  }

  /** After a question, the view stays at it while the answer grows beneath. */
  #acted(): void {
    this.#thread.hold('question');
    this.#composer.input.focus();
  }

  /** Draws at most once a frame, however much arrives; a hidden page has no frames. */
  #changed(): void {
    if (this.#due) return;
    this.#due = true;
    const draw = (): void => {
      this.#due = false;
      this.#draw();
    };
    if (document.hidden) setTimeout(draw, 100);
    else requestAnimationFrame(draw);
  }

  #draw(): void {
    const { view, dead: reason } = this.#desk;
    const rows = rowsOf(view);
    this.#parts.forEach((part) => part.update(view));
    this.#composer.update(view, view.state !== null && rows.some(isGrowing));
    this.#thread.update(rows, reason || !rows.length ? this.#insteadOf(view) : null);
    this.#news.update(rows, view, !this.#element.hidden);
    set(this.#element, { 'data-dead': reason !== '' });
  }

  /** What stands in the thread's place: the welcome, its shape while it loads, or the reason why there is none. */
  #insteadOf({ site }: View): HTMLElement {
    const { dead: reason, client } = this.#desk;
    const shown = client.loading ? null : site;
    redraw(this.#instead, [reason, shown], () => [
      reason ? dead(reason, () => void this.#desk.load()) : shown ? welcome(shown, this.#desk) : skeleton(),
    ]);
    return this.#instead;
  }
}
