import { Problem } from './http';
import { type Frame, readStream } from './sse';
import { type Link, type Told, tabs } from './tabs';
import { backoff, newPause, now, timing } from './timing';
import type { Event } from './types';

export type { Link } from './tabs';

export interface Hooks {
  /** What is followed. The tabs of a browser that follow the same share one stream. */
  name: string;
  /** Opens the stream; throws Problem. */
  open: (signal: AbortSignal) => Promise<Response>;
  event: (event: Event) => void;
  /** Fetches what was missed, by request; throws Problem. Called while no stream can be held, and on waking. */
  poll: () => Promise<void>;
  /** How things stand, for a tab that has just come. */
  recap: () => Event[];
  /** The link is another. */
  changed: () => void;
  /** A refusal that no repetition will cure. The connection is closed by then. */
  refused: (problem: Problem) => void;
}

export interface Connection {
  readonly link: Link;
  /** When something was last heard, as `now()` tells time; 0 before. */
  readonly heard: number;
  /** Lets the other tabs know what this one has fetched. */
  tell: (events: Event[]) => void;
  /** To be called when the network or the page comes back: tries at once, and checks a stream that looks alive. */
  wake: () => void;
  /** To be called when the page may be frozen: another tab holds the stream then. */
  rest: () => void;
  close: () => void;
}

const FAILURES_UNTIL_POLLING = 3;

/** Holds one event stream open, whatever happens to it, and polls for as long as it cannot be had. */
export function connect(hooks: Hooks): Connection {
  let link: Link = 'connecting';
  let heard = 0;
  let failures = 0;
  let liveSince = 0;
  let resumeAt = 0;
  let toldAt = 0;
  let stream = new AbortController();
  const pause = newPause();

  const lead = async (term: AbortSignal): Promise<void> => {
    term.addEventListener('abort', () => {
      stream.abort();
      pause.end();
    });
    failures = 0;
    tell([]);
    while (!term.aborted) {
      await attempt();
      const ms = await rest(term);
      if (!term.aborted) await pause.wait(ms);
    }
  };

  const attempt = async (): Promise<void> => {
    const mine = (stream = new AbortController());
    const abort = (): void => mine.abort();
    let watchdog = setTimeout(abort, timing.firstByte);
    // A proxy that holds streams back says nothing for long; what is new comes by request meanwhile.
    const polls = setInterval(() => link === 'polling' && void poll(), timing.pollFirst);
    const onBytes = (): void => {
      clearTimeout(watchdog);
      watchdog = setTimeout(abort, timing.silence);
      heard = now();
      if (heard - toldAt > timing.beat) tell([]);
    };
    try {
      const response = await hooks.open(mine.signal);
      await readStream(response.body!, frame, onBytes);
    } catch (reason) {
      judge(reason);
    }
    clearInterval(polls);
    clearTimeout(watchdog);
    abort();
  };

  const frame = ({ event, data }: Frame): void => {
    liveSince ||= now();
    set('live');
    const body = JSON.parse(data) as Event;
    // Durable events say their kind themselves; of the others, only the frame does.
    const told = body.kind ? body : ({ kind: event, data: body } as unknown as Event);
    if (told.kind === 'reconnect') return leaveIn(told.data.after_ms);
    tell([told]);
    hooks.event(told);
  };

  /** The server is about to go: the stream serves until then, and everybody comes back at a time of their own. */
  const leaveIn = (ms: number): void => {
    const mine = stream;
    resumeAt = now() + ms;
    setTimeout(() => mine.abort(), ms);
  };

  /** A stream that breaks is opened again; one that is refused is not. */
  const judge = (reason: unknown): void => {
    if (!(reason instanceof Problem)) return;
    if (reason.passing) {
      resumeAt = reason.retryAfter && now() + reason.retryAfter;
    } else {
      shared.rest();
      hooks.refused(reason);
    }
  };

  /** After a stream has ended: counts, polls where streams do not hold, and says how long to wait. */
  const rest = async (term: AbortSignal): Promise<number> => {
    const told = resumeAt - now();
    if (liveSince && now() - liveSince > timing.settled) failures = 0;
    if (!resumeAt) failures += 1;
    liveSince = resumeAt = 0;
    if (term.aborted) return 0;
    const since = failures - FAILURES_UNTIL_POLLING;
    if (since >= 0) await poll();
    else if (failures) set('connecting');
    if (told > 0) return told;
    if (link !== 'polling') return failures && backoff(failures);
    return Math.min(timing.pollLongest, timing.pollFirst * 1.5 ** since) * (0.75 + Math.random() / 2);
  };

  const poll = async (): Promise<void> => {
    let found: Link = 'polling';
    try {
      await hooks.poll();
      heard = now();
    } catch (reason) {
      judge(reason);
      found = 'offline';
    }
    if (!liveSince && shared.leads) set(found);
    tell([]);
  };

  const set = (found: Link): void => {
    if (link === found) return;
    link = found;
    tell([]);
    hooks.changed();
  };

  const tell = (events: Event[]): void => {
    toldAt = now();
    shared.tell([shared.leads ? link : undefined, events]);
  };

  const hear = ([found = link, events]: Told): void => {
    if (found !== 'offline') heard = now();
    if (!shared.leads && found !== link) {
      link = found;
      hooks.changed();
    }
    events.forEach(hooks.event);
  };

  const wake = (): void => {
    pause.end();
    if (!shared.leads) shared.enter();
    else if (link === 'live') hooks.poll().catch(() => stream.abort());
  };

  const shared = tabs(hooks.name, {
    lead: (term) => void lead(term),
    hear,
    greet: () => tell(hooks.recap()),
  });
  shared.enter();
  return {
    get link() {
      return link;
    },
    get heard() {
      return heard;
    },
    tell,
    wake,
    rest: shared.rest,
    close: shared.close,
  };
}
