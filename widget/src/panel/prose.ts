import { make, set } from './dom';
import { type Block, type Inline, parseBlocks, parseInline } from './markdown';

/** Makes the mark of a citation, or nothing where it leads nowhere. */
export type Cite = (n: number) => Node | string;

export interface Prose {
  element: HTMLElement;
  /** `mark` has to differ where citations have to be made anew although the text is the same. */
  update: (text: string, growing?: boolean, cite?: Cite, mark?: unknown) => void;
}

/** Text as nodes. Blocks that have not changed keep theirs, so that a growing answer moves nothing above its end. */
export function prose(name: 'div.prose' | 'div.prose.passage' = 'div.prose'): Prose {
  const element = make(name);
  const made: string[] = [];
  return {
    element,
    update(text, growing = false, cite = () => '', mark = 0) {
      const blocks = parseBlocks(text);
      blocks.forEach((block, index) => {
        const last = growing && index === blocks.length - 1;
        const source = JSON.stringify([block, last, mark]);
        if (made[index] === source) return;
        made[index] = source;
        place(element, index, elementOf(block, last, cite));
      });
      while (element.children.length > blocks.length) element.lastChild!.remove();
      made.length = blocks.length;
      set(element, { 'data-growing': growing });
    },
  };
}

function place(parent: HTMLElement, index: number, element: HTMLElement): void {
  const before = parent.children[index];
  if (before) before.replaceWith(element);
  else parent.append(element);
}

function elementOf({ tag, items, start = '' }: Block, growing: boolean, cite: Cite): HTMLElement {
  if (tag === 'pre') return make(tag, { dir: 'ltr', tabindex: '0' }, make('code', {}, ...items));
  const last = items.length - 1;
  const parts = items.map((item, index) => nodesOf(parseInline(item, growing && index === last), cite));
  if (tag === 'p') return make(tag, {}, ...parts.flat());
  if (tag === 'b') return make('p', {}, make(tag, {}, ...parts.flat()));
  return make(tag, { dir: 'auto', start }, ...parts.map((nodes) => make('li', {}, ...nodes)));
}

function nodesOf(parts: Inline[], cite: Cite): (Node | string)[] {
  return parts.map((part) => {
    if (typeof part === 'number') return cite(part);
    return typeof part === 'string' ? part : make(part.tag, {}, ...nodesOf(part.parts, cite));
  });
}
