import type { Language } from './host';

/** The languages that the widget speaks, each with the name of its launcher. */
const LABELS: Record<string, string> = {
  en: 'Open chat',
  de: 'Chat öffnen',
  fr: 'Ouvrir le chat',
  es: 'Abrir el chat',
  ar: 'فتح المحادثة',
};

/** The first language that is spoken here: the snippet's, the page's, or the visitor's. */
export function chooseLanguage(wanted: string | undefined): Language {
  const page = document.documentElement;
  const asked = [wanted ?? '', page.lang, ...navigator.languages].map((tag) => tag.slice(0, 2));
  const tag = asked.find((each) => LABELS[each]) ?? 'en';
  const rtl = tag === 'ar' || (!wanted && getComputedStyle(page).direction === 'rtl');
  return { tag, label: LABELS[tag]!, rtl };
}
