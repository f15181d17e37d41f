import type { Desk } from './desk';
import { make, set } from './dom';
import { words } from './words';

/** Where to write when nobody is there. What is wrong with the address stands beside it, as part of its label. */
export function contactForm(desk: Desk): HTMLFormElement {
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
  return form;
}
