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
  'act changed client connection dead door dress element emit enter form greet hear heard hold icon input launch lead leads',
  'link loading mark named note offer paint parts passing pending poll post recap refusal resend rest',
  'resume retryAfter rtl settings settle side store take tell toLatest trouble update urge view wait wake writes part seldom',
].flatMap((line) => line.split(' '));
/**
 * Words that the widget tells apart by, and that neither the server nor the browser knows; nor are they classes or names of
 * elements. Only where such a word is a whole string is it shortened.
 */
const OUR_WORDS = 'page sending late refused sent answer person again question end free'.split(' ');
/** Of these the tabs of a browser tell one another, also tabs with widgets of different versions: never change a letter. */
const BETWEEN_TABS = { connecting: 't', live: 'e', polling: 'i', snapshot: 'a' };
/** Where the names of everybody are. */
const THEIRS = ['stream/types.ts', 'stream/store.ts', 'panel/strings.ts'];

/** How a class is named in the panel's sources: as in `'div.note'`, and in no other way. */
const ELEMENT = /'[a-z]\w*(\.[a-z]\w*)+'/g;
const CLASS = /\.([a-z]\w*)/g;
const VARIABLE = /--[a-z][\w-]*/g;
const DECLARED = /^ +(?:readonly )?(\w+)\??:/gm;

/** The letters that minified code has most of come first: they are packed shortest. */
const LETTERS = 'teinarsoldhcupgfmbvwykxqjzABCDEFGHIJKLMNOPQRSTUVWXYZ';

const panelStyles = readdirSync(`${sources}panel/styles`).map((name) => read(`panel/styles/${name}`));
const styles = [read('launcher.css'), panelStyles.join('\n')];
const panel = readdirSync(`${sources}panel`).filter((name) => name.endsWith('.ts'));
const elements = panel.flatMap((name) => read(`panel/${name}`).match(ELEMENT) ?? []);
// The launcher's are put together while it runs, so they cannot be found.
const launcher = namesIn(styles[0], CLASS);
const found = namesIn(elements.join(), CLASS).filter((name) => !launcher.includes(name));
const classes = lettersFor([...found, ...namesIn(styles[1], CLASS).filter((name) => found.includes(name))]);
const variables = lettersFor(namesIn(styles.join(), VARIABLE));

const words = { ...BETWEEN_TABS, ...lettersFor(OUR_WORDS, Object.values(BETWEEN_TABS)) };

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

/** Bundled code, in which strings stand in double quotes, with one letter for each word of ours. */
export function shortWords(code) {
  return code.replace(/"([a-z]+)"/g, (text, word) => (words[word] ? `"${words[word]}"` : text));
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

/** A letter or two for each name, the shortest packed for the most frequent; `taken` are names in themselves. */
function lettersFor(names, taken = []) {
  const pairs = [...LETTERS].map((letter) => letter + LETTERS[0]);
  const letters = [...LETTERS, ...pairs].filter((letter) => !taken.includes(letter));
  const count = new Map();
  for (const name of names) count.set(name, (count.get(name) ?? 0) + 1);
  const sorted = [...count.keys()].sort((a, b) => count.get(b) - count.get(a));
  return Object.fromEntries(sorted.map((name, at) => [name, letters[at]]));
}

function read(name) {
  return readFileSync(sources + name, 'utf8');
}
