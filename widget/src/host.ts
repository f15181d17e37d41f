/** What the loader offers to the panel, which is loaded when the visitor first opens it. */
export interface Host {
  readonly shadowRoot: ShadowRoot;
  readonly settings: Settings;
  readonly launch: HTMLButtonElement;
  /** Adds a style sheet. */
  dress: (css: string) => void;
  /** Makes a line drawing from a path in 24 by 24 units. */
  icon: (path: string) => Element;
  /** Fetches a part of the widget in its language. */
  part: (name: string) => Promise<Part>;
  /** Applies an accent like #00624b. */
  paint: (accent: string) => void;
  /** Unread messages on the launcher, and in words that follow its label. */
  unread: (count: number, words?: string) => void;
  /** Tells the page. */
  emit: (name: string, detail?: unknown) => void;
}

/** What the snippet says. */
export interface Settings {
  /** Address of the server, without a slash at its end. */
  base: string;
  site: string;
  /** A colour like #00624b; else the site's own is used. */
  accent: string | undefined;
  /** `left` or `right`; by default where the lines end. */
  side: string;
  language: Language;
}

export interface Language {
  tag: string;
  /** What the launcher is called. */
  label: string;
  rtl: boolean;
}

export interface Panel {
  open: () => void;
  close: () => void;
}

/** A part of the widget that is fetched: what it exports. */
export type Part = Record<string, (...given: any[]) => any>;
