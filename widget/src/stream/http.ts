/** An answer other than success; status 0 means that the server could not be reached. */
export class Problem extends Error {
  declare readonly status: number;
  declare readonly code: string;
  /** Milliseconds that the server asks to wait, or 0. */
  declare readonly retryAfter: number;

  constructor(status: number, code: string, message: string, retryAfter = 0) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }

  /** Whether the same request may succeed later, as it stands. */
  get passing(): boolean {
    return this.status < 400 || this.status === 429 || this.status >= 500;
  }
}

export interface Door {
  /** Address that paths are appended to, without a slash at its end. */
  base: string;
  token: () => string | undefined;
}

const PATIENCE_MS = 20_000;

/** Sends a request with the door's token and returns its JSON body, or undefined where there is none. Throws Problem. */
export async function call<T>(door: Door, method: string, path: string, body?: object): Promise<T> {
  const response = await reach(door.base + path, {
    method,
    signal: AbortSignal.timeout(PATIENCE_MS),
    headers: { ...bearer(door), ...(body && { 'content-type': 'application/json' }) },
    body: JSON.stringify(body),
  });
  return json<T>(response) as Promise<T>;
}

export function bearer({ token }: Door): Record<string, string> {
  const known = token();
  return known ? { authorization: `Bearer ${known}` } : {};
}

/** `fetch` without cookies, unless `init` says otherwise; whatever is not a success is thrown as a Problem. */
export async function reach(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, { cache: 'no-store', credentials: 'omit', ...init }).catch(
    (reason: unknown) => {
      throw new Problem(0, '', String(reason));
    },
  );
  if (response.ok) return response;
  // A proxy's own page instead of a problem document: the status has to say it.
  const { code = '', detail = `HTTP ${response.status}` } =
    (await json<{ code?: string; detail?: string }>(response)) ?? {};
  throw new Problem(response.status, code, detail, Number(response.headers.get('retry-after')) * 1000 || 0);
}

function json<T>(response: Response): Promise<T | undefined> {
  return response.json().catch(() => undefined) as Promise<T | undefined>;
}
