/** Prints the bytes that a visitor's browser fetches, as one JSON object; fails beyond the limits. */
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';

const LIMITS = { loader: 3_000, whole: 15_000, seldom: 3_000 };

const out = fileURLToPath(new URL('../app/web/static/', import.meta.url));
const panels = named('panel');
if (!panels.length) throw new Error('Nothing is built yet. Run: npm run build');

// A visitor fetches the loader and the panel in one language: the largest counts.
const loader = bytes('widget.js');
const languages = Object.fromEntries(panels.map((name) => [name.split('-')[1], sum(loader, bytes(name))]));
const whole = largest(Object.values(languages));
// What few visits fetch besides: files, and the form for who finds nobody there.
const seldom = largest(named('seldom').map(bytes));
const within = loader.gzip <= LIMITS.loader && whole.gzip <= LIMITS.whole && seldom.gzip <= LIMITS.seldom;
const gzip = Object.fromEntries(Object.entries(languages).map(([language, size]) => [language, size.gzip]));
console.log(
  JSON.stringify({ loader, whole, whole_gzip_by_language: gzip, seldom, limits_gzip: LIMITS, within }),
);
process.exitCode = within ? 0 : 1;

function named(part) {
  return readdirSync(out).filter((name) => name.startsWith(`${part}-`) && name.endsWith('.js'));
}

function largest(sizes) {
  return sizes.reduce((most, size) => (size.gzip > most.gzip ? size : most));
}

function bytes(name) {
  const content = readFileSync(out + name);
  return {
    raw: content.length,
    gzip: gzipSync(content, { level: 9 }).length,
    brotli: brotliCompressSync(content).length,
  };
}

function sum(a, b) {
  return Object.fromEntries(Object.entries(a).map(([kind, count]) => [kind, count + b[kind]]));
}
