// Pages that show the same pid, as a copy of a tab does that brought its storage along: the last one has the socket.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Guest, Operator, settings } from './support/clients.mjs';
import { assertHeard, assertUsable, ownProxy, roles, say, talking } from './support/parties.mjs';
import { saying } from './support/scene.mjs';

const COPIES = 4;
const LEFT = 'io server disconnect';

describe(`tabs over ${settings.mode}`, { timeout: 120_000 }, () => {
  const scenario = (name, body) => test(name, { timeout: 60_000 }, body);

  for (const victim of ['a guest', 'an operator']) {
    scenario(`P2 of two pages of ${victim} with one pid the last one has the socket, and the first leaves for good`, async (t) => {
      const { guest, operator } = await talking(t);
      const [first, other, event] = roles(victim, guest, operator);
      const { sessionId } = guest.client;
      const second = await copy(t, first.client);
      const [{ args }] = (await left([first.client])).slice(-1);
      assert.equal(args[0], LEFT);
      assert.equal(second.socket.id, first.client.socketId, 'it is the same socket');
      await assertHeard(second, other.client, event, [], sessionId);
      await assertUsable(second, other.client, sessionId);
      assert.deepEqual(first.client.events.named(event, saying('the last one')), [], 'never two live');
      assert.equal(first.client.life.named('connect').length, 1, 'it does not come back');
      assert.equal(second.life.named('disconnect').length, 0);
    });

    scenario(`P2 of many pages of ${victim} with one pid one stays`, async (t) => {
      const { guest, operator } = await talking(t);
      const [first, other, event] = roles(victim, guest, operator);
      const { sessionId } = guest.client;
      const auth = shown(first.client);
      // One after the other: of two at once the one that is overtaken comes in as somebody new.
      const copies = [];
      for (let n = 0; n < COPIES; n += 1) {
        copies.push(await page(t, first.client, auth));
        await copies.at(-1).connected();
      }
      const all = [first.client, ...copies];
      const stays = await theOne(all);
      await say(other.client, 'who is there?', sessionId);
      await stays.hear(event, saying('who is there?'));
      await assertUsable(stays, other.client, sessionId);
      const heard = all.flatMap((client) => client.events.named(event, saying('who is there?')));
      assert.equal(heard.length, 1, 'one of them hears it');
    });
  }
});

/** What a page knows of its socket. */
function shown({ socket }) {
  return { ...socket.auth, pid: socket._pid, offset: socket._lastOffset };
}

async function page(t, original, auth) {
  const proxy = await ownProxy(t);
  const options = { auth };
  const client = original instanceof Operator ? new Operator(proxy.url, auth.token, options) : new Guest(proxy.url, original.name, options);
  client.sessionId = original.sessionId;
  t.after(() => client.close());
  return client;
}

async function copy(t, original) {
  original.socketId = original.socket.id;
  const client = await page(t, original, shown(original));
  await client.connected();
  return client;
}

async function left(clients) {
  return Promise.all(clients.map((client) => client.life.wait('disconnect', ({ args }) => args[0] === LEFT)));
}

/** The one that has not been sent away, once all others have. */
async function theOne(clients) {
  const gone = new Set();
  const waits = clients.map(async (client) => {
    await left([client]);
    gone.add(client);
  });
  waits.forEach((wait) => wait.catch(() => {}));
  while (gone.size < clients.length - 1) await Promise.race(waits.filter((_, i) => !gone.has(clients[i])));
  const stays = clients.find((client) => !gone.has(client));
  await stays.connected();
  return stays;
}
