import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { type Client, openClient } from '../src/stream/client';
import { timing } from '../src/stream/timing';
import { Locks, forgetPage, freshBrowser, until } from './browser';
import { TestServer } from './server';

Object.assign(timing, {
  backoffFirst: 20,
  backoffLongest: 60,
  firstByte: 500,
  silence: 400,
  answer: 100,
  beat: 50,
  settled: 100,
  pollFirst: 30,
  pollLongest: 60,
  snapshots: 50,
});

let server: TestServer;
let locks: Locks;
let kept: Map<string, string>;
let clients: Client[] = [];
let expired = 0;

beforeEach(async () => {
  locks = new Locks();
  kept = freshBrowser(locks);
  expired = 0;
  server = await new TestServer().start();
});

afterEach(async () => {
  locks.close();
  clients.forEach(leave);
  await server.stop();
});

const pages = new Map<Client, () => void>();

function openTab(): Client {
  const client = openClient({
    base: server.base,
    site: 'demo',
    language: 'en',
    changed: () => undefined,
    expired: () => (expired += 1),
  });
  clients.push(client);
  pages.set(client, forgetPage());
  client.resume();
  return client;
}

const texts = (client: Client): string[] => (client.state?.messages ?? []).map(({ text }) => text);

async function allSee(...said: string[]): Promise<void> {
  await until(() => clients.every((client) => texts(client).join() === said.join()), `all see ${said}`);
}

async function tabs(count: number): Promise<Client[]> {
  openTab().outbox.add('hello');
  await allSee('hello');
  while (clients.length < count) openTab();
  await allSee('hello');
  await until(() => clients.every(({ link }) => link === 'live'), 'live');
  return clients;
}

const lockOf = (client: Client): string => `frontdesk:${client.state!.id}`;
const asked = (what: string): number => server.requests.filter((request) => request.includes(what)).length;

function leave(client: Client): void {
  pages.get(client)!();
  clients = clients.filter((other) => other !== client);
  client.outbox.pending.length = 0;
  client.close();
}

/** The browser takes away what a tab holds that is gone without a word; its channel says nothing any more. */
function crash(client: Client): void {
  const name = lockOf(client);
  leave(client);
  locks.steal(name);
}

test('fifteen tabs hold one stream, and each shows each message once', async () => {
  const all = await tabs(15);
  assert.equal(server.streams, 1);
  all[3]!.outbox.add('from one tab');
  await allSee('hello', 'from one tab');
  all[9]!.outbox.add('from another');
  await allSee('hello', 'from one tab', 'from another');
  server.post({ text: 'the answer' });
  await allSee('hello', 'from one tab', 'from another', 'the answer');
  assert.equal(asked('STREAM'), 1);
  assert.equal(asked('/messages'), 3);
  // The others were told by the first how things stand.
  assert.ok(!server.requests.includes('GET /v1/conversations/ID'));
});

test('the next tab holds the stream as soon as the first is closed, crashes or rests', async () => {
  const [first, second, third, fourth] = await tabs(4);
  leave(first!);
  server.post({ text: 'closed' });
  await allSee('hello', 'closed');
  crash(second!);
  server.post({ text: 'crashed' });
  await allSee('hello', 'closed', 'crashed');
  third!.rest();
  await until(() => asked('STREAM') === 4, 'the last one leads');
  server.post({ text: 'frozen' });
  await until(() => texts(fourth!).length === 4, 'seen by who is awake');
  third!.wake();
  await allSee('hello', 'closed', 'crashed', 'frozen');
  await until(() => server.streams === 1, 'one stream');
});

test('a leader that does not answer a tab that has just come is replaced', async () => {
  const [first] = await tabs(1);
  const name = lockOf(first!);
  crash(first!);
  void locks.request(name, () => new Promise(() => undefined)).catch(() => undefined);
  openTab();
  await allSee('hello');
  await until(() => clients[0]!.link === 'live', 'leads');
});

test('a leader that answers once and then says nothing any more is replaced', async () => {
  const [first] = await tabs(1);
  const name = lockOf(first!);
  const state = first!.state!;
  crash(first!);
  void locks.request(name, () => new Promise(() => undefined)).catch(() => undefined);
  const channel = new BroadcastChannel(name);
  channel.onmessage = () => channel.postMessage(['live', [{ kind: 'snapshot', data: state }]]);
  openTab();
  await allSee('hello');
  channel.onmessage = null;
  const before = asked('STREAM');
  server.post({ text: 'unheard' });
  await allSee('hello', 'unheard');
  assert.equal(asked('STREAM'), before + 1);
  channel.close();
});

test('a tab that leads no more leaves its stream, and hears the others', async () => {
  const [first] = await tabs(3);
  locks.steal(lockOf(first!));
  await until(() => asked('STREAM') === 2 && server.streams === 1, 'one of the others leads');
  server.post({ text: 'news' });
  await allSee('hello', 'news');
});

test('without a stream one tab polls for all', async () => {
  await tabs(5);
  server.fault = 'nostream';
  server.cut();
  await until(() => clients.every(({ link }) => link === 'polling'), 'all know');
  server.post({ text: 'by page' }, true);
  await allSee('hello', 'by page');
  const before = asked('GET /v1/conversations/ID/events');
  await until(() => asked('STREAM') > 8, 'some more attempts');
  const polls = asked('GET /v1/conversations/ID/events') - before;
  assert.ok(polls < 12, `${polls} polls`);
  server.fault = 'none';
  await until(() => clients.every(({ link }) => link === 'live'), 'live again');
});

test('without a server all tabs know, and come back together', async () => {
  await tabs(3);
  server.fault = 'refuse';
  server.cut();
  await until(() => clients.every(({ link }) => link === 'offline'), 'offline');
  server.fault = 'none';
  server.post({ text: 'back' }, true);
  await allSee('hello', 'back');
  await until(() => server.streams === 1, 'one stream');
});

test('who types, who is there and how far an answer has come is known to a tab that comes later', async () => {
  await tabs(2);
  const { id } = server.post({ state: 'streaming' });
  server.send('answer.delta', { message: id, attempt: 1, offset: 0, text: 'So far' });
  server.send('typing', { names: ['Ada'] });
  server.send('presence', { online: true });
  await until(() => clients.every(({ state }) => state!.online === true), 'told');
  openTab();
  await allSee('hello', 'So far');
  const { typing, online } = clients[2]!.state!;
  assert.deepEqual([typing, online], [['Ada'], true]);
  server.send('answer.delta', { message: id, attempt: 1, offset: 6, text: ', so good' });
  await allSee('hello', 'So far, so good');
});

test('two tabs that write first at the same time begin one conversation', async () => {
  const [one, two] = [openTab(), openTab()];
  one.outbox.add('from one');
  two.outbox.add('from two');
  await until(() => clients.every((client) => texts(client).length === 2), 'both in both');
  assert.equal(server.conversations.size, 1);
  assert.equal(server.sessions.length, 1);
  assert.equal(asked('/messages'), 2);
});

test('what a tab could not send is sent once by another when it is gone', async () => {
  const [first, second] = await tabs(2);
  server.fault = 'refuse';
  server.cut();
  first!.outbox.add('left behind');
  await until(() => first!.outbox.pending[0]?.state === 'late', 'late');
  const { client_id } = first!.outbox.pending[0]!;
  assert.deepEqual(second!.outbox.pending, []);
  crash(first!);
  locks.steal(`frontdesk:${client_id}`);
  await until(() => second!.outbox.pending.length === 1, 'taken up');
  server.fault = 'none';
  await allSee('hello', 'left behind');
  assert.deepEqual(
    server.only.known.messages.map((stored) => stored.client_id),
    [server.only.known.messages[0]!.client_id, client_id],
  );
  assert.deepEqual((JSON.parse(kept.get('frontdesk:demo')!) as { outbox: unknown }).outbox, []);
});

test('an expired session ends in all tabs, and the next conversation begins in all', async () => {
  const [first] = await tabs(3);
  server.tokens.clear();
  first!.outbox.add('anew');
  await allSee('anew');
  assert.equal(server.conversations.size, 2);
  assert.ok(expired >= 1);
  await until(() => server.streams === 1, 'one stream');
});

test('where storage is refused, the page remembers by itself', async () => {
  const refuse = (): never => {
    throw new Error('The operation is insecure.');
  };
  Object.assign(globalThis, { localStorage: { getItem: refuse, setItem: refuse } });
  const client = openTab();
  client.outbox.add('one');
  client.outbox.add('two');
  await allSee('one', 'two');
});

test('that the visitor writes is told within the conversation, and begins none', async () => {
  const client = openTab();
  client.writes(true);
  client.writes(false);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual(server.requests, []);
  client.outbox.add('one');
  await allSee('one');
  client.writes(true);
  await until(() => server.typed.length === 1, 'told');
  client.writes(true);
  client.writes(false);
  await until(() => server.typed.length === 2, 'told of the end');
  assert.deepEqual(server.typed, [true, false]);
});

test('woken, it asks at once what it has missed, also over a stream that looks alive', async () => {
  const [client] = await tabs(1);
  server.post({ text: 'unheard' }, true);
  assert.deepEqual(texts(client!), ['hello']);
  client!.wake();
  await allSee('hello', 'unheard');
});
