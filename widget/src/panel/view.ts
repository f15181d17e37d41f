import type { Link, Message, Pending, Site, State, Status } from '../stream';

/** Everything that the parts of the panel draw from. */
export interface View {
  site: Site | null;
  /** Null before the first message, and while an earlier conversation is being fetched. */
  state: State | null;
  messages: readonly Message[];
  status: Status;
  pending: readonly Pending[];
  link: Link | null;
  /** When something was last heard, as `now()` tells time; 0 before. */
  heard: number;
  /** Whether people are there. */
  online: boolean;
  /** A sentence about what went wrong, or empty. */
  trouble: string;
}

/** A part of the panel that follows the view. */
export interface Part {
  element: HTMLElement;
  update: (view: View) => void;
}

/** The web address if it is one that may be opened. */
export function webAddress(url: string | null | undefined): string | null {
  return url && /^https?:\/\//i.test(url) ? url : null;
}

export function clock(time: string): string {
  return new Date(time).toLocaleTimeString([], { timeStyle: 'short' });
}
