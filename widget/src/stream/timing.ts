/** Milliseconds. An object, so that tests need not wait as long as people do. */
export const timing = {
  backoffFirst: 500,
  backoffLongest: 30_000,
  firstByte: 10_000,
  /** Without a byte for this long a stream is taken for dead, and without a word the tab that holds it. */
  silence: 40_000,
  /** How long the tab that holds the stream may take to answer another. */
  answer: 2_000,
  /** How often it says at least that it is there, while bytes come. */
  beat: 5_000,
  /** A stream that held for less than this counts as one more failure. */
  settled: 5_000,
  pollFirst: 3_000,
  pollLongest: 15_000,
  /** No more than one snapshot in this time for answers whose beginning was missed. */
  snapshots: 2_000,
};

/** Milliseconds since some time; unlike the clock it is never set, so that differences are true. */
export function now(): number {
  return performance.now();
}

/** Full jitter: anywhere between nothing and a ceiling that doubles, so that clients do not return in step. */
export function backoff(failures: number): number {
  return Math.random() * Math.min(timing.backoffLongest, timing.backoffFirst * 2 ** (failures - 1));
}

/** A pause that can be cut short. */
export interface Pause {
  wait: (ms: number) => Promise<void>;
  end: () => void;
}

export function newPause(): Pause {
  const pause: Pause = {
    wait: (ms) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        pause.end = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
    end: () => undefined,
  };
  return pause;
}
