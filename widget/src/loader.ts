import { type Widget, widgetIn } from './element';
import { chooseLanguage } from './language';

declare global {
  interface Window {
    Frontdesk?: Widget;
  }
}

/** Known only while the script runs for the first time. */
const script = document.currentScript as HTMLScriptElement | null;

if (script && !window.Frontdesk) begin(script);

function begin({ src, dataset }: HTMLScriptElement): void {
  const { site, accent, position, lang, open } = dataset;
  if (!site) {
    console.error('Frontdesk: data-site is missing. Copy the snippet from the console.');
    return;
  }
  const coloured = /^#[\da-f]{6}$/i.test(accent ?? '');
  if (accent && !coloured) console.error('Frontdesk: data-accent has to look like #00624b.');
  const element = document.createElement('frontdesk-widget');
  const widget = widgetIn(element, {
    base: src.replace(/\/[^/]*$/, ''),
    site,
    accent: coloured ? accent : undefined,
    side: position ?? '',
    language: chooseLanguage(lang),
  });
  window.Frontdesk = widget;
  const begun = (): void => {
    document.body.append(element);
    if (open !== undefined && open !== 'false') void widget.open();
  };
  if (document.body) begun();
  else addEventListener('DOMContentLoaded', begun);
}
