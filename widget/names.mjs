/**
 * Shortens the names that nobody but the widget sees: classes, custom properties, and properties of its own objects.
 * The sources keep words; a visitor downloads letters.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const sources = fileURLToPath(new URL('./src/', import.meta.url));

/** How a class is named in the panel's sources: `'div.note'`, and in no other way. */
const ELEMENT = /'[a-z]\w*(\.[a-z]\w*)+'/g;
const CLASS = /\.([a-z]\w*)/g;
const VARIABLE = /--[a-z][\w-]*/g;

/** Properties of objects that neither the server, the browser nor the page knows. */
const OURS =
  /^(acted|again|attend|bearer|calm|changed|connection|drain|element|expired|hold|mark|named|note|offer|outbox|passing|poll|redraw|refusal|refused|resend|retryAfter|settle|toLatest|trouble|update|wake)$/;

export const ours = OURS;

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const styles = ['launcher.css', 'panel/panel.css'].map((name) => readFileSync(sources + name, 'utf8'));
const panel = readdirSync(`${sources}panel`).filter((name) => name.endsWith('.ts'));
const named = panel.flatMap((name) => readFileSync(`${sources}panel/${name}`, 'utf8').match(ELEMENT) ?? []);

// The launcher's classes are the loader's too, which is the same for every version of the panel.
const shared = new Set(found(styles[0], CLASS));
const classes = lettersFor(found(named.join(), CLASS).filter((name) => !shared.has(name)));
const variables = lettersFor(found(styles.join(), VARIABLE));

/** A style sheet with its short names. */
export function shortStyles(css) {
  return shortVariables(css).replace(CLASS, (whole, name) => `.${classes[name] ?? name}`);
}

/** A source of the panel with the short names of the style sheets. */
export function shortSource(code) {
  const withClasses = code.replace(ELEMENT, (element) =>
    element.replace(CLASS, (_, name) => `.${classes[name] ?? name}`),
  );
  return shortVariables(withClasses);
}

function shortVariables(text) {
  return text.replace(VARIABLE, (name) => (variables[name] ? `--${variables[name]}` : name));
}

function found(text, names) {
  return [...text.matchAll(names)].map(([whole, name = whole]) => name);
}

/** A letter for each name. */
function lettersFor(names) {
  const once = [...new Set(names)];
  if (once.length > letters.length) throw new Error('More names than letters: lengthen the letters in names.mjs.');
  return Object.fromEntries(once.map((name, at) => [name, letters[at]]));
}
