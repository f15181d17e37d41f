/** What a browser offers to a page, as far as the client library uses it. */

type Held = (lock: unknown) => Promise<unknown> | undefined;

interface Request {
  name: string;
  grant: () => Promise<void>;
  lose: () => void;
}

/** The Web Locks of one browser, for all of its tabs. */
export class Locks {
  #held: Request[] = [];
  #queued: Request[] = [];
  #closed = false;

  /** The browser is closed with all of its tabs: who waits is granted nothing any more. */
  close(): void {
    this.#closed = true;
  }

  request = (name: string, ...rest: [Held] | [LockOptions, Held]): Promise<unknown> => {
    const held = rest.pop() as Held;
    const { signal, steal } = (rest[0] ?? {}) as LockOptions;
    return new Promise((resolve, reject) => {
      const lose = (): void => reject(new DOMException('', 'AbortError'));
      const request: Request = {
        name,
        lose,
        grant: async () => {
          resolve(await held(null));
          this.#end(request);
        },
      };
      if (steal) this.steal(name);
      this.#queued[steal ? 'unshift' : 'push'](request);
      signal?.addEventListener('abort', () => {
        if (!this.#queued.includes(request)) return;
        this.#queued = this.#queued.filter((other) => other !== request);
        lose();
      });
      this.#next();
    });
  };

  /** Takes what is held away from who holds it: as another tab does, or as the browser when a tab is gone. */
  steal(name: string): void {
    const lost = this.#held.filter((request) => request.name === name);
    for (const request of lost) {
      this.#held = this.#held.filter((other) => other !== request);
      request.lose();
    }
  }

  query = (): Promise<{ held: Request[] }> => Promise.resolve({ held: this.#held });

  #end(request: Request): void {
    this.#held = this.#held.filter((other) => other !== request);
    this.#next();
  }

  #next(): void {
    if (this.#closed) return;
    for (const request of this.#queued) {
      if (this.#held.some(({ name }) => name === request.name)) continue;
      this.#queued = this.#queued.filter((other) => other !== request);
      this.#held.push(request);
      setImmediate(() => void request.grant());
      return this.#next();
    }
  }
}

let listeners: ((event: { key: string }) => void)[] = [];

/** A browser that knows nothing yet; with `locks` its tabs can agree. Returns what it keeps. */
export function freshBrowser(locks?: Locks): Map<string, string> {
  const kept = new Map<string, string>();
  listeners = [];
  Object.defineProperty(globalThis, 'navigator', { value: { locks }, configurable: true });
  Object.assign(globalThis, {
    origin: 'https://shop.example',
    location: new URL('https://shop.example/orders/42?token=secret#top'),
    addEventListener: (_: string, listener: (typeof listeners)[0]) => listeners.push(listener),
    localStorage: {
      getItem: (name: string) => kept.get(name) ?? null,
      setItem: (key: string, value: string) => {
        kept.set(key, value);
        listeners.forEach((listener) => setImmediate(listener, { key }));
      },
    },
  });
  return kept;
}

/** The page that came last is gone: it hears of nothing that others store. */
export function forgetPage(): () => void {
  const listener = listeners.at(-1);
  return () => {
    listeners = listeners.filter((other) => other !== listener);
  };
}

export async function until(holds: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`still not: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
