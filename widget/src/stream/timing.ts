/** Milliseconds. An object, so that tests need not wait as long as people do. */
export const timing = {
  backoffFirst: 500,
  backoffLongest: 30_000,
  firstByte: 10_000,
  /** Without a byte for this long a stream is taken for dead. */
  silence: 40_000,
  /** A stream that held for less than this counts as one more failure. */
  settled: 5_000,
  pollFirst: 3_000,
  pollLongest: 15_000,
  /** No more than one snapshot in this time for answers whose beginning was missed. */
  snapshots: 2_000,
};

/** Full jitter: anywhere between nothing and a ceiling that doubles, so that clients do not return in step. */
export function backoff(failures: number): number {
  return Math.random() * Math.min(timing.backoffLongest, timing.backoffFirst * 2 ** (failures - 1));
}

/** A pause that can be cut short. */
export class Pause {
  end: () => void = () => undefined;

  for(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.end = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
