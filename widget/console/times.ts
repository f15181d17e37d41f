import { onPage } from './page';

const TICK_MS = 5_000;
const DAY_S = 86_400;

const clock = new Intl.DateTimeFormat([], { hour: 'numeric', minute: '2-digit' });
const day = new Intl.DateTimeFormat([], { day: 'numeric', month: 'short' });
const dayAndYear = new Intl.DateTimeFormat([], { day: 'numeric', month: 'short', year: 'numeric' });
const languages = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'code' });

/** How far this computer's clock is behind the server's, in milliseconds. */
let behind = 0;

/** Takes the server's time from a response's header: a clock here may be off by hours. */
export function setClock(date: string | null): void {
  if (date) behind = Date.parse(date) - Date.now();
}

/** Times are sent in UTC and shown where and when the member is. */
export function wireTimes(): void {
  onPage(show);
  setInterval(() => show(document.body), TICK_MS);
}

function show(page: HTMLElement): void {
  for (const time of page.querySelectorAll<HTMLTimeElement>('time[data-as]')) {
    const at = new Date(time.dateTime);
    write(time, worded(at, time.dataset['as']!));
    if (!time.title) time.title = at.toLocaleString();
  }
  for (const name of page.querySelectorAll<HTMLElement>('[data-language]')) {
    write(name, nameOf(name.dataset['language']!));
  }
}

function worded(at: Date, as: string): string {
  if (as === 'wait') return wait(Math.max(0, (Date.now() + behind - at.getTime()) / 1000));
  const today = at.toDateString() === new Date(Date.now() + behind).toDateString();
  if (as === 'brief') return today ? clock.format(at) : day.format(at);
  if (as === 'clock') return today ? clock.format(at) : `${day.format(at)}, ${clock.format(at)}`;
  return today ? `Today, ${clock.format(at)}` : `${dayAndYear.format(at)}, ${clock.format(at)}`;
}

/** How long somebody has waited, in seconds. */
function wait(seconds: number): string {
  if (seconds < 5) return 'now';
  if (seconds < 60) return `${Math.floor(seconds / 5) * 5} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < DAY_S) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / DAY_S)} d`;
}

function nameOf(code: string): string {
  try {
    return languages.of(code) ?? code;
  } catch {
    // Browsers send what they like as a language; what is none is shown as it came.
    return code;
  }
}

function write(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
