import { FrontdeskWidget } from './element';
import { chooseLanguage } from './language';

declare global {
  interface Window {
    /** What the page may call: `open()`, `close()`, `toggle()`, and `on(name, listener)`. */
    Frontdesk?: Pick<FrontdeskWidget, 'open' | 'close' | 'toggle' | 'on'>;
  }
}

/** Known only while the script runs for the first time. */
const script = document.currentScript as HTMLScriptElement | null;

if (script && !window.Frontdesk) begin(script);

function begin({ src, dataset }: HTMLScriptElement): void {
  const { site, accent, position, lang, open } = dataset;
  if (!site) {
    console.error(
      'Frontdesk: the script tag needs data-site="KEY". Copy the snippet from Settings in the console.',
    );
    return;
  }
  const coloured = /^#[\da-f]{6}$/i.test(accent ?? '');
  if (accent && !coloured) console.error('Frontdesk: data-accent has to look like #00624b.');
  customElements.define('frontdesk-widget', FrontdeskWidget);
  const widget = new FrontdeskWidget().configure({
    base: src.replace(/\/[^/]*$/, ''),
    site,
    accent: coloured ? accent : undefined,
    side: /^(left|right)$/.test(position ?? '') ? position! : '',
    language: chooseLanguage(lang),
  });
  window.Frontdesk = widget;
  const begun = (): void => {
    document.body.append(widget);
    if (open !== undefined && open !== 'false') void widget.open();
  };
  if (document.body) begun();
  else addEventListener('DOMContentLoaded', begun);
}
