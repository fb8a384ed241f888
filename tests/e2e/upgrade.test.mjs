// The move from polling to WebSocket, with the upgrade on another server than the requests around it.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { settings } from './support/clients.mjs';
import { startProxy } from './support/proxy.mjs';
import { about, assertAscending, assertAllServed, cast, conversation, saying } from './support/scene.mjs';

// Far more than fit into an upgrade; only there to end a test that never upgrades.
const MOST_SENDS = 5_000;

describe('the upgrade from polling to WebSocket', { timeout: 240_000 }, () => {
  const scenario = (name, body) => test(name, { timeout: 60_000 }, body);

  scenario('P4 every client reaches WebSocket although no two of its requests share a server', async (t) => {
    const proxy = await freshProxy(t);
    const { ann, ben, alice, bob } = await conversation(t, proxy.url);
    for (const client of [ann, ben, alice, bob]) {
      await client.settled();
      assert.equal(client.transport, 'websocket', client.who);
      const { upgrades } = proxy.report()[client.sids[0]];
      assert.equal(upgrades.reduce((sum, count) => sum + count), 1, `${client.who} upgrades once`);
      assert.deepEqual(client.life.named('disconnect'), [], `${client.who} is never disconnected`);
    }
    assertAllServed(proxy, ann, ben, alice, bob);
    await ann.say('over WebSocket');
    await alice.hear('guest:message', saying('over WebSocket'));
    await alice.say(ann.sessionId, 'indeed');
    await ann.hear('staff:message', saying('indeed'));
  });

  scenario('P2 what is said during the upgrade arrives once and in order', async (t) => {
    const proxy = await freshProxy(t);
    const release = proxy.holdUpgrades();
    const { ann, alice, bob } = await conversation(t, proxy.url);
    const { sessionId } = ann;
    const people = [ann, alice, bob];
    // Both sides talk without a pause from well before until well after the change of transport.
    let over = false;
    const talks = Promise.all([
      talk((text) => ann.say(text), 'Ann', () => over),
      talk((text) => alice.say(sessionId, text), 'Alice', () => over),
    ]);
    await ann.hear('staff:message', about(sessionId), { nth: 5 });
    for (const client of people) assert.equal(client.transport, 'polling', `${client.who} still polls`);
    release();
    await Promise.all(people.map((client) => client.settled()));
    await hearFiveMore(ann, alice, sessionId);
    over = true;
    const [fromAnn, fromAlice] = await talks;

    await assertComplete(ann, alice, bob, fromAnn, fromAlice);
    for (const client of people) {
      assert.equal(client.transport, 'websocket', client.who);
      assert.deepEqual(client.life.named('disconnect'), [], `${client.who} is never disconnected`);
    }
  });

  scenario('P2 a page that loads into a running conversation misses nothing', async (t) => {
    const proxy = await freshProxy(t);
    const { ann, alice, open } = await conversation(t, proxy.url);
    const { sessionId, token } = ann;
    ann.close();
    let over = false;
    const talking = talk((text) => alice.say(sessionId, text), 'Alice', () => over);
    const page = open.guest('Ann');
    await page.start({ token });
    const loaded = await page.history();
    await page.settled();
    await page.hear('staff:message', about(sessionId), { nth: 5 });
    over = true;
    const said = await talking;
    await page.hear('staff:message', ({ payload }) => payload.seq === said.at(-1).seq);

    const live = page.received(sessionId);
    assertAscending(live, page.who);
    const shown = new Map([...loaded, ...live].map((entry) => [entry.messageId, entry]));
    assert.deepEqual([...shown.values()], said, 'the history and what came live make up the whole');
  });

  scenario('P4 where WebSocket is refused the client goes on polling, and all works', async (t) => {
    const proxy = await freshProxy(t);
    proxy.refuse('websocket');
    const { ann, alice, bob } = await conversation(t, proxy.url);
    for (const client of [ann, alice, bob]) await client.life.wait('upgradeError');
    const texts = { ann: [], alice: [] };
    for (let i = 1; i <= 10; i += 1) {
      texts.ann.push(await ann.say(`question ${i}`));
      texts.alice.push(await alice.say(ann.sessionId, `answer ${i}`));
    }
    await assertComplete(ann, alice, bob, texts.ann, texts.alice);
    for (const client of [ann, alice, bob]) {
      assert.equal(client.transport, 'polling', client.who);
      assert.deepEqual(client.life.named('disconnect'), [], `${client.who} is never disconnected`);
    }
    assertAllServed(proxy, ann, alice, bob);
  });

  scenario('P4 a client that tries WebSocket first falls back to polling', async (t) => {
    const proxy = await freshProxy(t);
    proxy.refuse('websocket');
    const guest = cast(t, proxy.url).guest('Ann', { transports: ['websocket', 'polling'], tryAllTransports: true });
    await guest.start();
    await guest.say('hello');
    assert.equal(guest.transport, 'polling');
    assert.equal((await guest.history()).length, 1);
  });

  scenario('P2 a WebSocket that dies while it probes costs no message', async (t) => {
    const proxy = await freshProxy(t);
    const { ann, alice, bob, open } = await conversation(t, proxy.url);
    const { sessionId, token } = ann;
    for (const client of [ann, alice, bob]) await client.settled();
    ann.close();
    proxy.breakNextProbe();
    const page = open.guest('Ann');
    // The server may let it go on polling or have it reconnect; either way nothing may be missing.
    await startOver(page, token);
    const said = [];
    for (let i = 1; i <= 20; i += 1) said.push(await alice.say(sessionId, `line ${i}`));
    await page.hear('staff:message', saying('line 20'));
    assert.deepEqual(page.received(sessionId), said);
    await page.say('all there');
    await alice.hear('guest:message', saying('all there'));
  });
});

/** What a page does on every connect that is not recovered: a start whose answer was lost is repeated. */
async function startOver(page, token) {
  for (let nth = 1; ; nth += 1) {
    await page.life.wait('connect', undefined, { nth });
    try {
      return await page.start({ token });
    } catch (error) {
      if (nth === 3 || !/disconnected/.test(error.message)) throw error;
    }
  }
}

async function freshProxy(t) {
  const proxy = await startProxy(settings.backends);
  t.after(() => proxy.close());
  return proxy;
}

/** Sends one message after the other until told to stop; resolves with what was acknowledged. */
async function talk(say, who, isOver) {
  const said = [];
  while (!isOver()) {
    assert.ok(said.length < MOST_SENDS, `${who} sent ${MOST_SENDS} messages and the upgrade is still not done`);
    said.push(await say(`${who} ${said.length + 1}`));
  }
  return said;
}

/** Everybody is on WebSocket by now: some traffic there belongs to the test. */
async function hearFiveMore(ann, alice, sessionId) {
  const heard = (client, event) => client.events.named(event, about(sessionId)).length;
  await Promise.all([
    ann.hear('staff:message', about(sessionId), { nth: heard(ann, 'staff:message') + 5 }),
    alice.hear('guest:message', about(sessionId), { nth: heard(alice, 'guest:message') + 5 }),
  ]);
}

async function assertComplete(ann, alice, bob, fromAnn, fromAlice) {
  const { sessionId } = ann;
  const last = await alice.say(sessionId, 'the last one');
  for (const client of [ann, bob]) await client.hear('staff:message', saying('the last one'));
  await alice.hear('guest:message', ({ payload }) => payload.messageId === fromAnn.at(-1).messageId);
  const all = [...fromAnn, ...fromAlice, last].sort((a, b) => a.seq - b.seq);
  assert.deepEqual(ann.received(sessionId), [...fromAlice, last], 'what Ann heard');
  assert.deepEqual(alice.received(sessionId), fromAnn, 'what Alice heard');
  assert.deepEqual(bob.received(sessionId), all, 'what the supervisor heard');
  assert.deepEqual(await ann.history(), all, 'the history');
}
