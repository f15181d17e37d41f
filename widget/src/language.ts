import type { Language } from './host';

/** In the order of the columns in the tables of strings. */
const TAGS = ['en', 'de', 'fr', 'es', 'ar'];

/** The first language that is spoken here: the snippet's, the page's, or the visitor's. */
export function chooseLanguage(wanted: string | undefined): Language {
  const page = document.documentElement;
  const spoken = [wanted, page.lang, ...navigator.languages].map((tag) =>
    TAGS.indexOf((tag ?? '').slice(0, 2)),
  );
  const index = spoken.find((column) => column >= 0) ?? 0;
  const tag = TAGS[index]!;
  const pageIsRtl = !wanted && getComputedStyle(page).direction === 'rtl';
  return { index, tag, rtl: pageIsRtl || /^(ar|fa|he|ur)\b/.test(wanted ?? tag) };
}
