import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { type Client, openClient } from '../src/stream/client';
import { timing } from '../src/stream/timing';
import { freshBrowser, until } from './browser';
import { TestServer } from './server';

Object.assign(timing, {
  backoffFirst: 20,
  backoffLongest: 60,
  firstByte: 150,
  silence: 300,
  settled: 100,
  pollFirst: 30,
  pollLongest: 60,
  snapshots: 50,
});

/** What the browser keeps; it survives a client as it survives a page. */
let kept = new Map<string, string>();
let server: TestServer;
const clients: Client[] = [];
let expired = 0;

beforeEach(async () => {
  kept = freshBrowser();
  expired = 0;
  server = await new TestServer().start();
});

afterEach(async () => {
  for (const client of clients.splice(0)) {
    // What is still being sent would be tried for as long as the page lives, and this one has no other end.
    client.outbox.pending.length = 0;
    client.close();
  }
  await server.stop();
});

function openPage(): Client {
  const client = openClient({
    base: server.base,
    site: 'demo',
    language: 'en',
    changed: () => undefined,
    expired: () => (expired += 1),
  });
  clients.push(client);
  client.resume();
  return client;
}

const texts = (client: Client): string[] => (client.state?.messages ?? []).map(({ text }) => text);

async function begun(...said: string[]): Promise<Client> {
  const client = openPage();
  for (const text of said) client.outbox.add(text);
  await until(() => texts(client).length === said.length && client.link === 'live', 'sent and live');
  return client;
}

test('nothing is asked and nothing is kept before the first message', async () => {
  openPage();
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual(server.requests, []);
  assert.equal(kept.size, 0);
});

test('messages arrive in order, once, and come back over the stream', async () => {
  const client = await begun('one', 'two', 'three');
  assert.deepEqual(texts(client), ['one', 'two', 'three']);
  assert.deepEqual(client.outbox.pending, []);
  server.post({ text: 'four' });
  await until(() => texts(client).length === 4, 'the answer');
  assert.equal(server.conversations.size, 1);
});

test('a message that was stored but not acknowledged is not stored twice', async () => {
  const client = openPage();
  server.unacknowledged = 3;
  client.outbox.add('once');
  client.outbox.add('then');
  await until(() => client.outbox.pending.length === 0, 'acknowledged');
  assert.deepEqual(
    server.only.known.messages.map(({ text }) => text),
    ['once', 'then'],
  );
});

test('unsent messages survive the page, and are sent in order with their own ids', async () => {
  await begun('before');
  server.fault = 'refuse';
  const first = openPage();
  first.outbox.add('kept');
  first.outbox.add('kept too');
  await until(() => first.outbox.pending[0]!.state === 'late', 'late');
  const ids = first.outbox.pending.map(({ client_id }) => client_id);
  first.outbox.pending.length = 0;
  first.close();
  server.fault = 'none';
  const second = openPage();
  await until(() => texts(second).length === 3, 'resent');
  assert.deepEqual(texts(second), ['before', 'kept', 'kept too']);
  assert.deepEqual(
    server.only.known.messages.slice(1).map(({ client_id }) => client_id),
    ids,
  );
});

test('what is refused for good says why and does not hold up the next', async () => {
  const client = openPage();
  client.outbox.add('refused');
  client.outbox.add('fine');
  await until(() => texts(client).length === 1, 'the next one');
  assert.deepEqual(texts(client), ['fine']);
  assert.deepEqual(
    client.outbox.pending.map(({ state, reason }) => [state, reason]),
    [['refused', 'Refused: message_empty']],
  );
});

test('a session says the language and the page, but neither query nor fragment', async () => {
  await begun('one');
  const begin = { site: 'demo', language: 'en', page: '/orders/42' };
  assert.deepEqual(server.sessions, [begin]);
});

test('a page with a very long path says its beginning', async () => {
  Object.assign(globalThis, { location: new URL(`https://shop.example/${'x'.repeat(3_000)}`) });
  await begun('one');
  assert.equal(server.sessions[0]!.page.length, 2_000);
});

test('told to wait, it waits that long, whatever wakes it, and then sends each once', async () => {
  const client = openPage();
  server.limited = 1;
  client.outbox.add('one');
  client.outbox.add('two');
  await until(() => client.outbox.pending[0]!.state === 'late', 'told');
  const told = Date.now();
  assert.deepEqual(
    client.outbox.pending.map(({ state, wait }) => [state, wait]),
    [
      ['late', 1],
      ['sending', undefined],
    ],
  );
  client.wake();
  await until(() => texts(client).length === 2, 'sent');
  assert.ok(Date.now() - told > 900, `sent after ${Date.now() - told} ms`);
  assert.deepEqual(texts(client), ['one', 'two']);
  assert.equal(server.requests.filter((request) => request.endsWith('/messages')).length, 3);
});

test('a lost event is noticed by the next one, and fetched', async () => {
  const client = await begun('one');
  for (const text of ['2', '3', '4', '5', '6']) server.post({ text }, true);
  server.post({ text: '7' });
  await until(() => texts(client).length === 7, 'the gap');
  assert.deepEqual(texts(client), ['one', '2', '3', '4', '5', '6', '7']);
});

test('a cut stream is taken up where it was', async () => {
  const client = await begun('one');
  server.cut();
  server.post({ text: 'while away' }, true);
  await until(() => texts(client).length === 2 && client.link === 'live', 'taken up');
  assert.equal(server.requests.filter((request) => request === 'GET /v1/conversations/ID').length, 0);
});

test('after three failures it polls, and goes back to the stream when that works again', async () => {
  const client = await begun('one');
  server.fault = 'nostream';
  server.cut();
  await until(() => client.link === 'polling', 'polling');
  server.post({ text: 'by page' }, true);
  await until(() => texts(client).length === 2, 'the page');
  server.fault = 'none';
  await until(() => client.link === 'live', 'live');
});

test('a proxy that holds streams back is polled around', async () => {
  const client = await begun('one');
  server.fault = 'hold';
  server.cut();
  await until(() => client.link === 'polling', 'polling');
  server.post({ text: 'by page' }, true);
  await until(() => texts(client).length === 2, 'the page');
});

test('a stream that has fallen silent is left', async () => {
  const client = await begun('one');
  server.fault = 'hold';
  server.post({ text: 'unheard' }, true);
  await until(() => texts(client).length === 2, 'noticed');
});

test('without a server it is offline, and comes back by itself', async () => {
  const client = await begun('one');
  server.fault = 'refuse';
  server.cut();
  await until(() => client.link === 'offline', 'offline');
  server.fault = 'none';
  await until(() => client.link === 'live', 'live');
});

test('a restored server has another epoch: everything is read afresh', async () => {
  const client = await begun('one', 'lost');
  const { known } = server.only;
  server.epoch = known.epoch = 'e2';
  known.last_seq = 1;
  known.messages = known.messages.slice(0, 1);
  server.cut();
  await until(() => client.state?.epoch === 'e2', 'the other epoch');
  assert.deepEqual(texts(client), ['one']);
});

test('a server restored from an older copy of the same epoch is believed', async () => {
  const client = await begun('one', 'lost', 'lost too');
  const { known, events } = server.only;
  known.last_seq = 1;
  known.messages = known.messages.slice(0, 1);
  events.length = 1;
  server.cut();
  await until(() => client.state?.last_seq === 1, 'turned back');
  server.post({ text: 'new' });
  await until(() => texts(client).length === 2, 'goes on');
  assert.deepEqual(texts(client), ['one', 'new']);
});

test('a clock that is set back by hours holds up nothing', async () => {
  const client = await begun('one');
  const { now } = Date;
  try {
    server.send('reconnect', { after_ms: 30 });
    Date.now = () => now() - 5 * 3_600_000;
    const before = server.requests.length;
    await until(() => server.requests.slice(before).some((asked) => asked.startsWith('STREAM')), 'back');
    await until(() => client.link === 'live', 'live');
    server.limited = 1;
    client.outbox.add('two');
    await until(() => texts(client).length === 2, 'sent');
  } finally {
    Date.now = now;
  }
});

test('an answer whose beginning was missed is fetched', async () => {
  const client = await begun('one');
  const answer = server.post({ state: 'streaming' });
  await until(() => texts(client).length === 2, 'the answer');
  const { known } = server.only;
  known.messages = known.messages.map((stored) =>
    stored.id === answer.id ? { ...stored, text: 'Hello' } : stored,
  );
  const delta = { message: answer.id, attempt: 1, offset: 5, text: ' world' };
  server.send('answer.delta', delta);
  await until(() => texts(client)[1] === 'Hello', 'the snapshot');
  server.send('answer.delta', delta);
  await until(() => texts(client)[1] === 'Hello world', 'the rest');
});

test('told to reconnect, it stays until then and comes back', async () => {
  const client = await begun('one');
  server.send('reconnect', { after_ms: 60 });
  server.post({ text: 'still served' });
  await until(() => texts(client).length === 2, 'served meanwhile');
  await until(() => server.requests.filter((request) => request.startsWith('STREAM')).length === 2, 'back');
});

test('an expired session is told once, and the message goes into a new one', async () => {
  const client = await begun('old');
  server.tokens.clear();
  client.outbox.add('new');
  await until(() => texts(client)[0] === 'new', 'the new conversation');
  assert.deepEqual(texts(client), ['new']);
  assert.equal(expired, 1);
  assert.equal(server.conversations.size, 2);
});

test('a page that opens with an expired session starts without one', async () => {
  await begun('old');
  clients.forEach((client) => client.close());
  server.tokens.clear();
  const client = openPage();
  await until(() => expired === 1, 'told');
  assert.equal(client.state, null);
  assert.equal(client.loading, false);
});

test('a conversation that the server has forgotten is begun anew with the same session', async () => {
  const client = await begun('old');
  server.conversations.clear();
  server.cut();
  await until(() => expired === 1, 'told');
  client.outbox.add('new');
  await until(() => texts(client)[0] === 'new', 'the new conversation');
  assert.equal(server.tokens.size, 1);
});
