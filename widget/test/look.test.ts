import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inkOn } from '../src/accent';
import { fill } from '../src/panel/fill';
import { STRINGS } from '../src/panel/strings';
import { webAddress } from '../src/panel/view';
import { seeded } from './factories';

test('what is written on an accent can be read on it, whatever the accent', () => {
  const random = seeded(3);
  for (let round = 0; round < 3_000; round += 1) {
    const colour = Array.from({ length: 3 }, () => Math.floor(random() * 256));
    const accent = `#${colour.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
    const [r, g, b] = colour.map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    const luminance = 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
    const contrast = inkOn(accent) === '#fff' ? 1.05 / (luminance + 0.05) : (luminance + 0.05) / 0.05;
    assert.ok(contrast >= 4.5, `${accent}: ${contrast}`);
  }
  assert.equal(inkOn('#00624b'), '#fff');
  assert.equal(inkOn('#ffe27a'), '#000');
});

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
