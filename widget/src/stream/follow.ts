import { type Connection, connect } from './connection';
import { type Door, type Problem, bearer, call, reach } from './http';
import { type Need, type State, apply, fromSnapshot } from './state';
import { now, timing } from './timing';
import type { Event, Page, Snapshot } from './types';

export interface Follow {
  readonly id: string;
  readonly state: State | null;
  readonly connection: Connection;
  set: (state: State) => void;
  /** Fetches what is missing by request. Throws Problem. */
  poll: () => Promise<void>;
}

/**
 * Keeps the state of one conversation equal to the server's. `refused` hears that it can no longer be read: the token
 * was refused, or it is gone.
 */
export function follow(
  door: Door,
  id: string,
  changed: () => void,
  refused: (problem: Problem) => void,
  state: State | null = null,
): Follow {
  let repair: Promise<void> | null = null;
  let again: Need = null;
  let snapshotAt = -Infinity;
  const path = `/v1/conversations/${id}`;

  const set = (next: State): void => {
    if (next === state) return;
    state = next;
    changed();
  };

  const open = async (signal: AbortSignal): Promise<Response> => {
    if (!state) await poll();
    const { epoch, last_seq } = state!;
    const headers = { ...bearer(door), accept: 'text/event-stream', 'last-event-id': `${epoch}:${last_seq}` };
    return reach(`${door.base}${path}/events`, { signal, headers });
  };

  const event = (told: Event): void => {
    if (told.kind === 'snapshot') return set(fromSnapshot(told.data, state));
    // The leading tab's recap is still to come; it holds this, too.
    if (!state) return;
    const [next, need] = apply(state, told);
    set(next);
    const early = told.kind === 'answer.delta' && now() - snapshotAt < timing.snapshots;
    if (!need || early) return;
    fetchNeeded(need).catch(() => {
      // The stream or the polling notices what is wrong with the connection, and asks again.
    });
  };

  const poll = (): Promise<void> => fetchNeeded(state ? 'page' : 'snapshot');

  /** One fetch at a time; what is asked for meanwhile is fetched after it. */
  const fetchNeeded = (need: Need): Promise<void> => {
    if (repair && again !== 'snapshot') again = need;
    return (repair ??= fetchAll(need).finally(() => {
      repair = again = null;
    }));
  };

  const fetchAll = async (first: Need): Promise<void> => {
    for (let need = first; need;) {
      again = null;
      need = (await (need === 'page' ? fetchPage() : fetchSnapshot())) ?? again;
    }
  };

  const fetchSnapshot = async (): Promise<null> => {
    snapshotAt = now();
    const known = state?.last_seq;
    const data = await call<Snapshot>(door, 'GET', path);
    // The server knows less than it did before it was asked: it was restored from an older copy.
    set(known! > data.last_seq ? data : fromSnapshot(data, state));
    connection.tell(recap());
    return null;
  };

  const fetchPage = async (): Promise<Need> => {
    const { epoch, last_seq } = state!;
    const page = await call<Page>(door, 'GET', `${path}/events?after=${last_seq}`);
    if (page.epoch !== epoch || page.head < last_seq) return 'snapshot';
    for (const event of page.events) {
      const [next, need] = apply(state!, event);
      if (need) return 'snapshot';
      set(next);
    }
    connection.tell(page.events);
    return page.more ? 'page' : null;
  };

  const recap = (): Event[] => (state ? [{ kind: 'snapshot', data: state }] : []);

  const connection = connect({ name: `frontdesk:${id}`, open, event, poll, recap, changed, refused });
  return {
    id,
    get state() {
      return state;
    },
    connection,
    set,
    poll,
  };
}
