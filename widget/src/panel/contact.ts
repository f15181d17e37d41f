import { make } from './dom';
import type { Desk } from './desk';
import { words } from './words';

/** Where to write when nobody is there. */
export function contactForm(desk: Desk): HTMLFormElement {
  const email = make('input', { type: 'email', autocomplete: 'email', required: true });
  const name = make('input', { autocomplete: 'name' });
  const leave = make('button.pill', {}, words.leave);
  const form = make(
    'form',
    {},
    make('label', {}, words.email, email),
    make('label', {}, words.name, name),
    leave,
  );
  form.onsubmit = async (event) => {
    event.preventDefault();
    leave.disabled = true;
    await desk.contact(email.value.trim(), name.value.trim());
    leave.disabled = false;
  };
  return form;
}
