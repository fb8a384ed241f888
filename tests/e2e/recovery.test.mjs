// TCP connections die under a conversation; nobody loses or sees twice a single message.
// Each client has a proxy of its own, so that one can be cut off while the other goes on.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { settings } from './support/clients.mjs';
import {
  MISSED, RECONNECT, assertHeard, assertUsable, away, back, newGuest, newOperator, recovered, roles, say, sendMissed, talking,
} from './support/parties.mjs';
import { assertAllServed, numbered, saying } from './support/scene.mjs';

describe(`recovery over ${settings.mode}`, { timeout: 240_000 }, () => {
  const scenario = (name, body) => test(name, { timeout: 60_000 }, body);

  scenario('P2 an operator who heard nothing but "ready" is recovered', async (t) => {
    const guest = await newGuest(t);
    await guest.client.start();
    const operator = await quietOperator(t);
    await sendMissed(guest.client, 'unheard');
    await back(operator);
    await assertHeard(operator.client, guest.client, 'guest:message', numbered('unheard', MISSED));
  });

  scenario('P2 a guest who heard nothing but "ready" is recovered', async (t) => {
    const guest = await newGuest(t);
    await guest.client.hear('ready');
    await away(guest);
    assert.deepEqual(guest.client.events.entries.map(({ name }) => name), ['ready']);
    await back(guest);
    await guest.client.start();
    const operator = await newOperator(t);
    await operator.client.claim(guest.client.sessionId);
    await operator.client.say(guest.client.sessionId, 'hello');
    await guest.client.hear('staff:message', saying('hello'));
  });

  for (const victim of ['a guest', 'an operator']) {
    scenario(`P2 ${victim} cut off for ${MISSED} messages gets each once and in order`, async (t) => {
      const { guest, operator } = await talking(t);
      const [cut, other, event] = roles(victim, guest, operator);
      await away(cut);
      await sendMissed(other.client, 'missed', guest.client.sessionId);
      await back(cut);
      await assertHeard(cut.client, other.client, event, ['before', ...numbered('missed', MISSED)], guest.client.sessionId);
      await assertUsable(cut.client, other.client, guest.client.sessionId);
      assertAllServed(cut.proxy, cut.client);
    });

    scenario(`P2 ${victim} cut in the middle of ${MISSED} messages gets each once and in order`, async (t) => {
      const { guest, operator } = await talking(t);
      const [cut, other, event] = roles(victim, guest, operator);
      // The server still holds the old connection when the client is back: it has to be taken over.
      const sends = sendMissed(other.client, 'crossing', guest.client.sessionId);
      await cut.client.hear(event, saying('crossing 3'));
      cut.proxy.cut(cut.client.sids.at(-1));
      await sends;
      await recovered(cut);
      await assertHeard(cut.client, other.client, event, ['before', ...numbered('crossing', MISSED)], guest.client.sessionId);
    });

    scenario(`P2 ${victim} cut three times in a row is recovered each time`, async (t) => {
      const { guest, operator } = await talking(t);
      const [cut, other, event] = roles(victim, guest, operator);
      const texts = ['before'];
      for (const round of [1, 2, 3]) {
        const text = `round ${round}`;
        cut.proxy.cut(cut.client.sids.at(-1));
        await cut.client.life.wait('disconnect', undefined, { nth: round });
        await say(other.client, text, guest.client.sessionId);
        await recovered(cut, { ...RECONNECT, nth: round + 1 });
        // Cut between the server's 3probe and its own 5, the official client only notices by its ping timeout.
        await cut.client.settled();
        texts.push(text);
      }
      await assertHeard(cut.client, other.client, event, texts, guest.client.sessionId);
    });
  }

  scenario('P3 a guest who repeats by itself what got no answer is heard once', async (t) => {
    // `retries` of the official client: one message in flight, sent again until it is acknowledged.
    const { guest, operator } = await talking(t, { retries: 10, ackTimeout: 5_000 });
    const texts = numbered('stubborn', MISSED);
    const sends = texts.map((text) => guest.client.say(text));
    await operator.client.hear('guest:message', saying('stubborn 3'));
    guest.proxy.cut(guest.client.sids.at(-1));
    await Promise.all(sends);
    await recovered(guest);
    await assertHeard(operator.client, guest.client, 'guest:message', ['before', ...texts], guest.client.sessionId);
  });

  scenario('P7 who comes back on another server reads there what was seen before, and what was missed', async (t) => {
    const { guest, operator } = await talking(t);
    const { sessionId } = guest.client;
    for (const [cut, other, event] of [[guest, operator, 'staff:message'], [operator, guest, 'guest:message']]) {
      const { client, proxy } = cut;
      await away(cut);
      await sendMissed(other.client, 'missed', sessionId);
      await back(cut);
      const [before, now] = client.sids.map((sid) => proxy.report()[sid].first);
      assert.notEqual(now, before, `${client.who} came back to the server it had left`);
      await client.hear(event, saying(`missed ${MISSED}`));
      const own = client.seen.acknowledged.map(({ sessionId: _, ...shown }) => shown);
      const shown = [...own, ...client.received(sessionId)].sort((a, b) => a.seq - b.seq);
      assert.deepEqual(await client.history(sessionId), shown);
    }
  });

  scenario('P7 a new page is not recovered, but its history has everything', async (t) => {
    const { guest, operator } = await talking(t);
    const { sessionId, token } = guest.client;
    await away(guest);
    await sendMissed(operator.client, 'missed', sessionId);
    guest.client.close();

    const page = await newGuest(t);
    assert.equal((await page.client.connected()).recovered, false);
    const started = await page.client.start({ token });
    assert.deepEqual([started.sessionId, started.reconnected], [sessionId, true]);
    const texts = ['before', 'before', ...numbered('missed', MISSED)];
    const history = await page.client.history();
    assert.deepEqual(history.map(({ text }) => text), texts);
    assert.deepEqual(await operator.client.history(sessionId), history);
  });
});

/** Operators hear of each other; whoever leaves late from an earlier test must not spoil the silence. */
async function quietOperator(t) {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const operator = await newOperator(t);
    await operator.client.settled();
    await away(operator);
    if (operator.client.events.entries.every(({ name }) => name === 'ready')) return operator;
    operator.client.close();
  }
  throw new Error('no operator heard nothing but "ready": something keeps talking in this workspace');
}
