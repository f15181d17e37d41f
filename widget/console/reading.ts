import { onPage } from './page';

/** The last message told to be read, by the address that it was told at. */
const told = new Map<string, string>();

/** Tells that words were read, at the addresses that the page names, and only while it is seen. */
export function wireReading(): void {
  onPage(tell);
  document.addEventListener('visibilitychange', () => tell(document.body));
}

function tell(page: HTMLElement): void {
  if (document.visibilityState !== 'visible') return;
  page.querySelectorAll<HTMLElement>('[data-read-at]').forEach(tellOne);
}

function tellOne({ dataset }: HTMLElement): void {
  const [address, seq] = [dataset['readAt']!, dataset['unreadTo'] ?? '0'];
  if (seq === '0' || told.get(address) === seq) return;
  told.set(address, seq);
  fetch(address, { method: 'POST', body: new URLSearchParams({ seq }) }).catch(() => {
    // A receipt that was not told is told with the next message.
    told.delete(address);
  });
}
