import type { Host } from '../host';
import { Client, Problem, type Site, call } from '../stream';
import type { View } from './view';
import { words } from './words';

/** Long enough to be read. */
const TROUBLE_MS = 8_000;
const UNUSABLE = 422;

/** Everything behind the panel: the site, the conversation, and what the visitor does with them. */
export class Desk {
  readonly client: Client;
  site: Site | null = null;
  /** Why nothing can be shown; empty while something can. */
  dead = '';
  #host: Host;
  #changed: () => void;
  #acted: () => void;
  #online = false;
  #trouble = '';
  #calm: ReturnType<typeof setTimeout> | undefined;

  /** `acted` is called after what the visitor does on the way to writing more. */
  constructor(host: Host, changed: () => void, acted: () => void) {
    const { base, site, language } = host.settings;
    this.#host = host;
    this.#changed = changed;
    this.#acted = acted;
    this.client = new Client({
      base,
      site,
      language: language.tag,
      changed,
      expired: () => this.#tell(words.expired),
    });
  }

  get view(): View {
    const { state, refusal, outbox, link } = this.client;
    return {
      site: this.site,
      state,
      pending: outbox.pending,
      link: navigator.onLine ? link : 'offline',
      online: this.#online,
      trouble: this.#trouble || refusal,
    };
  }

  send(text: string): void {
    this.#tell('');
    this.client.outbox.add(text);
    this.#acted();
  }

  resend(): void {
    this.client.outbox.wake();
    this.#acted();
  }

  handoff(): void {
    void this.act(this.client.handoff().then(({ availability }) => (this.#online = availability.online)));
    this.#acted();
  }

  stop(): void {
    void this.act(this.client.stop());
    this.#acted();
  }

  contact(email: string, name: string, refused: (why: string) => void): Promise<void> {
    return this.act(this.client.contact(email, name).then(this.#acted), refused);
  }

  /** Draws what came of it, or says that it did not work; `refused` hears what is wrong with what was entered. */
  async act(doing: Promise<unknown>, refused?: (why: string) => void): Promise<void> {
    try {
      await doing;
      this.#changed();
    } catch (reason) {
      if (!(reason instanceof Problem)) throw reason;
      if (refused && reason.status === UNUSABLE) return refused(reason.message);
      this.#tell(words.failed);
      this.#calm = setTimeout(() => this.#tell(''), TROUBLE_MS);
    }
  }

  /** Fetches how the site presents itself, and who is there now. */
  async load(): Promise<void> {
    const { base, site, accent } = this.#host.settings;
    try {
      this.site = await call<Site>(
        { base, token: () => undefined },
        'GET',
        `/v1/sites/${encodeURIComponent(site)}`,
      );
      this.#online = this.site.availability.online;
      this.dead = '';
      if (!accent && this.site.accent) this.#host.paint(this.site.accent);
    } catch (reason) {
      if (!this.site) this.#die(reason as Problem);
    }
    this.#changed();
  }

  #die({ passing, message }: Problem): void {
    this.dead = passing ? words.failed : words.notSetUp;
    if (!passing) console.error(`Frontdesk, data-site="${this.#host.settings.site}":`, message);
  }

  #tell(trouble: string): void {
    clearTimeout(this.#calm);
    this.#trouble = trouble;
    this.#changed();
  }
}
