import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fill } from '../src/panel/fill';
import { STRINGS } from '../src/panel/strings';
import { webAddress } from '../src/panel/view';

test('every sentence is there in five languages, with the same places to fill', () => {
  for (const [key, columns] of Object.entries(STRINGS)) {
    assert.equal(columns.length, 5, key);
    const places = columns.map((words) => [...words.matchAll(/\{\d\}/g)].map(String).sort().join());
    assert.equal(new Set(places).size, 1, key);
    assert.ok(
      columns.every((words) => words.trim()),
      key,
    );
  }
});

test('values come into their places', () => {
  assert.equal(fill('{0} from {1}', 'Maya', 'Northwind'), 'Maya from Northwind');
  assert.equal(fill('reading {0} pages', 3), 'reading 3 pages');
});

test('only web addresses are opened', () => {
  assert.equal(webAddress('https://example.com/a'), 'https://example.com/a');
  assert.equal(webAddress('HTTP://example.com'), 'HTTP://example.com');
  for (const url of [
    'javascript:alert(1)',
    'data:text/html,x',
    '//example.com',
    'ftp://x',
    '',
    null,
    undefined,
  ]) {
    assert.equal(webAddress(url), null);
  }
});
