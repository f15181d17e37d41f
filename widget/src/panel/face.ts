import { make } from './dom';

/** A round initial; people get a colour of their own. */
export function face(name: string, person: boolean): HTMLElement {
  const [initial = ''] = name.trim();
  return make(person ? 'i.face.person' : 'i.face', { 'aria-hidden': 'true' }, initial.toUpperCase());
}
