import type { Delta, Progress } from './types';

/** An answer in flight, as far as it has been heard. */
export interface Draft {
  attempt: number;
  text: string;
  /** How many pages are being read for it. */
  pages?: number | undefined;
}

/** Lengths are counted as the server counts them: in code points, not in UTF-16 units. */
export function codePoints(text: string): number {
  return [...text].length;
}

/**
 * A delta laid over what is held. Offsets are absolute, so one that comes twice changes nothing; null means that
 * something in between is missing and the snapshot has to be fetched.
 */
export function addDelta<T extends Draft>(held: T, delta: Delta): T | null {
  const draft = begun(held, delta.attempt);
  const known = codePoints(draft.text) - delta.offset;
  if (known < 0) return null;
  return { ...draft, text: draft.text + [...delta.text].slice(known).join('') };
}

export function addProgress<T extends Draft>(held: T, { attempt, pages }: Progress): T {
  return { ...begun(held, attempt), pages };
}

/** A higher attempt begins the text anew. */
function begun<T extends Draft>(held: T, attempt: number): T {
  return attempt > held.attempt ? { ...held, attempt, text: '' } : held;
}
