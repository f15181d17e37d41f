/**
 * Shortens the names that nobody but the widget sees: classes, custom properties, and properties of its own objects.
 * The sources keep their words; a visitor downloads letters.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const sources = fileURLToPath(new URL('./src/', import.meta.url));

/**
 * Properties of objects that neither the server, the page, the browser nor its storage knows. Some browser object may
 * have a property of that name, as long as the widget never uses it.
 */
const OURS = [
  'act changed client connection dead element emit enter form greet hear heard hold icon input launch lead leads',
  'link loading mark named note offer paint parts passing pending poll post recap refusal resend rest',
  'resume retryAfter rtl settings settle side store take tell toLatest trouble update urge view wait wake',
].flatMap((line) => line.split(' '));
/** Where the names of everybody are. */
const THEIRS = ['stream/types.ts', 'stream/store.ts', 'panel/strings.ts'];

/** How a class is named in the panel's sources: as in `'div.note'`, and in no other way. */
const ELEMENT = /'[a-z]\w*(\.[a-z]\w*)+'/g;
const CLASS = /\.([a-z]\w*)/g;
const VARIABLE = /--[a-z][\w-]*/g;
const DECLARED = /^ +(?:readonly )?(\w+)\??:/gm;

/** The letters that minified code has most of come first: they are packed shortest. */
const LETTERS = 'teinarsoldhcupgfmbvwykxqjzABCDEFGHIJKLMNOPQRSTUVWXYZ';

const styles = ['launcher.css', 'panel/panel.css'].map(read);
const panel = readdirSync(`${sources}panel`).filter((name) => name.endsWith('.ts'));
const elements = panel.flatMap((name) => read(`panel/${name}`).match(ELEMENT) ?? []);
// The launcher's are put together while it runs, so they cannot be found.
const launcher = namesIn(styles[0], CLASS);
const found = namesIn(elements.join(), CLASS).filter((name) => !launcher.includes(name));
const classes = lettersFor([...found, ...namesIn(styles[1], CLASS).filter((name) => found.includes(name))]);
const variables = lettersFor(namesIn(styles.join(), VARIABLE));

/** Options of esbuild: one letter for each property of ours, the same in the loader and in every panel. */
export const shortProperties = propertiesOfOurs();

/** A style sheet with its short names. */
export function shortStyles(css) {
  return shortVariables(shortClasses(css))
    .replace(/(--\w+): /g, '$1:')
    .replace(/(\() | (\))/g, '$1$2')
    .replaceAll(', ', ',')
    .replaceAll('1000000000', '1e9');
}

/** A source of the panel or the launcher, with the short names of the style sheets. */
export function shortSource(code) {
  return shortVariables(code.replace(ELEMENT, shortClasses));
}

function propertiesOfOurs() {
  const theirs = THEIRS.flatMap((name) => namesIn(read(name), DECLARED));
  const both = OURS.filter((name) => theirs.includes(name));
  if (both.length)
    throw new Error(`${both} cannot be shortened: ${THEIRS} have them too. See OURS in names.mjs.`);
  const mangleProps = new RegExp(`^(${OURS.join('|')})$`);
  const used = panel.flatMap((name) => namesIn(read(`panel/${name}`), /\b\w+\b/g));
  return {
    mangleProps,
    mangleCache: lettersFor([...OURS, ...used.filter((name) => OURS.includes(name))], theirs),
  };
}

function shortClasses(text) {
  return text.replace(CLASS, (_, name) => `.${classes[name] ?? name}`);
}

function shortVariables(text) {
  return text.replace(VARIABLE, (name) => (variables[name] ? `--${variables[name]}` : name));
}

function namesIn(text, pattern) {
  return [...text.matchAll(pattern)].map(([whole, name = whole]) => name);
}

/** A letter for each name, the shortest packed for the most frequent; `taken` are names in themselves. */
function lettersFor(names, taken = []) {
  const letters = [...LETTERS].filter((letter) => !taken.includes(letter));
  const count = new Map();
  for (const name of names) count.set(name, (count.get(name) ?? 0) + 1);
  const sorted = [...count.keys()].sort((a, b) => count.get(b) - count.get(a));
  if (sorted.length > letters.length) throw new Error('More names than letters: add letters in names.mjs.');
  return Object.fromEntries(sorted.map((name, at) => [name, letters[at]]));
}

function read(name) {
  return readFileSync(sources + name, 'utf8');
}
