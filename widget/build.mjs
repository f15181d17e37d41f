/** Builds the widget into the folder that the server hands out: widget.js, and in each language the panel and what is seldom needed. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';
import { minify } from 'terser';
import { shortProperties, shortSource, shortStyles, shortWords } from './names.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const out = fileURLToPath(new URL('../app/web/static/', import.meta.url));

/** In the order of the columns of the table of strings. */
const LANGUAGES = ['en', 'de', 'fr', 'es', 'ar'];

/** Imports a style sheet as its minified text, for constructable style sheets. */
const styles = {
  name: 'styles',
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const options = { entryPoints: [path], bundle: true, minify: true, write: false, charset: 'utf8' };
      const [{ text }] = (await build(options)).outputFiles;
      return { contents: shortStyles(text.trim()), loader: 'text' };
    });
    onLoad({ filter: /src[\\/](element|(panel|seldom)[\\/]\w+)\.ts$/ }, ({ path }) => {
      return { contents: shortSource(readFileSync(path, 'utf8')), loader: 'ts' };
    });
  },
};

/** Puts one column of the table of strings in the place of words.ts. Members of an enum end up where they are used. */
const wordsOf = (column) => ({
  name: 'words',
  setup({ onLoad }) {
    onLoad({ filter: /panel[\\/]words\.ts$/ }, () => {
      const members = Object.entries(strings).map(([key, row]) => `${key} = ${JSON.stringify(row[column])}`);
      return { contents: `export enum words { ${members.join(', ')} }`, loader: 'ts' };
    });
  },
});

async function tableOfStrings() {
  const source = readFileSync(`${here}src/panel/strings.ts`, 'utf8');
  const { code } = await transform(source, { loader: 'ts', format: 'esm' });
  return (await import(`data:text/javascript,${encodeURIComponent(code)}`)).STRINGS;
}

/** Arabic letters are two bytes each, so they travel as Latin ones, which those strings have none of. */
const LETTERS_APART = 'ء'.charCodeAt() - 'A'.charCodeAt();

function packed(code) {
  if (code.includes('_A'))
    throw new Error('The name of the unpacking function is taken. Choose another in packed().');
  let found = 0;
  const shorter = code.replace(/"[^"\\A-q]*[ء-ّ][^"\\A-q]*"/g, (text) => {
    found += 1;
    return `_A(${text.replace(/[ء-ّ]/g, (letter) => String.fromCharCode(letter.charCodeAt() - LETTERS_APART))})`;
  });
  const unpack = `e.replace(/[A-q]/g,e=>String.fromCharCode(e.charCodeAt()+${LETTERS_APART}))`;
  return found ? `var _A=e=>${unpack};${shorter}` : code;
}

async function panelIn(column) {
  const code = await bundle('src/panel/panel.ts', { format: 'esm', plugins: [wordsOf(column), styles] });
  // The style sheet is set at the end, because script packs better beside script. The panel is made after that.
  const [setting, name] = /([\w$]+)=':host(?:\\.|[^'\\])*'/.exec(code);
  return `${packed(code.replace(setting, () => name))}${setting};`;
}

async function seldomIn(column) {
  return packed(await bundle('src/seldom/seldom.ts', { format: 'esm', plugins: [wordsOf(column), styles] }));
}

async function bundle(entry, options) {
  const { outputFiles } = await build({
    absWorkingDir: here,
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    charset: 'utf8',
    ...shortProperties,
    target: 'es2022',
    legalComments: 'none',
    logLevel: 'warning',
    ...options,
  });
  // A second minifier folds what the first leaves: a tenth of the visitor's download.
  const { code } = await minify(shortWords(outputFiles[0].text), {
    module: true,
    ecma: 2020,
    compress: {
      passes: 3,
      hoist_funs: true,
      hoist_props: false,
      lhs_constants: false,
      unsafe_math: true,
      keep_fargs: false,
      pure_getters: true,
      unsafe: true,
      unsafe_arrows: true,
      unsafe_methods: true,
    },
    format: { ascii_only: false },
  });
  return code;
}

const strings = await tableOfStrings();
const panels = await Promise.all(LANGUAGES.map((_, column) => panelIn(column)));
const seldom = await Promise.all(LANGUAGES.map((_, column) => seldomIn(column)));
// One version for all languages, so that the loader has to know only that.
const version = createHash('sha256')
  .update([...panels, ...seldom].join())
  .digest('hex')
  .slice(0, 8)
  .toUpperCase();
const loader = await bundle('src/loader.ts', {
  format: 'iife',
  plugins: [styles],
  define: { VERSION: JSON.stringify(version) },
});

mkdirSync(out, { recursive: true });
writeFileSync(`${out}widget.js`, loader);
const built = new Map(
  LANGUAGES.flatMap((language, column) => [
    [`panel-${language}-${version}.js`, panels[column]],
    [`seldom-${language}-${version}.js`, seldom[column]],
  ]),
);
for (const [name, code] of built) writeFileSync(out + name, code);

// Parts of earlier builds: nothing points at them any more.
for (const name of readdirSync(out)) {
  if (/^(panel|seldom)-.*\.js$/.test(name) && !built.has(name)) rmSync(out + name);
}
