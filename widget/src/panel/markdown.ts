/** The small subset of markdown that answers are written in, as data. Links and images are never made. */

export type Block =
  { kind: 'p' | 'h' | 'code'; text: string } | { kind: 'ul' | 'ol'; items: string[]; start: number };

export type Inline =
  { kind: 'text' | 'code'; text: string } | { kind: 'strong'; parts: Inline[] } | { kind: 'cite'; n: number };

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
      if (fenced) blocks.push((open = { kind: 'code', text: '' }));
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
  const [item, number, words] = ITEM.exec(line) ?? [];
  if (item !== undefined) return takeItem(words!, number, blocks);
  const heading = HEADING.exec(line);
  if (heading) {
    blocks.push({ kind: 'h', text: heading[1]! });
    return null;
  }
  if (open) addLine(open, line.trim());
  else blocks.push((open = { kind: 'p', text: line.trim() }));
  return open;
}

function takeItem(words: string, number: string | undefined, blocks: Block[]): Block {
  const kind = number ? 'ol' : 'ul';
  const last = blocks.at(-1);
  if (last?.kind === kind) {
    last.items.push(words);
    return last;
  }
  const list: Block = { kind, items: [words], start: Number(number ?? 1) };
  blocks.push(list);
  return list;
}

function addLine(block: Block, line: string): void {
  if ('items' in block) block.items.push(`${block.items.pop()}\n${line}`);
  else block.text += (block.text && '\n') + line;
}

const INLINE = /`([^`\n]+)`|\*\*(\S(?:.*?\S)?)\*\*|!?\[([^\]]+)\]\([^)]*\)|\s*\[(\d{1,3})\]/s;

/** Splits a block's text. While it still grows, marks that are only half there are not shown. */
export function parseInline(text: string, growing = false): Inline[] {
  const whole = growing ? completed(text) : text;
  const match = INLINE.exec(whole);
  if (!match) return whole ? [{ kind: 'text', text: whole }] : [];
  const [mark, code, strong, link, cite] = match;
  const before = whole.slice(0, match.index);
  return [
    ...(before ? [{ kind: 'text' as const, text: before }] : []),
    code
      ? { kind: 'code', text: code }
      : strong
        ? { kind: 'strong', parts: parseInline(strong) }
        : cite
          ? { kind: 'cite', n: Number(cite) }
          : { kind: 'text', text: link! },
    ...parseInline(whole.slice(match.index + mark.length)),
  ];
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
