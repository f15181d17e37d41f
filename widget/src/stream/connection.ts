import { Pause, backoff, timing } from './timing';
import { Problem } from './http';
import { type Frame, readStream } from './sse';
import type { Event } from './types';

export type Link = 'connecting' | 'live' | 'polling' | 'offline';

export interface Hooks {
  /** Opens the stream; throws Problem. */
  open: (signal: AbortSignal) => Promise<Response>;
  event: (event: Event) => void;
  /** Fetches what was missed, by request; throws Problem. Called while no stream can be held, and on waking. */
  poll: () => Promise<void>;
  /** The link is another. */
  changed: () => void;
  /** A refusal that no repetition will cure. The connection is closed by then. */
  refused: (problem: Problem) => void;
}

const FAILURES_UNTIL_POLLING = 3;

/** Holds one event stream open, whatever happens to it, and polls for as long as it cannot be had. */
export class Connection {
  link: Link = 'connecting';
  #hooks: Hooks;
  #closed = false;
  #failures = 0;
  #liveSince = 0;
  #resumeAt = 0;
  #stream = new AbortController();
  #pause = new Pause();

  constructor(hooks: Hooks) {
    this.#hooks = hooks;
  }

  async run(): Promise<void> {
    while (!this.#closed) {
      await this.#attempt();
      await this.#pause.for(await this.#rest());
    }
  }

  close(): void {
    this.#closed = true;
    this.#stream.abort();
    this.#pause.end();
  }

  /** To be called when the network or the page comes back: tries at once, and checks a stream that looks alive. */
  wake(): void {
    this.#pause.end();
    if (this.link === 'live') this.#hooks.poll().catch(() => this.#stream.abort());
  }

  async #attempt(): Promise<void> {
    const stream = new AbortController();
    this.#stream = stream;
    let watchdog = setTimeout(() => stream.abort(), timing.firstByte);
    // A proxy that holds streams back says nothing for long; what is new comes by request meanwhile.
    const polls = setInterval(() => this.link === 'polling' && void this.#poll(), timing.pollFirst);
    const onBytes = (): void => {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => stream.abort(), timing.silence);
    };
    try {
      const response = await this.#hooks.open(stream.signal);
      await readStream(response.body!, (frame) => this.#frame(frame), onBytes);
    } catch (reason) {
      this.#judge(reason);
    }
    clearInterval(polls);
    clearTimeout(watchdog);
    stream.abort();
  }

  #frame({ event, data }: Frame): void {
    this.#liveSince ||= Date.now();
    this.#set('live');
    const body = JSON.parse(data) as Event;
    // Durable events say their kind themselves; of the others, only the frame does.
    const told = body.kind ? body : ({ kind: event, data: body } as unknown as Event);
    if (told.kind === 'reconnect') this.#leaveIn(told.data.after_ms);
    this.#hooks.event(told);
  }

  /** The server is about to go: the stream serves until then, and everybody comes back at a time of their own. */
  #leaveIn(ms: number): void {
    const stream = this.#stream;
    this.#resumeAt = Date.now() + ms;
    setTimeout(() => stream.abort(), ms);
  }

  /** A stream that breaks is opened again; one that is refused is not. */
  #judge(reason: unknown): void {
    if (!(reason instanceof Problem)) return;
    if (reason.passing) {
      this.#resumeAt = reason.retryAfter && Date.now() + reason.retryAfter;
    } else {
      this.close();
      this.#hooks.refused(reason);
    }
  }

  /** After a stream has ended: counts, polls where streams do not hold, and says how long to wait. */
  async #rest(): Promise<number> {
    const told = this.#resumeAt - Date.now();
    if (this.#liveSince && Date.now() - this.#liveSince > timing.settled) this.#failures = 0;
    if (!this.#resumeAt) this.#failures += 1;
    this.#liveSince = this.#resumeAt = 0;
    if (this.#closed) return 0;
    const since = this.#failures - FAILURES_UNTIL_POLLING;
    if (since < 0) this.#set('connecting');
    else await this.#poll();
    if (told > 0) return told;
    if (this.link !== 'polling') return backoff(this.#failures);
    return Math.min(timing.pollLongest, timing.pollFirst * 1.5 ** since) * (0.75 + Math.random() / 2);
  }

  async #poll(): Promise<void> {
    let link: Link = 'polling';
    try {
      await this.#hooks.poll();
    } catch (reason) {
      this.#judge(reason);
      link = 'offline';
    }
    if (!this.#liveSince) this.#set(link);
  }

  #set(link: Link): void {
    if (this.link === link) return;
    this.link = link;
    this.#hooks.changed();
  }
}
