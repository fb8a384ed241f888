// What the official client makes of proxies: which transport it ends up with, and which answers cost it its
// connection. Whatever it does, what is said arrives once.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { settings } from './support/clients.mjs';
import { startProxy } from './support/proxy.mjs';
import { about, cast, numbered, saying } from './support/scene.mjs';

/** The official client waits up to 7.5 s between two attempts. */
const RECONNECT_MS = 30_000;
/** Between two looks at something that cannot be awaited. */
const LOOK_MS = 50;

const UPGRADE_ANSWERS = [400, 403, 200, 'reset'];
const ANSWERS = [204, 400, 403, 404, 413, 500, 502, 503, 'reset'];
const WEBSOCKET_FIRST = { transports: ['websocket', 'polling'] };

describe('the transport', { timeout: 240_000 }, () => {
  const scenario = (name, body) => test(name, { timeout: 60_000 }, body);

  for (const how of [...UPGRADE_ANSWERS, 'hang']) {
    scenario(`P4 is polling, and stays it, where an upgrade meets ${how}`, async (t) => {
      const { proxy, guest, operator } = await pair(t, {}, (proxy) => proxy.answerUpgrades(how));
      if (how !== 'hang') await Promise.all([guest, operator].map((client) => client.life.wait('upgradeError')));
      await talk(guest, operator);
      for (const client of [guest, operator]) {
        assert.equal(client.transport, 'polling', client.who);
        assert.deepEqual(client.life.named('disconnect'), [], client.who);
        assert.equal(proxy.report()[client.sids[0]].refused, 1, `${client.who} tries once`);
      }
    });
  }

  for (const how of UPGRADE_ANSWERS) {
    scenario(`P4 is polling at the first attempt with tryAllTransports, where WebSocket meets ${how}`, async (t) => {
      const proxy = await freshProxy(t);
      proxy.answerUpgrades(how);
      const guest = cast(t, proxy.url).guest('Ann', { ...WEBSOCKET_FIRST, tryAllTransports: true });
      await guest.start();
      await guest.say('hello');
      assert.equal(guest.transport, 'polling');
      assert.deepEqual(guest.life.named('connect_error'), [], 'nobody notices');
    });

    scenario(`is none without tryAllTransports, where WebSocket meets ${how}, until it is let through`, async (t) => {
      const proxy = await freshProxy(t);
      proxy.answerUpgrades(how);
      const guest = cast(t, proxy.url).guest('Ann', WEBSOCKET_FIRST);
      for (const nth of [1, 2]) {
        const { args } = await guest.life.wait('connect_error', undefined, { nth });
        assert.match(args[0], /websocket error/);
      }
      proxy.accept();
      await guest.start();
      assert.equal(guest.transport, 'websocket');
    });
  }

  scenario('is none where WebSocket is swallowed, until it is let through', async (t) => {
    const proxy = await freshProxy(t);
    proxy.answerUpgrades('hang');
    const guest = cast(t, proxy.url).guest('Ann', { ...WEBSOCKET_FIRST, tryAllTransports: true, timeout: 500 });
    for (const nth of [1, 2]) {
      const { args } = await guest.life.wait('connect_error', undefined, { nth });
      assert.match(args[0], /timeout/);
    }
    proxy.accept();
    await guest.start();
    assert.equal(guest.transport, 'websocket');
  });

  // The client remembers it for the page, not for the connection: somebody has to have had a WebSocket before.
  scenario('P4 is WebSocket at once with rememberUpgrade, and polling where that fails', async (t) => {
    const { proxy, guest, operator } = await pair(t);
    await Promise.all([guest.settled(), operator.settled()]);
    const { token } = guest;
    guest.close();
    const page = cast(t, proxy.url).guest('Ann', { rememberUpgrade: true });
    await page.start({ token });
    for (const nth of [1, 2]) {
      const { args: [sid] } = await page.connected({ nth, within: RECONNECT_MS });
      await talk(page, operator);
      const { served, upgrades } = proxy.report()[sid];
      assert.deepEqual([sum(served), sum(upgrades)], [1, 0], 'it began as a WebSocket and is no request more');
      if (nth === 2) proxy.answerUpgrades(403);
      proxy.cut(sid);
    }
    await page.connected({ nth: 3, within: RECONNECT_MS });
    assert.equal(page.transport, 'polling');
    assert.ok(page.life.named('connect_error').length > 0, 'it has tried WebSocket first');
    await talk(page, operator);
  });

  scenario('is WebSocket alone for a client that wants no other', async (t) => {
    const { proxy, guest, operator } = await pair(t, { transports: ['websocket'] });
    await talk(guest, operator);
    for (const { sids: [sid] } of [guest, operator]) assert.equal(sum(proxy.report()[sid].served), 1);
  });
});

// Not beside those above, which depend on what the client remembers of its last connection.
describe('an answer on the way', { timeout: 240_000, concurrency: 6 }, () => {
  const scenario = (name, body) => test(name, { timeout: 60_000 }, body);
  const lost = [
    ...ANSWERS.map((how) => ['GET', how]),
    ['GET', { status: 200, body: '' }],
    ['GET', { status: 200, body: '<html>sign in to this network</html>' }],
    ['GET', 'truncate'],
    ...ANSWERS.map((how) => ['POST', how]),
  ];
  for (const [method, how] of lost) {
    scenario(`P2 ${method} with ${JSON.stringify(how)} costs the connection and no message`, async (t) => {
      const { proxy, guest, operator } = await pair(t, { transports: ['polling'] });
      await provoke(proxy, guest, operator, method, how);
      const { args: [reason] } = await guest.life.wait('disconnect');
      assert.equal(reason, 'transport error');
      await goOn(guest, operator);
      await gone(proxy, guest.sids[0]);
    });
  }

  scenario('P2 GET with a close costs the connection and no message', async (t) => {
    const { proxy, guest, operator } = await pair(t, { transports: ['polling'] });
    await provoke(proxy, guest, operator, 'GET', { status: 200, body: '1' });
    const { args: [reason] } = await guest.life.wait('disconnect');
    assert.equal(reason, 'transport close');
    await goOn(guest, operator);
  });

  for (const body of ['', 'ok', '<html>garbage</html>']) {
    scenario(`P2 POST with 200 and ${JSON.stringify(body)} costs nothing`, async (t) => {
      const { proxy, guest, operator } = await pair(t, { transports: ['polling'] });
      await provoke(proxy, guest, operator, 'POST', { status: 200, body });
      await talk(guest, operator);
      assert.deepEqual(guest.life.named('disconnect'), []);
    });
  }
});

async function freshProxy(t) {
  const proxy = await startProxy(settings.backends);
  t.after(() => proxy.close());
  return proxy;
}

/** A guest and the operator who has taken the session. */
async function pair(t, options, prepare = () => {}) {
  const proxy = await freshProxy(t);
  prepare(proxy);
  const open = cast(t, proxy.url);
  const operator = open.operator(settings.operatorTokens[0], options);
  await operator.hear('ready');
  const guest = open.guest('Ann', options);
  await guest.start();
  await operator.claim(guest.sessionId);
  await guest.hear('session:agent_joined');
  return { proxy, guest, operator };
}

/** Both ways, each text once. */
async function talk(guest, operator) {
  const { sessionId } = guest;
  const said = { guest: [], operator: [] };
  for (const text of numbered('line', 5)) {
    said.guest.push(await guest.say(text));
    said.operator.push(await operator.say(sessionId, text));
  }
  const last = (lines) => ({ payload }) => payload.messageId === lines.at(-1).messageId;
  await guest.hear('staff:message', last(said.operator));
  await operator.hear('guest:message', last(said.guest));
  assert.deepEqual(guest.received(sessionId).slice(-5), said.operator);
  assert.deepEqual(operator.received(sessionId).slice(-5), said.guest);
}

/** Has the guest send such a request, which goes wrong. */
async function provoke(proxy, guest, operator, method, how) {
  const hit = proxy.faultNext(guest.sids[0], method, how);
  // The parked GET was there before: it is answered, and the next one goes wrong. A truncated one has to have something in it.
  if (method === 'GET') {
    await operator.say(guest.sessionId, 'ends the parked one');
    await guest.hear('staff:message', saying('ends the parked one'));
    await operator.say(guest.sessionId, 'is in the way');
  } else {
    guest.socket.emit('guest:typing', { isTyping: true });
  }
  await hit;
}

/** Again there, with everything that was said, once. */
async function goOn(guest, operator) {
  const { sessionId } = guest;
  const meanwhile = await operator.say(sessionId, 'meanwhile');
  const { recovered } = await guest.connected({ nth: 2, within: RECONNECT_MS });
  assert.ok(recovered, 'its place is kept');
  await guest.hear('staff:message', saying('meanwhile'));
  const heard = guest.events.named('staff:message', about(sessionId)).map(({ payload }) => payload.messageId);
  assert.equal(new Set(heard).size, heard.length, 'nothing twice');
  assert.equal(guest.received(sessionId).at(-1).messageId, meanwhile.messageId);
  await talk(guest, operator);
  const all = (await operator.history(sessionId)).filter(({ side }) => side === 'out').map(({ messageId }) => messageId);
  assert.deepEqual(guest.received(sessionId).map(({ messageId }) => messageId), all, 'nothing is missing');
}

/** The client says goodbye to the connection that it has given up: nobody holds it any more. */
async function gone(proxy, sid) {
  const url = `${proxy.url}/socket.io/?EIO=4&transport=polling&sid=${sid}`;
  for (;;) {
    const { status } = await fetch(url, { method: 'POST', body: '3' });
    if (status === 400) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

function sum(counts) {
  return counts.reduce((all, count) => all + count, 0);
}
