import { refresh } from './page';

/** Who is there stands on the Team pages: as somebody comes or goes they are fetched anew. */
export function wirePeople(): void {
  document.addEventListener('frontdesk:said', (event) => {
    const { detail } = event as CustomEvent<string>;
    if (detail === 'presence' && document.querySelector('.dot')) refresh();
  });
}
