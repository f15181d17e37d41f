import type { Host } from '../host';
import type { Desk } from '../panel/desk';
import { make, set } from '../panel/dom';
import { words } from '../panel/words';
import { dress } from './dress';

/** Where to write when nobody is there. What is wrong with the address stands beside it, as part of its label. */
export function ask(desk: Desk, place: HTMLElement, host: Host): void {
  dress(host);
  const email = make('input', { type: 'email', autocomplete: 'email', required: true, maxlength: '254' });
  const name = make('input', { autocomplete: 'name', maxlength: '200' });
  const wrong = make('span', { role: 'alert' });
  const leave = make('button.pill', {}, words.send);
  const refuse = (why: string): void => {
    wrong.textContent = why;
    set(email, { 'aria-invalid': 'true' });
    email.focus();
  };
  const form = make(
    'form',
    {},
    make('label', {}, words.email, email, wrong),
    make('label', {}, words.name, name),
    leave,
  );
  form.onsubmit = async (event) => {
    event.preventDefault();
    leave.disabled = true;
    await desk.contact(email.value.trim(), name.value.trim(), refuse);
    leave.disabled = false;
  };
  place.replaceChildren(form);
}
