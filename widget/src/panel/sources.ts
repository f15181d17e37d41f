import type { Source } from '../stream';
import { button, make, redraw } from './dom';
import { link } from './footer';
import { prose } from './prose';
import { webAddress } from './view';
import { words } from './words';

export interface Sources {
  element: HTMLElement;
  update: (sources: Source[]) => void;
  /** The mark of a citation within the text. A source that is not known yet keeps its place. */
  mark: (n: number) => HTMLElement;
}

/** The numbered sources beneath an answer. Opening one shows the passage that the answer stands on. */
export function sources(): Sources {
  const element = make('ul.sources', { 'aria-label': words.source });
  let known: Source[] = [];
  return {
    element,
    update(list) {
      known = list;
      redraw(element, list, () => list.map((source) => make('li', {}, entry(source))));
    },
    mark(n) {
      const index = known.findIndex((source) => source.n === n);
      if (index < 0) return make('span.cite', {}, String(n));
      return button('button.cite', String(n), () => open(element.children[index]!), {
        'aria-label': `${words.source} ${n}: ${known[index]!.title}`,
      });
    },
  };
}

function entry({ n, title, place, passage, url }: Source): HTMLElement {
  const text = prose('div.prose.passage');
  text.update(passage);
  text.element.tabIndex = 0;
  const href = webAddress(url);
  const card = make('div.card', {}, text.element, href && link(href, `${words.openPage} ↗`));
  const summary = make('summary', {}, `${n} · `, make('b', {}, title), place && `, ${place}`);
  const details = make('details', {}, summary, card);
  details.ontoggle = () => details.open && details.scrollIntoView({ block: 'nearest' });
  return details;
}

function open(item: Element): void {
  const details = item.firstElementChild as HTMLDetailsElement;
  details.open = true;
  (details.firstElementChild as HTMLElement).focus();
}
