import { make } from '../src/panel/dom';
import { onPage } from './page';

const MOST = 6;

/** What is offered below which text: a list of names, one of them chosen by the keys. */
interface Offer {
  field: HTMLTextAreaElement;
  list: HTMLUListElement;
  /** Where the `@` stands. */
  start: number;
  names: string[];
  chosen: number;
}

let offer: Offer | null = null;

/** Typing `@` offers the names that the form knows; arrows choose, Enter or Tab takes, Escape sends away. */
export function wireMentions(): void {
  document.addEventListener('input', ({ target }) => {
    if (target instanceof HTMLTextAreaElement) look(target);
  });
  // Before the composer, which would send with the same key.
  document.addEventListener('keydown', pressed, true);
  document.addEventListener('pointerdown', (event) => {
    const row = event.target instanceof Element ? event.target.closest('#offer li') : null;
    if (!row || !offer) return close();
    event.preventDefault();
    take(offer, row.textContent!.trim());
  });
  document.addEventListener('focusout', () => close());
  onPage(() => {
    if (offer && !offer.field.isConnected) close();
  });
}

function look(field: HTMLTextAreaElement): void {
  const names = JSON.parse(field.form?.dataset['names'] ?? '[]') as string[];
  const before = field.value.slice(0, field.selectionStart);
  const begun = /(?:^|[^\p{L}\p{N}])@([^@\n]{0,40})$/u.exec(before);
  close();
  if (!begun) return;
  const typed = begun[1]!.toLocaleLowerCase();
  const found = names.filter((name) => fits(name.toLocaleLowerCase(), typed)).slice(0, MOST);
  if (found.length) open(field, before.length - begun[1]!.length - 1, found);
}

function fits(name: string, typed: string): boolean {
  return name !== typed && (name.startsWith(typed) || name.split(' ').some((part) => part.startsWith(typed)));
}

function open(field: HTMLTextAreaElement, start: number, names: string[]): void {
  const rows = names.map((name, n) => make('li', { id: `offer-${n}`, role: 'option' }, name));
  const list = make('ul', { id: 'offer', role: 'listbox', 'aria-label': 'Colleagues' }, ...rows);
  // Beside the page rather than in it, so that news of others do not take it away.
  document.body.append(list);
  place(list, field.getBoundingClientRect());
  field.setAttribute('aria-controls', 'offer');
  field.setAttribute('aria-expanded', 'true');
  offer = { field, list, start, names, chosen: 0 };
  choose(offer, 0);
}

function place(list: HTMLElement, { left, top, width }: DOMRect): void {
  Object.assign(list.style, {
    left: `${left}px`,
    bottom: `${innerHeight - top + 8}px`,
    maxWidth: `${width}px`,
  });
}

function choose(shown: Offer, wanted: number): void {
  shown.chosen = (wanted + shown.names.length) % shown.names.length;
  [...shown.list.children].forEach((row, n) => row.setAttribute('aria-selected', String(n === shown.chosen)));
  shown.field.setAttribute('aria-activedescendant', `offer-${shown.chosen}`);
}

function pressed(event: KeyboardEvent): void {
  if (!offer || event.target !== offer.field || event.isComposing || event.ctrlKey || event.metaKey) return;
  if (event.key === 'ArrowDown') choose(offer, offer.chosen + 1);
  else if (event.key === 'ArrowUp') choose(offer, offer.chosen - 1);
  else if (event.key === 'Enter' || event.key === 'Tab') take(offer, offer.names[offer.chosen]!);
  else if (event.key === 'Escape') close();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function take({ field, start }: Offer, name: string): void {
  close();
  field.focus();
  field.setRangeText(`@${name} `, start, field.selectionStart, 'end');
  field.dispatchEvent(new Event('input', { bubbles: true }));
}

function close(): void {
  if (!offer) return;
  const { field, list } = offer;
  offer = null;
  list.remove();
  for (const name of ['aria-controls', 'aria-expanded', 'aria-activedescendant']) field.removeAttribute(name);
}
