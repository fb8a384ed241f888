// A session changes hands: given back, offered, taken over, left behind. Run with a short grace and a short
// time for answers.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { settings } from './support/clients.mjs';
import { startProxy } from './support/proxy.mjs';
import { about, assertFields, assertHeardNothingOf, conversation, saying, waitingRoom } from './support/scene.mjs';

describe(`changing hands over ${settings.mode}`, { timeout: 240_000 }, () => {
  let proxy;
  before(async () => (proxy = await startProxy(settings.backends)));
  after(() => proxy.close());

  const scenario = (name, body) => test(name, { timeout: 60_000 }, body);

  scenario('P9 an operator gives a session back: it waits at its old place', async (t) => {
    const { ann, ben, alice, bob } = await waitingRoom(t, proxy.url);
    await alice.claim(ann.sessionId);
    await ann.hear('session:agent_joined');
    await bob.refused('staff:disconnect_from_session', { sessionId: ann.sessionId }, 'forbidden');

    const { session } = await alice.granted('staff:disconnect_from_session', { sessionId: ann.sessionId });
    assertFields(session, { sessionId: ann.sessionId, status: 'waiting', agent: undefined });
    const { payload, offset } = await ann.hear('session:agent_left');
    assertFields(payload, { sessionId: ann.sessionId, agentId: alice.agentId, agentName: alice.name });
    assert.ok(offset, 'what must not be lost carries an offset');
    await bob.hear('session:updated', inSession(ann.sessionId, { status: 'waiting' }));

    const waiting = await bob.sessions({ status: 'waiting' });
    const place = ({ sessionId }) => waiting.find((row) => row.sessionId === sessionId).queuePosition;
    assert.equal(place(ann), session.queuePosition);
    assert.ok(place(ann) < place(ben), 'who has waited for longer comes first');
    const moved = await ben.hear('session:queue', ({ payload: { position } }) => position === place(ben));
    assert.equal(moved.offset, undefined);

    // Again is no mistake, and nobody is told twice.
    await alice.granted('staff:disconnect_from_session', { sessionId: ann.sessionId });
    await bob.claim(ann.sessionId);
    await ann.hear('session:agent_joined', about(ann.sessionId), { nth: 2 });
    assert.equal(ann.events.named('session:agent_left').length, 1);
  });

  scenario('P9 a session is offered to a colleague, who takes it over', async (t) => {
    const { ann, ben, alice, bob } = await conversation(t, proxy.url);
    const { sessionId } = ann;
    await bob.refused('staff:transfer', { sessionId, agentId: alice.agentId }, 'forbidden');
    const { session } = await alice.granted('staff:transfer', { sessionId, agentId: bob.agentId });
    assertFields(session, { status: 'active', agent: { agentId: alice.agentId, agentName: alice.name } });

    const { payload: offer } = await bob.hear('staff:transfer_offer', about(sessionId));
    assert.deepEqual(offer.from, { agentId: alice.agentId, agentName: alice.name });
    assert.ok(new Date(offer.expiresAt) > new Date(), `expires at ${offer.expiresAt}`);
    await alice.refused('staff:transfer_answer', { sessionId, accept: false }, 'conflict');

    const taken = await bob.granted('staff:transfer_answer', { sessionId, accept: true });
    assertFields(taken.session, { status: 'active', agent: { agentId: bob.agentId, agentName: bob.name } });
    await ann.hear('session:agent_left', ({ payload }) => payload.agentId === alice.agentId);
    await ann.hear('session:agent_joined', ({ payload }) => payload.agentId === bob.agentId);
    await alice.hear('session:updated', withAgent(sessionId, bob.agentId));

    await bob.say(sessionId, 'I go on from here');
    await ann.hear('staff:message', saying('I go on from here'));
    assert.deepEqual(alice.events.named('staff:transfer_offer'), [], 'only the one who is asked is asked');
    assertHeardNothingOf(ben, sessionId);
    await bob.granted('staff:transfer_answer', { sessionId, accept: true });
  });

  scenario('an offer is declined, or nobody answers: the session stays where it is', async (t) => {
    const { ann, alice, bob } = await conversation(t, proxy.url);
    const { sessionId } = ann;
    const closed = (result) => ({ payload }) => payload.sessionId === sessionId && payload.result === result;
    await alice.granted('staff:transfer', { sessionId, agentId: bob.agentId });
    await bob.hear('staff:transfer_offer', about(sessionId));
    await bob.granted('staff:transfer_answer', { sessionId, accept: false });
    const { payload: declined } = await alice.hear('staff:transfer_closed', closed('declined'));
    assert.equal(declined.agentId, bob.agentId);

    await alice.granted('staff:transfer', { sessionId, agentId: bob.agentId });
    await bob.hear('staff:transfer_offer', about(sessionId), { nth: 2 });
    for (const operator of [alice, bob]) await operator.hear('staff:transfer_closed', closed('expired'), { within: 30_000 });
    await bob.refused('staff:transfer_answer', { sessionId, accept: true }, 'conflict');

    const [row] = (await bob.sessions({ status: 'active' })).filter(isRow(sessionId));
    assertFields(row, { agent: { agentId: alice.agentId, agentName: alice.name }, transfer: undefined });
    await alice.say(sessionId, 'still me');
    await ann.hear('staff:message', saying('still me'));
    assert.deepEqual(ann.events.named('session:agent_left'), [], 'the guest notices nothing');
    assert.equal(bob.events.named('staff:transfer_closed', closed('expired')).length, 1);
  });

  scenario('who is there, and who is away', async (t) => {
    const { ann, alice, bob, open } = await conversation(t, proxy.url);
    const { sessionId } = ann;
    const tab = open.operator(settings.operatorTokens[1]);
    await tab.hear('ready');
    const listed = async () => (await alice.granted('staff:operators', {})).operators;
    const shown = (status) => [
      { agentId: alice.agentId, agentName: alice.name, status: 'online' },
      { agentId: bob.agentId, agentName: bob.name, status },
    ];
    assert.deepEqual(await listed(), shown('online'), 'one entry for both tabs');
    await alice.refused('staff:transfer', { sessionId, agentId: '4711' }, 'not_found');

    await bob.granted('staff:status', { status: 'away' });
    for (const colleague of [alice, tab]) {
      const { payload } = await colleague.hear('operator:status', ({ payload: { status } }) => status === 'away');
      assertFields(payload, { agentId: bob.agentId, agentName: bob.name });
    }
    assert.deepEqual(await listed(), shown('away'));
    const refusal = await alice.refused('staff:transfer', { sessionId, agentId: bob.agentId }, 'conflict');
    assert.equal(refusal.field, 'agentId');

    // The same again changes nothing, so nobody is told; and it is for all of his tabs.
    await tab.granted('staff:status', { status: 'away' });
    await tab.granted('staff:status', { status: 'online' });
    await alice.hear('operator:status', ({ payload: { status } }) => status === 'online');
    assert.equal(alice.events.named('operator:status').length, 2);
    assert.deepEqual(await listed(), shown('online'));
    await bob.refused('staff:status', { status: 'asleep' }, 'invalid');
  });

  scenario('P9 the sessions of an operator who is gone wait again, once; of one who is back they do not', async (t) => {
    const { ann, ben, alice, bob, open } = await waitingRoom(t, proxy.url);
    await bob.claim(ben.sessionId);
    await alice.claim(ann.sessionId);
    await ben.hear('session:agent_joined');
    // A reload: the old page is gone before the new one is there.
    bob.close();
    const again = open.operator(settings.operatorTokens[1]);
    await again.hear('ready');

    alice.close();
    await ann.hear('session:agent_left', about(ann.sessionId), { within: 30_000 });
    await again.hear('session:updated', inSession(ann.sessionId, { status: 'waiting' }));
    const waiting = await again.sessions({ status: 'waiting' });
    assert.equal(waiting.filter(isRow(ann.sessionId)).length, 1);

    await again.claim(ann.sessionId);
    await ann.hear('session:agent_joined', ({ payload }) => payload.agentId === bob.agentId);
    assert.equal(ann.events.named('session:agent_left').length, 1, 'she is told once');
    assert.deepEqual(ben.events.named('session:agent_left'), [], 'Bob was back in time');
    const [row] = (await again.sessions({ mine: true })).filter(isRow(ben.sessionId));
    assertFields(row, { status: 'active' });
  });
});

/** Of the event `session:...` whose session is in this state. */
function inSession(sessionId, fields) {
  return (event) => about(sessionId)(event) && Object.entries(fields).every(([key, value]) => event.payload.session[key] === value);
}

function withAgent(sessionId, agentId) {
  return (event) => about(sessionId)(event) && event.payload.session.agent?.agentId === agentId;
}

function isRow(sessionId) {
  return (row) => row.sessionId === sessionId;
}
