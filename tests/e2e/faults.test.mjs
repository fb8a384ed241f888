// Networks that lie, and clients that do not know where they were. Whoever can be recovered is, on another server,
// and hears each message once and in order; who cannot finds everything in the history.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Guest, Operator, settings, shared } from './support/clients.mjs';
import {
  MISSED, RECONNECT, assertElsewhere, assertHeard, assertHistory, assertUsable, away, back, newGuest, newOperator, ownProxy, recovered,
  roles, sendMissed, talking,
} from './support/parties.mjs';
import { numbered } from './support/scene.mjs';

// A session's log in the hub keeps 512, and lets go of 64 at a time.
const MORE_THAN_KEPT = 600;
const AT_ONCE = 40;
const WITHOUT_OFFSET = { offset: undefined };
const token = settings.operatorTokens[0];

describe(`faults over ${settings.mode}`, { timeout: 240_000 }, () => {
  const scenario = (name, body) => test(name, { timeout: 60_000 }, body);

  for (const victim of ['a guest', 'an operator']) {
    scenario(`P2 ${victim} whose answer ends in the middle of a message gets it once`, async (t) => {
      const { guest, operator } = await talking(t);
      const [cut, other, event] = roles(victim, guest, operator);
      const { sessionId } = guest.client;
      const torn = cut.proxy.cutShort(cut.client.sids.at(-1), new RegExp(`"${event}".*torn`));
      const sends = sendMissed(other.client, 'torn', sessionId);
      await torn;
      await sends;
      await recovered(cut);
      assertElsewhere(cut);
      await assertHeard(cut.client, other.client, event, ['before', ...numbered('torn', MISSED)], sessionId);
      await assertUsable(cut.client, other.client, sessionId);
    });

    scenario(`P2 ${victim} is recovered while the servers believe in its old connection, which ends`, async (t) => {
      const { guest, operator } = await talking(t);
      const [cut, other, event] = roles(victim, guest, operator);
      const { sessionId } = guest.client;
      const ended = cut.proxy.sever(cut.client.sids.at(-1));
      await sendMissed(other.client, 'unheard', sessionId);
      await recovered(cut);
      assertElsewhere(cut);
      await assertHeard(cut.client, other.client, event, ['before', ...numbered('unheard', MISSED)], sessionId);
      await assertUsable(cut.client, other.client, sessionId);
      assert.ok(!(await ended).includes('the last one'), 'the old connection was still told what the new one was');
    });

    scenario(`P2 ${victim} whose last event ended in some other text is not recovered, and its history has everything`, async (t) => {
      // As after an event without a position that ends in a text. Ours do not, which every client here checks.
      let seen;
      const auth = (extra) => (show) => show({ ...extra, ...seen });
      const { guest, operator } = await talking(t, { auth: auth({}) }, { auth: auth({ token }) });
      const [cut, other] = roles(victim, guest, operator);
      const { sessionId } = guest.client;
      await away(cut);
      await sendMissed(other.client, 'missed', sessionId);
      seen = { offset: 'the last words of something' };
      cut.proxy.accept();
      assert.equal((await cut.client.connected(RECONNECT)).recovered, false);
      await assertHistory(cut, sessionId, ['before', 'before', ...numbered('missed', MISSED)]);
      const again = cut.client.received(sessionId).filter(({ text }) => text === 'before');
      assert.equal(again.length, 1, 'what it had heard is not told again');
    });
  }

  scenario('P2 a guest without any position is recovered from where it came in', async (t) => {
    const guest = await newGuest(t, { auth: WITHOUT_OFFSET });
    const { sessionId } = await guest.client.start();
    await away(guest);
    const operator = await newOperator(t);
    await operator.client.claim(sessionId);
    await sendMissed(operator.client, 'unheard', sessionId);
    await back(guest);
    assertElsewhere(guest);
    await assertHeard(guest.client, operator.client, 'staff:message', numbered('unheard', MISSED), sessionId);
  });

  scenario('P2 an operator without any position is recovered from where it came in', async (t) => {
    const operator = await newOperator(t, { auth: { token, ...WITHOUT_OFFSET } });
    await away(operator);
    const guest = await newGuest(t);
    const { sessionId } = await guest.client.start();
    await sendMissed(guest.client, 'unheard');
    await back(operator);
    assertElsewhere(operator);
    await assertHeard(operator.client, guest.client, 'guest:message', numbered('unheard', MISSED), sessionId);
  });

  // Which transport it is that does not recover makes no difference, and it is a lot to say.
  const trimmed = settings.mode === 'websocket' ? scenario : () => {};
  trimmed('P2 a guest who missed more than its log keeps is not recovered, and its history has everything', async (t) => {
    const { guest, operator } = await talking(t);
    const { sessionId, token: proof } = guest.client;
    await away(guest);
    const texts = numbered('many', MORE_THAN_KEPT);
    const said = [];
    while (said.length < texts.length) {
      const some = texts.slice(said.length, said.length + AT_ONCE);
      said.push(...(await Promise.all(some.map((text) => operator.client.say(sessionId, text)))));
    }
    const last = Math.max(...said.map(({ seq }) => seq));
    await operator.client.hear('message:status', ({ payload }) => payload.sessionId === sessionId && payload.seq >= last);
    // What is stored may go from the log when the next one comes.
    await operator.client.say(sessionId, 'one more');
    guest.proxy.accept();
    assert.equal((await guest.client.connected(RECONNECT)).recovered, false);
    const page = await newGuest(t);
    page.client.token = proof;
    await assertHistory(page, sessionId, ['before', 'before', ...texts, 'one more']);
  });

  for (const loss of ['cut', 'sever']) {
    scenario(`P2 both namespaces of one connection are recovered after a ${loss}`, async (t) => {
      const proxy = await ownProxy(t);
      const manager = shared(proxy.url);
      const operator = { proxy, client: new Operator(proxy.url, token, { manager }) };
      const guest = { proxy, client: new Guest(proxy.url, 'Ann', { manager }) };
      t.after(() => [operator, guest].forEach(({ client }) => client.close()));
      await operator.client.hear('ready');
      const { sessionId } = await guest.client.start();
      await operator.client.claim(sessionId);
      const others = { guest: await newGuest(t), operator: await newOperator(t) };
      const other = await others.guest.client.start();
      await guest.client.settled();
      assert.equal(guest.client.sids[0], operator.client.sids[0], 'they share a connection');

      proxy[loss](guest.client.sids.at(-1));
      await sendMissed(others.operator.client, 'to the guest', sessionId);
      await sendMissed(others.guest.client, 'to the operator');
      await recovered(guest);
      await recovered(operator);
      assertElsewhere(guest);
      assert.equal(guest.client.sids[1], operator.client.sids[1], 'they still do');
      await assertHeard(guest.client, others.operator.client, 'staff:message', numbered('to the guest', MISSED), sessionId);
      await assertHeard(operator.client, others.guest.client, 'guest:message', numbered('to the operator', MISSED), other.sessionId);
      await assertUsable(guest.client, others.operator.client, sessionId);
    });
  }
});
