// Seed 000 row by row, where no other test says it: staff in the main namespace, guests in that of the public portal, and
// what goes from one to the other.

import assert from 'node:assert/strict';
import { shared, settings } from '../e2e/support/clients.mjs';
import { about, assertHeardNothingOf, saying } from '../e2e/support/scene.mjs';
import { PortalGuest, PortalStaff } from './fronts/portal.mjs';
import { history, messages } from './fronts/rest.mjs';
import { assertShows, called, fresh, suite } from './fronts/stage.mjs';

/** An agent whose page is on the namespace of the portal. */
class PortalAgent extends PortalStaff {
  constructor(url, token, options) {
    super(url, token, { namespace: '/public-portal', ...options });
  }
}

suite('seed 000', (scenario) => {
  scenario('000 staff writes from the main namespace: one send is one row, one event and one confirmation, with one id', async (stage) => {
    const { ann, staff } = await talk(stage);
    staff.socket.emit('staff:message', { sessionId: ann.sessionId, message: 'Hello', type: 'text' });
    const { payload: heard } = await ann.hear('staff:message', saying('Hello'));
    const { payload: confirmed } = await staff.hear('staff:message:sent', about(ann.sessionId));
    const rows = await messages(stage.url, staff.token, ann.sessionId);
    assert.deepEqual(rows.map(({ messageId }) => messageId), [heard.messageId]);
    assert.deepEqual([confirmed.messageId, confirmed.timestamp], [heard.messageId, heard.timestamp]);
    await staff.write(ann.sessionId, 'the end');
    await ann.screen.until('the end');
    assert.equal(ann.events.named('staff:message', saying('Hello')).length, 1);
    assert.equal(staff.events.named('staff:message:sent', ({ payload }) => payload.messageId === heard.messageId).length, 1);
  });

  scenario('000 guest writes: agents of the main namespace, of the portal and of both hear it once', async (stage) => {
    const { ann, staff } = await talk(stage);
    const portal = await stage.comesIn(PortalAgent, fresh());
    const both = fresh();
    const pages = [await stage.comesIn(PortalStaff, both), await stage.comesIn(PortalAgent, both)];
    await staff.claim(ann.sessionId);
    await ann.write('hello');
    await ann.write('the end');
    for (const agent of [staff, portal, ...pages]) {
      await agent.screen.until('the end');
      const told = agent.events.named('guest:message', saying('hello'));
      assert.equal(told.length, 1, agent.who);
      const { payload } = told[0];
      assert.deepEqual([payload.sessionId, payload.guestName, payload.type], [ann.sessionId, ann.name, 'text']);
    }
    const ids = pages.map((page) => page.events.named('guest:message', saying('hello'))[0].payload.messageId);
    assert.equal(new Set(ids).size, 1, 'by its id an agent on both tells one from two');
  });

  scenario('000 two namespaces, one logical chat: an agent of the portal writes and takes sessions as one of the main namespace', async (stage) => {
    const { ann, staff } = await talk(stage);
    const agent = await stage.comesIn(PortalAgent, fresh());
    await agent.claim(ann.sessionId);
    const { payload } = await ann.hear('session:agent_joined');
    assert.deepEqual([payload.sessionId, payload.agentName], [ann.sessionId, agent.name]);
    await agent.write(ann.sessionId, 'from the portal');
    for (const page of [ann, staff]) await page.screen.until('from the portal');
    await ann.write('thank you');
    for (const page of [agent, staff]) await page.screen.until('thank you');
    const stored = await history(stage.url, staff.token, ann.sessionId);
    for (const page of [ann, agent, staff]) assertShows(page, ann.sessionId, stored);
  });

  scenario('000 two namespaces, one logical chat: one Manager carries both, in both directions', async (stage) => {
    const manager = shared(stage.url);
    const staff = await stage.comesIn(PortalStaff, fresh(), { manager });
    const ann = await stage.comesIn(PortalGuest, called('Ann'), { manager });
    assert.equal(ann.sids[0], staff.sids[0], 'one connection');
    await ann.write('to the main namespace');
    await staff.screen.until('to the main namespace');
    await staff.write(ann.sessionId, 'to the portal');
    await ann.screen.until('to the portal');
    const stored = await history(stage.url, staff.token, ann.sessionId);
    for (const page of [ann, staff]) assertShows(page, ann.sessionId, stored);
  });

  scenario('P6 000 its bugs: another guest of the namespace hears nothing, and a guest is no agent there', async (stage) => {
    const { ann, staff } = await talk(stage);
    const ben = await stage.comesIn(PortalGuest, called('Ben'));
    const secret = called('secret');
    await ann.write(secret);
    await staff.screen.until(secret);
    await staff.write(ann.sessionId, `${secret} answered`);
    await ann.screen.until(`${secret} answered`);
    await staff.write(ben.sessionId, 'for Ben');
    await ben.screen.until('for Ben');
    assertHeardNothingOf(ben, secret, ann.sessionId);
    await ben.refused('staff:message', { sessionId: ann.sessionId, message: 'hi', type: 'text' }, 'forbidden', 'invalid');
    // Nor is whoever shows a bad token there: in this namespace it is a guest like others.
    const stranger = stage.open(PortalAgent, settings.badToken);
    await stranger.connected();
    await stranger.refused('staff:message', { sessionId: ann.sessionId, message: 'hi', type: 'text' }, 'forbidden', 'invalid');
    await stranger.refused('staff:sessions', {}, 'forbidden', 'invalid');
    assertHeardNothingOf(stranger, secret, ann.sessionId);
  });
});

async function talk(stage) {
  const staff = await stage.comesIn(PortalStaff, fresh());
  const ann = await stage.comesIn(PortalGuest, called('Ann'));
  await staff.hear('session:created', about(ann.sessionId));
  return { ann, staff };
}
