import type { Host } from '../host';
import { borrowIcon } from '../panel/dom';
import css from './seldom.css';

let dressed = false;

/** What the panel lends, and the style sheet that it has not. */
export function dress(host: Host): void {
  if (dressed) return;
  dressed = true;
  borrowIcon(host);
  host.dress(css);
}
