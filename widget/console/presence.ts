import { lastSaid, newsAge } from './live';
import { onPage } from './page';

interface Viewing {
  members: { id: string; name: string }[];
  visitor: boolean;
}

/** Who types, who else looks, who is there: as the stream said last, and until it has, as the page was sent. */
export function wirePresence(): void {
  onPage(show);
  document.addEventListener('frontdesk:said', () => show(document.body));
  setInterval(() => showAge(document.body), 1_000);
}

function show(page: HTMLElement): void {
  for (const place of page.querySelectorAll<HTMLElement>('[data-typing]')) {
    const said = lastSaid('typing', place.dataset['typing']) as { names: string[] } | undefined;
    write(place, typing(said?.names ?? []));
  }
  for (const place of page.querySelectorAll<HTMLElement>('[data-others]')) {
    const viewing = lastSaid('viewing', place.dataset['others']) as Viewing | undefined;
    const names = viewing?.members.map(({ name }) => name) ?? [];
    write(place, names.length ? `also here: ${listed(names)}` : '');
    if (viewing) mark(page, '[data-visitor-here]', 'visitorHere', () => viewing.visitor);
  }
  const online = lastSaid('presence') as { members: string[] } | undefined;
  if (online)
    mark(page, '[data-member]', 'here', ({ dataset }) => online.members.includes(dataset['member']!));
  showAge(page);
}

function mark(page: HTMLElement, which: string, name: string, holds: (place: HTMLElement) => boolean): void {
  for (const place of page.querySelectorAll<HTMLElement>(which)) place.dataset[name] = String(holds(place));
}

function typing(names: string[]): string {
  return names.length ? `${listed(names)} ${names.length === 1 ? 'is' : 'are'} typing…` : '';
}

function listed(names: string[]): string {
  return names.length < 3
    ? names.join(' and ')
    : `${names.slice(0, 2).join(', ')} and ${names.length - 2} more`;
}

/** How old the last news is. It stands beside the word that is read out, and is not read out itself. */
function showAge(page: HTMLElement): void {
  const age = newsAge();
  const text = age === null ? '' : `last news ${ago(Math.round(age / 1_000))}`;
  for (const place of page.querySelectorAll<HTMLElement>('.link .age')) write(place, text);
}

function ago(seconds: number): string {
  if (seconds < 1) return 'now';
  if (seconds < 60) return `${seconds} s ago`;
  return seconds < 3_600 ? `${Math.floor(seconds / 60)} min ago` : `${Math.floor(seconds / 3_600)} h ago`;
}

function write(place: HTMLElement, text: string): void {
  if (place.textContent !== text) place.textContent = text;
}
