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
  if (before?.nodeName === element.nodeName) before.replaceChildren(...element.childNodes);
  else if (before) before.replaceWith(element);
  else parent.append(element);
}

function elementOf(block: Block, growing: boolean, cite: Cite): HTMLElement {
  const inline = (text: string, last = true): (Node | string)[] =>
    nodesOf(parseInline(text, growing && last), cite);
  if ('items' in block) {
    const { kind, items, start } = block;
    const last = items.length - 1;
    const entries = items.map((item, index) => make('li', {}, ...inline(item, index === last)));
    return make(kind, { dir: 'auto', start: String(start) }, ...entries);
  }
  const { kind, text } = block;
  if (kind === 'code') return make('pre', { dir: 'ltr', tabindex: '0' }, make('code', {}, text));
  const nodes = inline(text);
  return make('p', {}, ...(kind === 'h' ? [make('b', {}, ...nodes)] : nodes));
}

function nodesOf(parts: Inline[], cite: Cite): (Node | string)[] {
  return parts.map((part) => {
    if (part.kind === 'cite') return cite(part.n);
    if (part.kind === 'strong') return make('b', {}, ...nodesOf(part.parts, cite));
    return part.kind === 'code' ? make('code', {}, part.text) : part.text;
  });
}
