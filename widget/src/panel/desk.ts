import type { Host } from '../host';
import {
  type Attachment,
  type Client,
  type Handoff,
  Problem,
  type Site,
  call,
  openClient,
  uuid,
} from '../stream';
import type { View } from './view';
import { words } from './words';

/** Long enough to be read, and for a connection to return. */
const TROUBLE_MS = 8_000;
const UNUSABLE = 422;

/** What the part of seldom needs exports. */
type Seldom = 'ask' | 'pick' | 'show';

/** Everything behind the panel: the site, the conversation, and what the visitor does with them. */
export interface Desk {
  readonly client: Client;
  readonly view: View;
  /** Why nothing can be shown; empty while something can. */
  readonly dead: string;
  send: (text: string, files?: Attachment[]) => void;
  /** Has what few visits need done in `place`: it is fetched first, however long that takes. */
  seldom: (what: Seldom, place: HTMLElement, files?: Attachment[]) => void;
  resend: () => void;
  handoff: () => void;
  stop: () => void;
  contact: (email: string, name: string, refused: (why: string) => void) => Promise<void>;
  /** Draws what came of it, or says that it did not work; `refused` hears what is wrong with what was entered. */
  act: (doing: Promise<unknown>, refused?: (why: string) => void) => Promise<void>;
  /** Fetches how the site presents itself, and who is there now. */
  load: () => Promise<void>;
}

/** `acted` is called after what the visitor does on the way to writing more. */
export function openDesk(host: Host, changed: () => void, acted: () => void): Desk {
  const { base, site: key, language, accent } = host.settings;
  let site: Site | null = null;
  let dead = '';
  let reachable = false;
  let trouble = '';
  let calm: ReturnType<typeof setTimeout> | undefined;

  const tell = (text: string): void => {
    clearTimeout(calm);
    trouble = text;
    changed();
  };
  const client = openClient({
    base,
    site: key,
    language: language.tag,
    changed,
    expired: () => tell(words.expired),
  });
  const act = async (doing: Promise<unknown>, refused?: (why: string) => void): Promise<void> => {
    try {
      await doing;
      changed();
    } catch (reason) {
      if (!(reason instanceof Problem)) throw reason;
      if (refused && reason.status === UNUSABLE) return refused(reason.message);
      tell(words.failed);
      calm = setTimeout(tell, TROUBLE_MS, '');
    }
  };
  const seldom: Desk['seldom'] = (what, place, files) => {
    host.part('seldom').then(
      (part) => part[what]!(desk, place, host, files),
      () => setTimeout(seldom, TROUBLE_MS, what, place, files),
    );
  };
  const die = ({ passing, message }: Problem): void => {
    dead = passing ? words.failed : words.notSetUp;
    if (!passing) console.error('Frontdesk:', message);
  };
  const desk: Desk = {
    client,
    get dead() {
      return dead;
    },
    get view() {
      const { state, refusal, outbox, link, heard } = client;
      return {
        site,
        state,
        messages: state?.messages ?? [],
        status: state?.status ?? 'bot',
        pending: outbox.pending,
        link: navigator.onLine ? link : 'offline',
        heard,
        online: state?.online ?? reachable,
        trouble: trouble || refusal,
      };
    },
    send(text, files) {
      tell('');
      client.outbox.add(text, files);
      acted();
    },
    seldom,
    resend() {
      client.outbox.wake();
      acted();
    },
    handoff() {
      const asked = client.within<Handoff>('handoff', {});
      void act(asked.then(({ availability }) => (reachable = availability.online)));
      acted();
    },
    stop() {
      void act(client.within('stop', {}));
      acted();
    },
    contact: (email, name, refused) =>
      act(
        client.within('contact', { email, name: name || undefined, client_id: uuid() }).then(acted),
        refused,
      ),
    act,
    async load() {
      try {
        site = await call<Site>({ base, token: () => undefined }, 'GET', `/v1/sites/${key}`);
        reachable = site.availability.online;
        dead = '';
        if (!accent && site.accent) host.paint(site.accent);
      } catch (reason) {
        if (!site) die(reason as Problem);
      }
      changed();
    },
  };
  return desk;
}
