// One of the servers is killed in the middle of a conversation. BACKEND_PIDS are the processes behind
// BACKENDS; whoever started them expects the one that is killed here, VICTIM, to die and the others to live.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settings } from './support/clients.mjs';
import { startProxy } from './support/proxy.mjs';
import { about, assertAscending, cast, numbered, saying } from './support/scene.mjs';

const victim = Number(process.env.VICTIM);
const pids = process.env.BACKEND_PIDS.split(',').map(Number);

const WEBSOCKET = { transports: ['websocket'] };
const POLLING = { transports: ['polling'] };
// Repeats by itself what got no answer, one message at a time.
const STUBBORN = { retries: 10, ackTimeout: 5_000 };
const EXTRA = process.env.WITHOUT_IDS ? { clientMessageId: undefined } : {};
const EARLY = 5;
const LATE = 5;
// The official client waits up to 7.5 s between two attempts.
const BACK = { nth: 2, within: 30_000 };

test('P1 P2 a server that is killed costs no message, and nobody hears one twice', { timeout: 90_000 }, async (t) => {
  const proxy = await startProxy(settings.backends);
  t.after(() => proxy.close());
  const { guests, alice, bob } = await talking(t, proxy);
  const carrier = (client) => proxy.report()[client.sids.at(-1)].served.findIndex((count) => count > 0);
  const overWebSocket = [...guests, alice].filter((client) => client.transport === 'websocket');
  const [cut, spared] = [true, false].map((isCut) => overWebSocket.filter((client) => (carrier(client) === victim) === isCut));
  assert.ok(cut.length > 0 && spared.length > 0, 'the victim carries a WebSocket, and so does another server');

  let over = false;
  const talks = guests.flatMap((guest) => [
    talk((text) => guest.say(text, EXTRA), guest.name, () => over),
    talk((text) => alice.say(guest.sessionId, text, EXTRA), `to ${guest.name}`, () => over),
  ]);
  for (const guest of guests) await guest.hear('staff:message', about(guest.sessionId), { nth: EARLY });
  process.kill(pids[victim], 'SIGKILL');

  for (const client of cut) {
    assert.equal((await client.connected(BACK)).recovered, true, `${client.who} should be recovered`);
    assert.notEqual(carrier(client), victim, client.who);
  }
  for (const guest of guests) await hearMore(guest, alice);
  over = true;
  const said = await Promise.all(talks);

  await assertComplete(guests, [alice, bob], said);
  for (const client of spared) assert.deepEqual(client.life.named('disconnect'), [], `${client.who} has noticed`);
  for (const client of [...guests, alice, bob]) assertUnharmed(client);
});

/** Guests over WebSocket, one on each server and one more, and two who poll; Alice over WebSocket, Bob polls. */
async function talking(t, proxy) {
  const open = cast(t, proxy.url);
  const [first, second] = settings.operatorTokens;
  const alice = open.operator(first, { ...WEBSOCKET, ...STUBBORN });
  await alice.hear('ready');
  const guests = [];
  for (const [name, options] of [['Ann', WEBSOCKET], ['Ben', WEBSOCKET], ['Cem', WEBSOCKET], ['Dan', POLLING], ['Eve', POLLING]]) {
    const guest = open.guest(name, { ...options, ...STUBBORN });
    guests.push(guest);
    await guest.hear('ready');
  }
  const bob = open.operator(second, { ...POLLING, ...STUBBORN });
  await bob.hear('ready');
  for (const guest of guests) {
    await guest.start();
    await alice.claim(guest.sessionId);
    await guest.hear('session:agent_joined');
  }
  return { guests, alice, bob };
}

/** Says one thing after the other until told to stop; resolves with what was acknowledged, which is all. */
async function talk(say, who, isOver) {
  const said = [];
  while (!isOver()) said.push(await say(`${who} ${said.length + 1}`));
  return said;
}

/** Both sides go on after what has happened. */
async function hearMore(guest, alice) {
  const some = about(guest.sessionId);
  const heard = (client, event) => client.events.named(event, some).length;
  await Promise.all([
    guest.hear('staff:message', some, { nth: heard(guest, 'staff:message') + LATE }),
    alice.hear('guest:message', some, { nth: heard(alice, 'guest:message') + LATE }),
  ]);
}

/** Everybody has each message once and in order, live and in the history. */
async function assertComplete(guests, [alice, bob], said) {
  for (const [i, guest] of guests.entries()) {
    const { sessionId } = guest;
    const [fromGuest, fromAlice] = [said[2 * i], said[2 * i + 1]];
    for (const [lines, who] of [[fromGuest, guest.name], [fromAlice, `to ${guest.name}`]]) {
      assert.deepEqual(lines.map(({ text }) => text), numbered(who, lines.length));
      assertAscending(lines, who);
    }
    for (const client of [alice, bob]) await client.hear('guest:message', saying(fromGuest.at(-1).text));
    for (const client of [guest, bob]) await client.hear('staff:message', saying(fromAlice.at(-1).text));
    const all = [...fromGuest, ...fromAlice].sort((a, b) => a.seq - b.seq);
    assert.deepEqual(guest.received(sessionId), fromAlice, `what ${guest.name} heard`);
    assert.deepEqual(alice.received(sessionId), fromGuest, `what Alice heard from ${guest.name}`);
    assert.deepEqual(bob.received(sessionId), all, `what the supervisor heard of ${guest.name}`);
    assert.deepEqual(await guest.history(), all, `the history of ${guest.name}`);
  }
}

/** It lost one connection at most, and came back as who it was. */
function assertUnharmed({ who, life }) {
  assert.ok(life.named('disconnect').length <= 1, `${who} was disconnected more than once`);
  const [, ...again] = life.named('connect');
  for (const { recovered } of again) assert.equal(recovered, true, `${who} should be recovered`);
}
