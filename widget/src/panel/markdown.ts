/** The small subset of markdown that answers are written in, as data. Links and images are never made. */

export interface Block {
  /** What it becomes; `b` is a heading, which is a line in bold. */
  tag: 'p' | 'b' | 'pre' | 'ul' | 'ol';
  /** The entries of a list; of anything else the text, or nothing yet. */
  items: string[];
  /** What a list counts from. */
  start?: string;
}

/** A piece of text, the number of a source that is cited, or pieces within an element. */
export type Inline = string | number | { tag: 'b' | 'code'; parts: Inline[] };

const FENCE = /^\s*```[^`]*$/;
const ITEM = /^\s*(?:[-*+•]|(\d{1,3})[.)])\s+(.*)/;
const HEADING = /^#{1,6}\s+(.*)/;

/** Splits text into blocks. Text that grows at its end changes the last block only, or adds to it. */
export function parseBlocks(text: string): Block[] {
  const blocks: Block[] = [];
  const lines = text.replaceAll('\r', '').split('\n');
  let open: Block | null = null;
  let fenced = false;
  for (const line of lines) {
    if (FENCE.test(line)) {
      fenced = !fenced;
      open = null;
      if (fenced) blocks.push((open = { tag: 'pre', items: [] }));
    } else if (fenced) {
      addLine(open!, line);
    } else if (!line.trim()) {
      open = null;
    } else {
      open = takeLine(line, open, blocks);
    }
  }
  return blocks;
}

/** Adds a line to the open block or begins another; returns the one that is open then. */
function takeLine(line: string, open: Block | null, blocks: Block[]): Block | null {
  const [item, start, words] = ITEM.exec(line) ?? [];
  if (item) return takeItem(words!, start, blocks);
  const [, heading] = HEADING.exec(line) ?? [];
  if (heading) {
    blocks.push({ tag: 'b', items: [heading] });
    return null;
  }
  if (!open) blocks.push((open = { tag: 'p', items: [] }));
  addLine(open, line.trim());
  return open;
}

function takeItem(words: string, start: string | undefined, blocks: Block[]): Block {
  const tag = start ? 'ol' : 'ul';
  let list = blocks.at(-1);
  if (list?.tag !== tag) blocks.push((list = { tag, items: [], ...(start && { start }) }));
  list.items.push(words);
  return list;
}

function addLine({ items }: Block, line: string): void {
  items.push(items.length ? `${items.pop()}\n${line}` : line);
}

const INLINE = /`([^`\n]+)`|\*\*(\S(?:.*?\S)?)\*\*|!?\[([^\]]+)\]\([^)]*\)|\s*\[(\d{1,3})\]/s;

/** Splits a block's text. While it still grows, marks that are only half there are not shown. */
export function parseInline(text: string, growing = false): Inline[] {
  const whole = growing ? completed(text) : text;
  // Between the marks, what each of the four groups has found.
  return whole.split(INLINE).flatMap((part, index): Inline | [] => {
    if (!part) return [];
    const group = index % 5;
    if (group === 1) return { tag: 'code', parts: [part] };
    if (group === 2) return { tag: 'b', parts: parseInline(part) };
    return group === 4 ? Number(part) : part;
  });
}

/** Drops a mark that has just begun and closes the bold that is open. */
function completed(text: string): string {
  const whole = text.replace(/\s*(\[\d*|\*+|`+)$/, '');
  return whole.split('**').length % 2 ? whole : `${whole}**`;
}

/** The words alone, for copying. */
export function plainText(text: string): string {
  return text.replace(/\s*\[\d{1,3}\]|\*\*/g, '');
}
