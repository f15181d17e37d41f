import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Durable, Message, Snapshot } from '../src/stream/types';
import { message, snapshot } from './factories';

interface Conversation {
  known: Snapshot;
  events: Durable[];
}

/** A small server of the public contract, over real HTTP, with the faults that a network has. */
export class TestServer {
  base = '';
  requests: string[] = [];
  conversations = new Map<string, Conversation>();
  tokens = new Set<string>();
  /** `refuse` resets every connection; `hold` accepts streams but never says a word; `nostream` answers them with 503. */
  fault: 'none' | 'refuse' | 'hold' | 'nostream' = 'none';
  /** How many of the next posts are stored, but not acknowledged. */
  unacknowledged = 0;
  /** How many of the next posts are too many: to be tried again in a second. */
  limited = 0;
  /** What sessions were begun with. */
  sessions: { site: string; language: string; page: string }[] = [];
  /** What the visitor has said of their typing. */
  typed: boolean[] = [];
  epoch = 'e1';
  #http: Server;
  #sockets = new Set<Socket>();
  #streams = new Set<ServerResponse>();

  constructor() {
    this.#http = createServer((request, response) => void this.#answer(request, response));
    this.#http.on('connection', (socket) => {
      if (!this.#http.listening) return void socket.destroy();
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  async start(): Promise<this> {
    this.#http.listen(0, '127.0.0.1');
    await once(this.#http, 'listening');
    this.base = `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
    return this;
  }

  async stop(): Promise<void> {
    this.cut();
    this.#http.close();
    await once(this.#http, 'close');
  }

  /** Resets every connection. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  get streams(): number {
    return this.#streams.size;
  }

  get only(): Conversation {
    return [...this.conversations.values()].at(-1)!;
  }

  /** Appends an event; `quietly` leaves the streams without it, as a lost signal would. */
  post(change: Partial<Message>, quietly = false): Message {
    const { known, events } = this.only;
    const seq = known.last_seq + 1;
    const posted = message(seq, { id: randomUUID(), ...change });
    const event: Durable = { kind: 'message.posted', seq, at: posted.created_at, data: posted };
    known.last_seq = seq;
    known.messages = [...known.messages, posted];
    events.push(event);
    if (!quietly) this.send(event.kind, event, `${this.epoch}:${seq}`);
    return posted;
  }

  /** Says something to all streams. */
  send(kind: string, data: unknown, id?: string): void {
    const frame = `${id ? `id: ${id}\n` : ''}event: ${kind}\ndata: ${JSON.stringify(data)}\n\n`;
    for (const stream of this.#streams) stream.write(frame);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url!, this.base);
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const { accept = '', authorization = '' } = request.headers;
    const kind = accept.includes('event-stream') ? 'STREAM' : request.method;
    this.requests.push(`${kind} ${url.pathname.replace(/[0-9a-f-]{36}/, 'ID')}`);
    if (this.fault === 'refuse') return void request.socket.destroy();
    const data = (body ? JSON.parse(body) : {}) as {
      client_id: string;
      text: string;
      typing: boolean;
    };
    if (url.pathname === '/v1/sessions') return this.#session(response, body);
    if (!this.tokens.has(authorization.slice(7))) return this.#problem(response, 401, 'token_expired');
    if (url.pathname === '/v1/conversations')
      return this.#json(response, 201, this.#start(data.client_id).known);
    const [, id = '', verb] = /^\/v1\/conversations\/([^/]+)(?:\/(\w+))?$/.exec(url.pathname) ?? [];
    const found = [...this.conversations.values()].find(({ known }) => known.id === id);
    if (!found) return this.#problem(response, 404, 'conversation_unknown');
    if (verb === 'events' && kind === 'STREAM') return this.#stream(request, response, found);
    if (verb === 'events') return this.#page(response, found, Number(url.searchParams.get('after')));
    if (verb === 'typing') {
      this.typed.push(data.typing);
      return void response.writeHead(204).end();
    }
    if (verb === 'messages') return this.#write(request, response, found, data);
    return this.#json(response, 200, found.known);
  }

  #session(response: ServerResponse, body: string): void {
    const token = randomUUID();
    this.tokens.add(token);
    this.sessions.push(JSON.parse(body) as (typeof this.sessions)[0]);
    this.#json(response, 201, { token });
  }

  #start(clientId: string): Conversation {
    const known = this.conversations.get(clientId);
    if (known) return known;
    const begun = { known: snapshot({ id: randomUUID(), epoch: this.epoch }), events: [] };
    this.conversations.set(clientId, begun);
    return begun;
  }

  #write(
    request: IncomingMessage,
    response: ServerResponse,
    { known }: Conversation,
    { client_id, text }: { client_id: string; text: string },
  ): void {
    if (this.limited > 0) {
      this.limited -= 1;
      response.setHeader('retry-after', '1');
      return this.#problem(response, 429, 'too_many_requests');
    }
    if (text === 'refused') return this.#problem(response, 422, 'message_empty');
    const before = known.messages.find((stored) => stored.client_id === client_id);
    const stored = before ?? this.post({ client_id, text, author: { kind: 'visitor', name: null } });
    if (this.unacknowledged > 0) {
      this.unacknowledged -= 1;
      return void request.socket.destroy();
    }
    this.#json(response, before ? 200 : 201, stored);
  }

  #page(response: ServerResponse, { known, events }: Conversation, after: number): void {
    const due = events.filter(({ seq }) => seq > after);
    const page = due.slice(0, 3);
    this.#json(response, 200, {
      events: page,
      head: known.last_seq,
      epoch: known.epoch,
      more: due.length > page.length,
    });
  }

  #stream(request: IncomingMessage, response: ServerResponse, { known, events }: Conversation): void {
    if (this.fault === 'nostream') return this.#problem(response, 503, 'unavailable');
    if (this.fault === 'hold') return;
    const [epoch, seq] = String(request.headers['last-event-id']).split(':');
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    this.#streams.add(response);
    response.on('close', () => this.#streams.delete(response));
    const foreign = epoch !== known.epoch;
    if (foreign) response.write('event: reset\ndata: {}\n\n');
    for (const event of foreign ? [] : events.filter((due) => due.seq > Number(seq))) {
      response.write(`id: ${epoch}:${event.seq}\nevent: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`);
    }
    response.write(`event: ready\ndata: ${JSON.stringify({ head: known.last_seq })}\n\n`);
  }

  #json(response: ServerResponse, status: number, body: unknown): void {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  #problem(response: ServerResponse, status: number, code: string): void {
    this.#json(response, status, { status, code, title: code, detail: `Refused: ${code}` });
  }
}
