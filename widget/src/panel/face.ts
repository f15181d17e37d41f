import { make } from './dom';

/** A round initial; people get a colour of their own. */
export function face(name: string, person: boolean): HTMLElement {
  const [initial = ''] = name.trim();
  return make(person ? 'span.face.person' : 'span.face', { 'aria-hidden': 'true' }, initial.toUpperCase());
}
