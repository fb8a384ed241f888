// Pages that show the same pid, as a copy of a tab does that brought its storage along: the last one has the socket.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Guest, Operator, settings } from './support/clients.mjs';
import { assertHeard, assertUsable, ownProxy, roles, say, talking } from './support/parties.mjs';
import { saying } from './support/scene.mjs';

const COPIES = 4;
const LEFT = 'io server disconnect';
const OPENED = {
  'one after the other': async (t, original, auth) => {
    const copies = [];
    for (let n = 0; n < COPIES; n += 1) {
      copies.push(await page(t, original, auth));
      await copies.at(-1).connected();
    }
    return copies;
  },
  'at the same moment': async (t, original, auth) => {
    const copies = await Promise.all(Array.from({ length: COPIES }, () => page(t, original, auth)));
    await Promise.all(copies.map((copy) => copy.connected()));
    return copies;
  },
};

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

    for (const [when, open] of Object.entries(OPENED)) {
      scenario(`P2 of many pages of ${victim} with one pid that come ${when} one stays`, async (t) => {
        const { guest, operator } = await talking(t);
        const [first, other, event] = roles(victim, guest, operator);
        const { sessionId } = guest.client;
        const { id } = first.client.socket;
        const all = [first.client, ...(await open(t, first.client, shown(first.client)))];
        const stays = await theOne(all, id);
        await say(other.client, 'who is there?', sessionId);
        await stays.hear(event, saying('who is there?'));
        await assertUsable(stays, other.client, sessionId);
        // One that was overtaken on its way is somebody else, with ears of its own.
        const same = all.filter((client) => client === stays || client.socket.id === undefined);
        const heard = same.flatMap((client) => client.events.named(event, saying('who is there?')));
        assert.equal(heard.length, 1, 'one of them hears it');
      });
    }
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

/** The one that has the socket, once all others have been sent away or are another one. */
async function theOne(clients, id) {
  for (;;) {
    const next = nextOf(clients);
    const here = clients.filter(({ socket }) => socket.connected);
    const same = here.filter(({ socket }) => socket.id === id);
    const isOver = clients.every((client) => here.includes(client) || isSentAway(client));
    if (isOver && same.length === 1) return same[0];
    await next.catch((error) => {
      const states = clients.map(({ life }) => life.entries.map(({ name, args }) => [name, ...args].join(' ')).join(', '));
      throw new Error(`not one but ${same.length} of ${clients.length} have the socket:\n  ${states.join('\n  ')}`, { cause: error });
    });
  }
}

function nextOf(clients) {
  return Promise.race(clients.map(({ life }) => life.next()));
}

function isSentAway({ life }) {
  const last = life.entries.at(-1);
  return last?.name === 'disconnect' && last.args[0] === LEFT;
}
