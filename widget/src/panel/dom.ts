/** Small helpers that make nodes; text only ever enters as text. */
import type { Host } from '../host';

/** What is false, empty or missing leaves nothing. */
export type Child = Node | string | false | null | undefined;

type Attributes = Record<string, string | boolean | null>;

/** Creates an element: `make('p.hello', { id: 'x' }, 'text', child)`. */
export function make<K extends keyof HTMLElementTagNameMap>(
  name: K | `${K}.${string}`,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const [tag, ...classes] = name.split('.');
  const element = document.createElement(tag as K);
  element.className = classes.join(' ');
  set(element, attributes);
  fillWith(element, children);
  return element;
}

/** Sets attributes; what is false or missing is removed. */
export function set(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value) element.setAttribute(name, String(value));
    else element.removeAttribute(name);
  }
}

export function button(
  name: 'button' | `button.${string}`,
  label: Child,
  press: () => void,
  attributes: Attributes = {},
): HTMLButtonElement {
  const element = make(name as 'button', { type: 'button', ...attributes }, label);
  element.onclick = press;
  return element;
}

/** Makes a line drawing. The loader lends it, because its bell is drawn so too. */
export let icon: Host['icon'];

export function borrowIcon(host: Host): void {
  icon = host.icon;
}

const drawn = new WeakMap<Element, string>();

/** Draws an element's children anew if what they are drawn from is another. The focus stays at the same place. */
export function redraw(element: Element, from: unknown, draw: () => Child[]): void {
  const key = JSON.stringify(from);
  if (drawn.get(element) === key) return;
  drawn.set(element, key);
  const focused = [...element.children].findIndex((child) => child.matches(':focus'));
  fillWith(element, draw());
  (element.children[focused] as HTMLElement | undefined)?.focus();
}

function fillWith(element: Element, children: Child[]): void {
  element.replaceChildren(...(children.filter(Boolean) as (Node | string)[]));
}
