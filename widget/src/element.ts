import type { Host, Mount, Panel, Settings } from './host';
import css from './launcher.css';

const BELL = 'M4 17h16M6 17v-2a6 6 0 0 1 12 0v2M12 9V6.5M10 5h4';

const LABEL = ['Open chat', 'Chat öffnen', 'Ouvrir la discussion', 'Abrir el chat', 'فتح المحادثة'];

/** What the page may call. */
export interface Widget {
  open: () => Promise<void>;
  close: () => Promise<void>;
  toggle: () => Promise<void>;
  /** Listens to `open`, `close` and `unread`, which comes with `{ count }`. */
  on: (name: string, listener: (detail: unknown) => void) => void;
}

/** The launcher. It makes no request and stores nothing until the visitor opens it; then it fetches the panel. */
export function widgetIn(element: HTMLElement, settings: Settings): Widget {
  const { base, accent, language, side } = settings;
  const launch = document.createElement('button');
  const badge = document.createElement('em');
  const shadowRoot = element.attachShadow({ mode: 'open' });
  let panel: Promise<Panel> | null = null;
  let failures = 0;

  const load = async (): Promise<Panel> => {
    // Browsers may remember that an import failed, so a repeated one needs an address of its own.
    const again = failures ? `?${failures}` : '';
    const { mount } = (await import(`${base}/static/panel-${language.tag}-${VERSION}.js${again}`)) as {
      mount: Mount;
    };
    return mount(host);
  };
  const open = async (): Promise<void> => {
    launch.ariaBusy = 'true';
    try {
      panel ??= load();
      (await panel).open();
    } catch (reason) {
      panel = null;
      failures += 1;
      badge.textContent = '!';
      console.error('Frontdesk: the panel could not be loaded.', reason);
    }
    launch.ariaBusy = null;
  };
  const close = async (): Promise<void> => (await panel)?.close();
  const host: Host = {
    shadowRoot,
    settings,
    launch,
    icon,
    paint: (colour) => element.style.setProperty('--accent', colour),
    unread(count, label = LABEL[language.index]!) {
      badge.textContent = count > 99 ? '99+' : String(count || '');
      launch.ariaLabel = label;
    },
    emit: (name, detail) => element.dispatchEvent(new CustomEvent(name, { detail })),
  };

  const styles = new CSSStyleSheet();
  styles.replaceSync(css);
  shadowRoot.adoptedStyleSheets = [styles];
  element.lang = language.tag;
  element.dir = language.rtl ? 'rtl' : 'ltr';
  if (accent) host.paint(accent);
  launch.className = `launch ${side}`;
  launch.ariaHasPopup = 'dialog';
  launch.onclick = () => void open();
  launch.append(icon(BELL), badge);
  shadowRoot.append(launch);
  host.unread(0);
  return {
    open,
    close,
    toggle: () => (launch.hidden ? close() : open()),
    on: (name, listener) =>
      element.addEventListener(name, (event) => listener((event as CustomEvent).detail)),
  };
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
