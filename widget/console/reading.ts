import { onPage } from './page';

let told = '';

/** Tells the visitor that their words were read: by who has the conversation, and only while the page is seen. */
export function wireReading(): void {
  onPage(tell);
  document.addEventListener('visibilitychange', () => tell(document.body));
}

function tell(page: HTMLElement): void {
  const thread = page.querySelector<HTMLElement>('.thread');
  const seq = thread?.dataset['unreadTo'] ?? '0';
  const news = `${thread?.id} ${seq}`;
  if (seq === '0' || news === told || document.visibilityState !== 'visible') return;
  told = news;
  const id = thread!.id.replace('thread-', '');
  fetch(`/console/conversations/${id}/read`, { method: 'POST', body: new URLSearchParams({ seq }) }).catch(
    () => {
      // A receipt that was not told is told with the next message.
      told = '';
    },
  );
}
