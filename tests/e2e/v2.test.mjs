// Clients of Socket.IO 2, beside each other and beside newer ones (ALLOW_EIO3).

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, test } from 'node:test';
import io from 'socket.io-client-v2';
import { Guest, Operator, settings } from './support/clients.mjs';
import { startProxy } from './support/proxy.mjs';
import { about, assertAllServed, assertAscending, numbered, saying } from './support/scene.mjs';
import { GuestV2, OperatorV2 } from './support/v2.mjs';

/** After so long without a word of another namespace, a client without a token is told that it needs one. */
const MEANT_MS = 5_000;
/** One that pings no more is gone after four intervals. */
const PINGS = 9;
const SILENCE_MS = 4_000;
const RECONNECT_MS = 30_000;
const [token] = settings.operatorTokens;

describe(`clients of version 2 over ${settings.mode}`, { concurrency: 4, timeout: 240_000 }, () => {
  const scenario = (name, body) => test(name, { timeout: 60_000 }, body);

  for (const [guests, operators, AGuest, AnOperator] of [
    ['2', '2', GuestV2, OperatorV2],
    ['2', 'the newest', GuestV2, Operator],
    ['the newest', '2', Guest, OperatorV2],
  ]) {
    scenario(`P2 P4 a guest of version ${guests} and an operator of version ${operators} talk`, async (t) => {
      const { proxy, guest, operator } = await pair(t, AGuest, AnOperator);
      await Promise.all([guest.settled(), operator.settled()]);
      await talk(guest, operator);
      for (const client of [guest, operator]) {
        if (settings.mode !== 'polling') assert.equal(client.transport, 'websocket', client.who);
        assert.deepEqual(client.life.named('disconnect'), [], client.who);
      }
      assertAllServed(proxy, guest, operator);
    });
  }

  scenario('P2 operators of both versions hear the same, each as its version has it', async (t) => {
    const { guest, operator: old, open } = await pair(t, GuestV2, OperatorV2);
    const newer = open(Operator, settings.operatorTokens[1]);
    await newer.hear('ready');
    const { sessionId } = guest;
    const said = [];
    for (const line of numbered('line', 5)) said.push(await guest.say(line));
    for (const operator of [old, newer]) await operator.hear('guest:message', saying('line 5'));
    assert.deepEqual(old.received(sessionId), said);
    assert.deepEqual(newer.received(sessionId), said);
    const entries = newer.events.named('guest:message', about(sessionId));
    assert.ok(entries.every(({ args, offset }) => args.length === 2 && offset), 'the newest is told its position');
  });

  scenario('P2 one that lost its connection comes back by itself, and its history has everything', async (t) => {
    const { proxy, guest, operator } = await pair(t, GuestV2, OperatorV2);
    await Promise.all([guest.settled(), operator.settled()]);
    const { sessionId } = guest;
    await guest.say('before');
    proxy.cut(guest.sids[0]);
    await guest.life.wait('disconnect');
    await operator.say(sessionId, 'meanwhile');
    await guest.connected({ nth: 2, within: RECONNECT_MS });
    assert.equal((await guest.start({ token: guest.token })).sessionId, sessionId);
    await guest.say('after');
    await operator.hear('guest:message', saying('after'));
    const history = await guest.history();
    assert.deepEqual(history.map((line) => line.text), ['before', 'meanwhile', 'after']);
  });

  scenario('P5 who shows a bad token is refused, with a sentence', async (t) => {
    const { open } = await scene(t);
    for (const bad of [settings.badToken, settings.expiredToken]) {
      const operator = open(OperatorV2, bad);
      const { args } = await operator.life.wait('error');
      assert.deepEqual(args, ['Invalid token']);
      assert.deepEqual(operator.life.named('connect'), []);
    }
  });

  scenario('P5 who shows none is refused after a while, unless it wants another namespace', async (t) => {
    const { open } = await scene(t);
    const operator = open(OperatorV2, undefined);
    const guest = open(GuestV2, 'Ann');
    await guest.start();
    const { args } = await operator.life.wait('error');
    assert.deepEqual(args, ['Authentication required']);
    assert.deepEqual(operator.life.named('connect'), []);
    await sleep(MEANT_MS / 2);
    await guest.say('all the same');
    assert.deepEqual(guest.life.named('error'), [], 'that is nothing to a guest');
  });

  scenario('an unknown namespace is refused, and the others go on', async (t) => {
    const { open } = await scene(t);
    const operator = open(OperatorV2, token);
    await operator.hear('ready');
    const lost = operator.socket.io.socket('/nowhere');
    assert.equal(await new Promise((resolve) => lost.on('error', resolve)), 'Invalid namespace');
    const { sessions } = await operator.granted('staff:sessions', { limit: 1 });
    assert.ok(Array.isArray(sessions));
  });

  scenario('P4 several namespaces share a connection', async (t) => {
    const { open } = await scene(t);
    const operator = open(OperatorV2, token);
    await operator.hear('ready');
    const portal = operator.socket.io.socket('/public-portal');
    const ask = (event, payload) => new Promise((resolve) => portal.emit(event, payload, resolve));
    const { sessionId } = await ask('guest:start', { name: 'Ann' });
    await operator.hear('session:created', about(sessionId));
    await operator.claim(sessionId);
    const heard = new Promise((resolve) => portal.on('staff:message', (...args) => resolve(args)));
    await operator.say(sessionId, 'hello');
    const args = await heard;
    assert.deepEqual([args.length, args[0].message], [1, 'hello']);
    portal.disconnect();
    await operator.say(sessionId, 'still here');
  });

  scenario('P4 a guest of another vocabulary talks, on its own path', async (t) => {
    const { proxy, open } = await scene(t);
    const operator = open(Operator, token);
    await operator.hear('ready');
    const transports = settings.mode === 'default' ? {} : { transports: [settings.mode] };
    const socket = io(proxy.url, { path: '/chat', forceNew: true, ...transports });
    t.after(() => socket.io.close());
    const told = (name) => new Promise((resolve) => socket.once(name, (...args) => resolve(args)));
    const [started, answered] = [told('session:started'), told('incomingOperatorMessage')];
    socket.on('connect', () => socket.emit('join', { role: 'client', username: 'Ann' }));
    await started;
    socket.emit('clientMessage', { type: 'text', message: 'from the old page' });
    const { payload: { sessionId } } = await operator.hear('guest:message', saying('from the old page'));
    await operator.claim(sessionId);
    await operator.say(sessionId, 'welcome');
    const args = await answered;
    assert.deepEqual([args.length, args[0].message], [1, 'welcome']);
  });

  scenario('bytes where none belong are refused, and the connection goes on', async (t) => {
    const { guest, operator } = await pair(t, GuestV2, OperatorV2);
    await guest.refused('guest:message', { message: Buffer.from([1, 2, 255]), type: 'text' }, 'invalid');
    await guest.settled();
    await guest.refused('guest:message', { message: Buffer.from([1, 2, 255]), type: 'text' }, 'invalid');
    await talk(guest, operator);
    assert.deepEqual(guest.life.named('disconnect'), []);
  });

  scenario('P4 who pings lives, for twice as long as one that does not', async (t) => {
    const { guest, operator } = await pair(t, GuestV2, OperatorV2);
    for (const client of [guest, operator]) {
      await client.life.wait('pong', undefined, { nth: PINGS });
      assert.deepEqual(client.life.named('disconnect'), [], client.who);
    }
    await talk(guest, operator);
  });

  scenario('P4 who does not ping is told that it is over, however much it asks', async (t) => {
    const { proxy } = await scene(t);
    const url = `${proxy.url}/socket.io/?EIO=3&transport=polling&token=${token}`;
    const [, sid] = /"sid":"([^"]+)"/.exec(await text(url));
    const begun = Date.now();
    let heard;
    do {
      heard = await text(`${url}&sid=${sid}`);
    } while (!heard.endsWith('1:1'));
    assert.ok(Date.now() - begun > SILENCE_MS - 500);
    assert.equal((await fetch(`${url}&sid=${sid}`)).status, 400);
  });

  scenario('JSONP is refused with a sentence', async (t) => {
    const { proxy } = await scene(t);
    const answer = await fetch(`${proxy.url}/socket.io/?EIO=3&transport=polling&j=0`);
    assert.equal(answer.status, 403);
    assert.match((await answer.json()).message, /JSONP is not supported/);
  });
});

async function text(url) {
  const answer = await fetch(url);
  const body = await answer.text();
  assert.equal(answer.status, 200, body);
  return body;
}

/** Servers behind a proxy, and a way to open clients there that are closed with the test. */
async function scene(t) {
  const proxy = await startProxy(settings.backends);
  t.after(() => proxy.close());
  const open = (Who, who) => {
    const client = new Who(proxy.url, who ?? '', undefined);
    t.after(() => client.close());
    return client;
  };
  return { proxy, open };
}

/** A guest and the operator who has taken the session. */
async function pair(t, AGuest, AnOperator) {
  const { proxy, open } = await scene(t);
  const operator = open(AnOperator, token);
  await operator.hear('ready');
  const guest = open(AGuest, 'Ann');
  await guest.start();
  await operator.claim(guest.sessionId);
  await guest.hear('session:agent_joined');
  return { proxy, guest, operator, open };
}

/** Both ways, each text once and in order, and the history says the same. */
async function talk(guest, operator) {
  const { sessionId } = guest;
  const said = { guest: [], operator: [] };
  for (const line of numbered('line', 5)) {
    said.guest.push(await guest.say(`${line} 🙂`));
    said.operator.push(await operator.say(sessionId, `${line} é`));
  }
  // Said beside the log, it is lost on whoever is between two polls.
  if (settings.mode !== 'polling') {
    operator.socket.emit('staff:typing', { sessionId, isTyping: true });
    await guest.hear('staff:typing', ({ payload }) => payload.isTyping);
  }
  const last = (lines) => ({ payload }) => payload.messageId === lines.at(-1).messageId;
  await guest.hear('staff:message', last(said.operator));
  await operator.hear('guest:message', last(said.guest));
  assert.deepEqual(guest.received(sessionId), said.operator);
  assert.deepEqual(operator.received(sessionId), said.guest);
  for (const history of [await guest.history(), await operator.history(sessionId)]) {
    assertAscending(history, 'the history');
    assert.deepEqual(history.filter(({ side }) => side === 'in'), said.guest);
    assert.deepEqual(history.filter(({ side }) => side === 'out'), said.operator);
  }
}
