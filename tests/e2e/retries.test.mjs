// `retries` of the official client: one message in flight, sent again until it is acknowledged. With an id of the
// client's a repeat is known by that; without one nothing marks it, and it is one message all the same.

import assert from 'node:assert/strict';
import net from 'node:net';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, test } from 'node:test';
import { settings } from './support/clients.mjs';
import { assertElsewhere, assertHeard, recovered, roles, say, talking } from './support/parties.mjs';
import { saying } from './support/scene.mjs';

// The port at which the program that started the servers keeps the database from storing anything, if it can.
const HOLD = process.env.HOLD;
const ACK_TIMEOUT_MS = 1_500;
const STUBBORN = { retries: 20, ackTimeout: ACK_TIMEOUT_MS };
const IDS = { 'its own id': {}, 'no id': { clientMessageId: undefined } };

describe(`retries over ${settings.mode}`, { timeout: 240_000 }, () => {
  const scenario = (name, body) => test(name, { timeout: 60_000 }, body);

  for (const victim of ['a guest', 'an operator']) {
    for (const [which, ids] of Object.entries(IDS)) {
      scenario(`P3 what ${victim} says with ${which} is one message though its connection is cut before the answer`, async (t) => {
        const { cut, other, event, sessionId } = await stubborn(t, victim);
        const torn = cut.proxy.cutShort(cut.client.sids.at(-1), answer(cut.client));
        const sends = ['first', 'second', 'second', 'third'].map((text) => insist(cut.client, sessionId, text, ids));
        await torn;
        const acks = await Promise.all(sends);
        await recovered(cut);
        assertElsewhere(cut);
        await assertOnce(cut, other, event, sessionId, ['first', 'second', 'second', 'third']);
        assert.equal(new Set(acks.map(({ messageId }) => messageId)).size, 4);
        assert.ok(acks[0].duplicate, 'the first was a repeat');
      });

      scenario(`P3 what ${victim} says with ${which} is one message though it is cut twice before the answer`, async (t) => {
        const { cut, other, event, sessionId } = await stubborn(t, victim);
        const torn = cut.proxy.cutShort(cut.client.sids.at(-1), answer(cut.client));
        const sending = insist(cut.client, sessionId, 'patience', ids);
        await torn;
        // Its answer comes with or after the one to CONNECT, so on a connection that is known by then.
        const again = cut.proxy.cutShortNext(answer(cut.client));
        await again;
        assert.ok((await sending).duplicate);
        await assertOnce(cut, other, event, sessionId, ['patience']);
      });

      if (!HOLD) continue;
      scenario(`P3 what ${victim} says with ${which} is one message though its answer takes longer than it waits`, async (t) => {
        const { cut, other, event, sessionId } = await stubborn(t, victim);
        const release = await hold();
        const sending = insist(cut.client, sessionId, 'is anybody there?', ids);
        await sleep(2.5 * ACK_TIMEOUT_MS);
        release();
        const ack = await sending;
        assert.ok(ack.duplicate, 'it was repeated meanwhile');
        await assertOnce(cut, other, event, sessionId, ['is anybody there?']);
        assert.equal(cut.client.life.named('disconnect').length, 0, 'on the same connection');
      });
    }

    scenario(`P2 what ${victim} means twice is two messages, though nothing tells them apart`, async (t) => {
      const { guest, operator } = await talking(t);
      const [twice, other] = roles(victim, guest, operator);
      const event = said(victim);
      const { sessionId } = guest.client;
      const ids = IDS['no id'];
      const release = HOLD ? await hold() : () => {};
      // At once, so that neither is answered before the other is there.
      const both = [1, 2].map(() => say(twice.client, 'ok', sessionId, ids));
      await other.client.hear(event, saying('ok'), { nth: 2 });
      release();
      await Promise.all(both);
      await say(twice.client, 'ok', sessionId, ids);
      await assertOnce(twice, { client: other.client }, event, sessionId, ['ok', 'ok', 'ok']);
    });

    scenario(`P2 what ${victim} says again once it is back is another message, if it has asked for anything between`, async (t) => {
      const { cut, other, event, sessionId } = await stubborn(t, victim);
      const ids = IDS['no id'];
      await insist(cut.client, sessionId, 'hello?', ids);
      await cut.client.history(sessionId);
      cut.proxy.cut(cut.client.sids.at(-1));
      await recovered(cut);
      const again = await insist(cut.client, sessionId, 'hello?', ids);
      assert.equal(again.duplicate, false);
      await insist(cut.client, sessionId, 'hello?', ids);
      await assertOnce(cut, other, event, sessionId, ['hello?', 'hello?', 'hello?']);
    });
  }
});

/** A conversation in which one of the two repeats by itself. */
async function stubborn(t, victim) {
  const isGuest = victim === 'a guest';
  const own = { auth: { token: settings.operatorTokens[0] }, ...STUBBORN };
  const { guest, operator } = await talking(t, isGuest ? STUBBORN : {}, isGuest ? {} : own);
  const [cut, other] = roles(victim, guest, operator);
  return { cut, other, event: said(victim), sessionId: guest.client.sessionId };
}

/** What the other side hears of them. */
function said(victim) {
  return victim === 'a guest' ? 'guest:message' : 'staff:message';
}

/** An acknowledgement of this client's namespace, as it is on the wire. */
function answer({ socket }) {
  return new RegExp(socket.nsp === '/' ? '43\\d+\\[' : `43${socket.nsp},\\d+\\[`);
}

/** With the patience that the client was made with. */
async function insist(client, sessionId, text, ids) {
  const event = client.agentId ? 'staff:message' : 'guest:message';
  const sent = { ...(client.agentId && { sessionId }), message: text, type: 'text', clientMessageId: `${text} ${Math.random()}`, ...ids };
  return new Promise((resolve, reject) => {
    client.socket.emit(event, sent, (failure, ack) => {
      if (failure || !ack.ok) return reject(failure ?? new Error(JSON.stringify(ack)));
      client.noted(event, sent, ack);
      resolve(ack);
    });
  });
}

/** Live and in the history of both. */
async function assertOnce(sender, receiver, event, sessionId, texts) {
  const side = event === 'guest:message' ? 'in' : 'out';
  await assertHeard(receiver.client, sender.client, event, ['before', ...texts], sessionId);
  for (const { client } of [sender, receiver]) {
    const history = await client.history(sessionId);
    const own = history.filter((entry) => entry.side === side).map(({ text }) => text);
    assert.deepEqual(own, ['before', ...texts, 'the last one'], client.who);
  }
}

/** Nothing is stored until what this resolves with is called. */
async function hold() {
  const control = net.connect(Number(HOLD), '127.0.0.1');
  await once(control, 'data');
  return () => control.destroy();
}
