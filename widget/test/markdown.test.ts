import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBlocks, parseInline, plainText } from '../src/panel/markdown';
import { seeded } from './factories';

const ANSWER = `You have **30 days**. [1]

1. Open **My orders**,
   then choose *Return*. [1]
2. Print the label. [2]

Then:
- a
- b

\`\`\`sh
# not a heading
- not a list
\`\`\`
### The end
Bye \`**\` 😀`;

test('paragraphs, lists, code and headings become blocks', () => {
  assert.deepEqual(parseBlocks(ANSWER), [
    { tag: 'p', items: ['You have **30 days**. [1]'] },
    {
      tag: 'ol',
      items: ['Open **My orders**,\nthen choose *Return*. [1]', 'Print the label. [2]'],
      start: '1',
    },
    { tag: 'p', items: ['Then:'] },
    { tag: 'ul', items: ['a', 'b'] },
    { tag: 'pre', items: ['# not a heading\n- not a list'] },
    { tag: 'b', items: ['The end'] },
    { tag: 'p', items: ['Bye `**` 😀'] },
  ]);
});

test('a list keeps the number that it begins with, and goes on over an empty line', () => {
  assert.deepEqual(parseBlocks('3. c\n\n4. d'), [{ tag: 'ol', items: ['c', 'd'], start: '3' }]);
});

test('code keeps its lines, also those that are empty', () => {
  const [code] = parseBlocks('```\na\n\n  b\n```');
  assert.deepEqual(code, { tag: 'pre', items: ['a\n\n  b'] });
  assert.deepEqual(parseBlocks('```'), [{ tag: 'pre', items: [] }]);
});

test('text that grows changes nothing before its last block', () => {
  const points = Array.from(ANSWER);
  let before = parseBlocks('');
  for (let length = 1; length <= points.length; length += 1) {
    const blocks = parseBlocks(points.slice(0, length).join(''));
    const settled = before.slice(0, -1);
    assert.deepEqual(blocks.slice(0, settled.length), settled);
    before = blocks;
  }
});

test('bold, code and citations are marked; the space before a citation is its own', () => {
  assert.deepEqual(parseInline('A **b `c`** [2] `[3]`'), [
    'A ',
    { tag: 'b', parts: ['b ', { tag: 'code', parts: ['c'] }] },
    2,
    ' ',
    { tag: 'code', parts: ['[3]'] },
  ]);
});

test('links and images are their words alone, and markup is text', () => {
  assert.deepEqual(parseInline('[here](javascript:alert(1))'), ['here', ')']);
  assert.deepEqual(parseInline('![logo](https://example.com/x.png)'), ['logo']);
  assert.deepEqual(parseInline('<img src=x onerror=alert(1)>'), ['<img src=x onerror=alert(1)>']);
});

test('while text grows, marks that are half there are not seen', () => {
  assert.deepEqual(parseInline('Press **Ret', true), ['Press ', { tag: 'b', parts: ['Ret'] }]);
  for (const half of ['Done. [', 'Done. [1', 'Done. *', 'Done. **', 'Done. `']) {
    assert.deepEqual(parseInline(half, true), ['Done.'], half);
  }
  assert.deepEqual(parseInline('2 * 3 [', false), ['2 * 3 [']);
});

test('any text can be read, quickly, and keeps its words', () => {
  const random = seeded(7);
  const pieces = ['**', '`', '[1]', '[', '](', ')', '\n', '\n\n', '- ', '1. ', '# ', 'word', ' ', '😀', '*'];
  for (let round = 0; round < 500; round += 1) {
    const text = Array.from({ length: 60 }, () => pieces[Math.floor(random() * pieces.length)]).join('');
    const blocks = parseBlocks(text);
    assert.equal(JSON.stringify(blocks).split('word').length, text.split('word').length, text);
    blocks.flatMap(({ items }) => items).forEach((part) => parseInline(part, true));
  }
  const begun = performance.now();
  parseInline('**a'.repeat(1_600), true);
  parseBlocks('- \n'.repeat(2_500));
  assert.ok(performance.now() - begun < 1_000);
});

test('what is copied is the words', () => {
  assert.equal(plainText('You have **30 days**. [1]\nMore [12].'), 'You have 30 days.\nMore.');
});
