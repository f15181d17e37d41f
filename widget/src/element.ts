import type { Host, Panel, Part, Settings } from './host';
import css from './launcher.css';

const BELL = 'M4 17h16M6 17v-2a6 6 0 0 1 12 0v2M12 9V6.5M10 5h4';

/** What the page may call. */
export interface Widget {
  open: () => Promise<void>;
  close: () => Promise<void>;
  toggle: () => Promise<void>;
  /** Listens to `open`, `close` and `unread`, which comes with `{ count }`. */
  on: (name: string, listener: (detail: unknown) => void) => void;
}

/** The page comes first. */
const LATER_MS = 1_000;

/**
 * The launcher. It makes no request and stores nothing until the visitor opens it; then it fetches the panel. Who has
 * written before gets the panel soon after the page, closed: it counts what is unread, and sends what was left unsent.
 */
export function widgetIn(element: HTMLElement, settings: Settings): Widget {
  const { base, site, accent, language, side } = settings;
  const launch = document.createElement('button');
  const badge = document.createElement('em');
  const shadowRoot = element.attachShadow({ mode: 'open' });
  let panel: Promise<Panel> | null = null;
  let failures = 0;

  const part = (name: string): Promise<Part> => {
    // Browsers may remember that an import failed, so a repeated one needs an address of its own.
    const again = failures ? `?${failures}` : '';
    return import(`${base}/static/${name}-${language.tag}-${VERSION}.js${again}`).catch((reason: unknown) => {
      failures += 1;
      throw reason;
    }) as Promise<Part>;
  };
  const loaded = (): Promise<Panel> =>
    (panel ??= part('panel').then(
      ({ mount }) => mount!(host) as Panel,
      (reason: unknown) => {
        panel = null;
        throw reason;
      },
    ));
  const open = async (): Promise<void> => {
    launch.ariaBusy = 'true';
    try {
      (await loaded()).open();
    } catch (reason) {
      badge.textContent = '!';
      console.error('Frontdesk: the panel could not be loaded.', reason);
    }
    launch.ariaBusy = null;
  };
  const resume = async (): Promise<void> => {
    try {
      if (localStorage.getItem(`frontdesk:${site}`)) await loaded();
    } catch {
      // Storage is refused, or the server cannot be reached: opening tries again, and says so.
    }
  };
  const close = async (): Promise<void> => (await panel)?.close();
  const host: Host = {
    shadowRoot,
    settings,
    launch,
    icon,
    part,
    dress(text) {
      const styles = new CSSStyleSheet();
      styles.replaceSync(text);
      shadowRoot.adoptedStyleSheets.push(styles);
    },
    paint: (colour) => element.style.setProperty('--accent', colour),
    unread(count, words = '') {
      badge.textContent = count > 99 ? '99+' : String(count || '');
      launch.ariaLabel = language.label + words;
    },
    emit: (name, detail) => element.dispatchEvent(new CustomEvent(name, { detail })),
  };

  host.dress(css);
  element.lang = language.tag;
  element.dir = language.rtl ? 'rtl' : 'ltr';
  if (accent) host.paint(accent);
  launch.className = `launch ${side}`;
  launch.ariaHasPopup = 'dialog';
  launch.onclick = () => void open();
  launch.append(icon(BELL), badge);
  shadowRoot.append(launch);
  host.unread(0);
  setTimeout(resume, LATER_MS);
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
