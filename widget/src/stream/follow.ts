import { Connection, type Hooks } from './connection';
import { type Door, type Problem, bearer, call, reach } from './http';
import { type Need, type State, apply, fromSnapshot } from './state';
import { timing } from './timing';
import type { Event, Page, Snapshot } from './types';

/** Keeps the state of one conversation equal to the server's. */
export class Follow implements Hooks {
  readonly connection = new Connection(this);
  declare readonly changed: () => void;
  /** The conversation can no longer be read: the token was refused, or it is gone. */
  declare readonly refused: (problem: Problem) => void;
  state: State | null = null;
  #door: Door;
  readonly id: string;
  #repair: Promise<void> | null = null;
  #again: Need = null;
  #snapshotAt = 0;

  constructor(door: Door, id: string, changed: () => void, refused: (problem: Problem) => void) {
    this.#door = door;
    this.id = id;
    this.changed = changed;
    this.refused = refused;
  }

  async open(signal: AbortSignal): Promise<Response> {
    if (!this.state) await this.poll();
    const { epoch, last_seq } = this.state!;
    const headers = {
      ...bearer(this.#door),
      accept: 'text/event-stream',
      'last-event-id': `${epoch}:${last_seq}`,
    };
    return reach(this.#door.base + this.#path('/events'), { signal, headers });
  }

  event(event: Event): void {
    const [state, need] = apply(this.state!, event);
    this.set(state);
    const early = event.kind === 'answer.delta' && Date.now() - this.#snapshotAt < timing.snapshots;
    if (!need || early) return;
    this.#fetch(need).catch(() => {
      // The stream or the polling notices what is wrong with the connection, and asks again.
    });
  }

  /** Fetches what is missing by request. Throws Problem. */
  poll(): Promise<void> {
    return this.#fetch(this.state ? 'page' : 'snapshot');
  }

  set(state: State): void {
    if (state === this.state) return;
    this.state = state;
    this.changed();
  }

  /** One fetch at a time; what is asked for meanwhile is fetched after it. */
  #fetch(need: Need): Promise<void> {
    if (this.#repair && this.#again !== 'snapshot') this.#again = need;
    return (this.#repair ??= this.#fetchAll(need).finally(() => {
      this.#repair = this.#again = null;
    }));
  }

  async #fetchAll(first: Need): Promise<void> {
    for (let need = first; need;) {
      this.#again = null;
      need = (await (need === 'page' ? this.#page() : this.#snapshot())) ?? this.#again;
    }
  }

  async #snapshot(): Promise<null> {
    this.#snapshotAt = Date.now();
    this.set(fromSnapshot(await call<Snapshot>(this.#door, 'GET', this.#path()), this.state));
    return null;
  }

  async #page(): Promise<Need> {
    const { epoch, last_seq } = this.state!;
    const page = await call<Page>(this.#door, 'GET', this.#path(`/events?after=${last_seq}`));
    if (page.epoch !== epoch || page.head < last_seq) return 'snapshot';
    for (const event of page.events) {
      const [state, need] = apply(this.state!, event);
      if (need) return 'snapshot';
      this.set(state);
    }
    return page.more ? 'page' : null;
  }

  #path(below = ''): string {
    return `/v1/conversations/${this.id}${below}`;
  }
}
