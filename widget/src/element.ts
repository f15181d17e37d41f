import type { Host, Mount, Panel, Settings } from './host';
import css from './launcher.css';

const BELL = 'M4 17h16M6 17v-2a6 6 0 0 1 12 0v2M12 9V6.5M10 5h4';

const LABEL = ['Open chat', 'Chat öffnen', 'Ouvrir la discussion', 'Abrir el chat', 'فتح المحادثة'];

/** The launcher. It makes no request and stores nothing until the visitor opens it; then it fetches the panel. */
export class FrontdeskWidget extends HTMLElement implements Host {
  settings!: Settings;
  readonly launch = document.createElement('button');
  readonly icon = icon;
  #badge = document.createElement('em');
  #panel: Promise<Panel> | null = null;
  #failures = 0;

  configure(settings: Settings): this {
    const { accent, language, side } = settings;
    this.settings = settings;
    this.lang = language.tag;
    this.dir = language.rtl ? 'rtl' : 'ltr';
    const styles = new CSSStyleSheet();
    styles.replaceSync(css);
    if (accent) this.paint(accent);
    const root = this.attachShadow({ mode: 'open' });
    root.adoptedStyleSheets = [styles];
    this.launch.className = `launch ${side}`;
    this.launch.ariaHasPopup = 'dialog';
    this.launch.onclick = () => void this.open();
    this.launch.append(icon(BELL), this.#badge);
    root.append(this.launch);
    this.unread(0);
    return this;
  }

  async open(): Promise<void> {
    this.launch.ariaBusy = 'true';
    try {
      this.#panel ??= this.#load();
      (await this.#panel).open();
    } catch (reason) {
      this.#panel = null;
      this.#failures += 1;
      this.#badge.textContent = '!';
      console.error('Frontdesk: the panel could not be loaded.', reason);
    }
    this.launch.ariaBusy = null;
  }

  async close(): Promise<void> {
    (await this.#panel)?.close();
  }

  toggle(): Promise<void> {
    return this.launch.hidden ? this.close() : this.open();
  }

  /** Listens to `open`, `close` and `unread`, which comes with `{ count }`. */
  on(name: string, listener: (detail: unknown) => void): void {
    this.addEventListener(name, (event) => listener((event as CustomEvent).detail));
  }

  unread(count: number, label = LABEL[this.settings.language.index]!): void {
    this.#badge.textContent = count > 99 ? '99+' : String(count || '');
    this.launch.ariaLabel = label;
  }

  paint(accent: string): void {
    this.style.setProperty('--accent', accent);
  }

  emit(name: string, detail?: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  async #load(): Promise<Panel> {
    const { base, language } = this.settings;
    // Browsers may remember that an import failed, so a repeated one needs an address of its own.
    const again = this.#failures ? `?${this.#failures}` : '';
    const { mount } = (await import(`${base}/static/panel-${language.tag}-${VERSION}.js${again}`)) as {
      mount: Mount;
    };
    return mount(this);
  }
}

/** A line drawing of 24 by 24 units; the label of what it stands in names it. */
function icon(path: string): Element {
  const [svg, line] = ['svg', 'path'].map((name) =>
    document.createElementNS('http://www.w3.org/2000/svg', name),
  );
  svg!.setAttribute('viewBox', '0 0 24 24');
  svg!.ariaHidden = 'true';
  line!.setAttribute('d', path);
  svg!.append(line!);
  return svg!;
}
