import type { Host } from '../host';
import { Client, type Message, Problem, type Site, call } from '../stream';
import type { View } from './view';
import { words } from './words';

/** Long enough to be read. */
const TROUBLE_MS = 8_000;

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
    const { base, site } = host.settings;
    this.#host = host;
    this.#changed = changed;
    this.#acted = acted;
    this.client = new Client({ base, site, changed, expired: () => this.#tell(words.expired) });
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
    void this.#try(this.client.handoff().then(({ availability }) => (this.#online = availability.online)));
    this.#acted();
  }

  stop(): void {
    void this.#try(this.client.stop());
    this.#acted();
  }

  retry(message: string): void {
    void this.#try(this.client.retry(message));
  }

  feedback(message: string, value: Message['feedback']): void {
    void this.#try(this.client.feedback(message, value));
  }

  contact(email: string, name: string): Promise<void> {
    return this.#try(this.client.contact(email, name));
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

  async #try(doing: Promise<unknown>): Promise<void> {
    try {
      await doing;
      this.#changed();
    } catch (reason) {
      if (!(reason instanceof Problem)) throw reason;
      this.#tell(words.failed);
      this.#calm = setTimeout(() => this.#tell(''), TROUBLE_MS);
    }
  }

  #tell(trouble: string): void {
    clearTimeout(this.#calm);
    this.#trouble = trouble;
    this.#changed();
  }
}
