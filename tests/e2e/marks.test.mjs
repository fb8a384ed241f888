// What is said beside messages: typing, delivered, read, reactions; and what waits for an absent guest.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { settings } from './support/clients.mjs';
import { saidUntilHeard } from './support/parties.mjs';
import { startProxy } from './support/proxy.mjs';
import { about, assertFields, assertHeardNothingOf, cast, conversation, saying } from './support/scene.mjs';

describe(`beside the messages over ${settings.mode}`, { timeout: 240_000 }, () => {
  let proxy;
  before(async () => (proxy = await startProxy(settings.backends)));
  after(() => proxy.close());

  const scenario = (name, body) => test(name, { timeout: 60_000 }, body);

  scenario('P2 a message is delivered and read, and its writer sees both', async (t) => {
    const { ann, ben, alice, bob } = await conversation(t, proxy.url);
    const { sessionId } = ann;
    const asked = await ann.say('are you there?');
    await alice.hear('guest:message', saying('are you there?'));
    await alice.granted('staff:delivered', { sessionId, seq: asked.seq });
    await ann.hear('message:status', status('delivered', asked.seq));

    // Bob only looks on.
    await bob.granted('staff:read', { sessionId, seq: asked.seq });
    await alice.granted('staff:read', { sessionId, seq: asked.seq });
    const { payload, offset } = await ann.hear('message:read', about(sessionId));
    assertFields(payload, { by: alice.agentId, seq: asked.seq });
    assert.ok(offset, 'what must not be lost carries an offset');
    await ann.hear('message:status', status('read', asked.seq));
    await bob.hear('message:read', about(sessionId));
    assert.equal(ann.events.named('message:read').length, 1, 'who looks on has not read');

    const answered = await alice.say(sessionId, 'yes');
    await ann.hear('staff:message', saying('yes'));
    await ann.granted('guest:delivered', { seq: answered.seq });
    await alice.hear('message:status', status('delivered', answered.seq));
    await ann.granted('guest:read', { seq: answered.seq });
    const { payload: read } = await alice.hear('message:read', ({ payload: { by } }) => by === 'guest');
    assertFields(read, { sessionId, seq: answered.seq });
    await alice.hear('message:status', status('read', answered.seq));

    // Neither what was read before nor what is not there yet is read anew.
    await ann.granted('guest:read', { seq: 1 });
    await ann.granted('guest:read', { seq: 99_999 });
    await ann.refused('guest:read', { seq: -1 }, 'invalid');
    await alice.say(sessionId, 'anything else?');
    await ann.hear('staff:message', saying('anything else?'));
    assert.equal(alice.events.named('message:read', ({ payload: { by } }) => by === 'guest').length, 1);
    assertHeardNothingOf(ben, sessionId);
  });

  scenario('unread counts agree over tabs and operators', async (t) => {
    const { ann, alice, bob, open } = await conversation(t, proxy.url);
    const { sessionId } = ann;
    const tab = open.operator(settings.operatorTokens[0]);
    await tab.hear('ready');
    const counts = async () => {
      const rows = await Promise.all([alice, tab, bob].map((operator) => operator.sessions({ status: 'active' })));
      return rows.map((list) => list.find((row) => row.sessionId === sessionId).unread);
    };
    const [, second] = [await ann.say('one'), await ann.say('two'), await ann.say('three')];
    assert.deepEqual(await counts(), [3, 3, 3]);
    await alice.granted('staff:read', { sessionId, seq: second.seq });
    for (const operator of [tab, bob]) {
      const { payload } = await operator.hear('session:updated', ({ payload: { session } }) => session.unread === 1);
      assert.equal(payload.session.sessionId, sessionId);
    }
    assert.deepEqual(await counts(), [1, 1, 1]);
    await tab.say(sessionId, 'I see');
    assert.deepEqual(await counts(), [0, 0, 0], 'who writes has read');
    await ann.say('four');
    assert.deepEqual(await counts(), [1, 1, 1]);
  });

  scenario('P7 a reaction is seen live and after a reload', async (t) => {
    const { ann, ben, alice, bob, open } = await conversation(t, proxy.url);
    const { sessionId, token } = ann;
    const asked = await ann.say('look at this');
    await alice.hear('guest:message', saying('look at this'));
    const { messageId } = asked;
    await alice.granted('message:react', { messageId, emoji: '👍', on: true });
    for (const [client, extra] of [[ann, {}], [bob, {}]]) {
      const { payload, offset } = await client.hear('message:react', ({ payload: { emoji } }) => emoji === '👍');
      assertFields(payload, { sessionId, messageId, emoji: '👍', on: true, by: alice.agentId, ...extra });
      assert.ok(offset);
    }
    await ann.granted('message:react', { messageId, emoji: '🎉', on: true });
    await ann.granted('message:react', { messageId, emoji: '🙈', on: true });
    await ann.granted('message:react', { messageId, emoji: '🙈', on: false });
    await alice.hear('message:react', ({ payload: { emoji, on } }) => emoji === '🙈' && !on);

    const expected = [{ emoji: '👍', by: alice.agentId }, { emoji: '🎉', by: 'guest' }];
    const reactions = async (client, event, query) => (await client.granted(event, query)).messages.at(-1).reactions;
    assert.deepEqual(await reactions(alice, 'staff:history', { sessionId }), expected);
    ann.close();
    const page = open.guest('Ann');
    await page.start({ token });
    assert.deepEqual(await reactions(page, 'guest:history', {}), expected);

    // Neither another guest's message nor something that is no emoji.
    await ben.refused('message:react', { messageId, emoji: '👍', on: true }, 'not_found');
    await page.refused('message:react', { messageId, emoji: 'thumb', on: true }, 'invalid');
    assertHeardNothingOf(ben, sessionId, messageId);
  });

  scenario('typing is seen by the other side, and ends by itself', async (t) => {
    const { ann, ben, alice, bob } = await conversation(t, proxy.url);
    const { sessionId } = ann;
    const is = (isTyping) => (event) => about(sessionId)(event) && event.payload.isTyping === isTyping;
    await saidUntilHeard(() => alice.granted('staff:typing', { sessionId, isTyping: true }), ann.hear('staff:typing', is(true)));
    const [{ payload, offset }] = ann.events.named('staff:typing');
    assertFields(payload, { agentName: alice.name });
    assert.equal(offset, undefined, 'it is said beside the log');
    const heard = Promise.all([alice, bob].map((operator) => operator.hear('guest:typing', is(true))));
    await saidUntilHeard(() => ann.granted('guest:typing', { isTyping: true }), heard);

    // Nobody says that it is over: her page was closed.
    ann.close();
    for (const operator of [alice, bob]) await operator.hear('guest:typing', is(false));
    await bob.refused('staff:typing', { sessionId: 'nowhere', isTyping: true }, 'not_found');
    assert.deepEqual(ben.events.named('staff:typing'), []);
    assert.deepEqual(alice.events.named('staff:typing'), [], 'nobody sees the own side type');
  });

  scenario('P2 what staff writes to an absent guest waits, and comes first', async (t) => {
    const { ann, alice, open } = await conversation(t, proxy.url);
    const { sessionId, token } = ann;
    const seen = await alice.say(sessionId, 'seen');
    await ann.hear('staff:message', saying('seen'));
    await ann.granted('guest:delivered', { seq: seen.seq });
    ann.close();
    const missed = [await alice.say(sessionId, 'are you'), await alice.say(sessionId, 'still there?')];

    const page = open.guest('Ann');
    await page.start({ token });
    await page.hear('staff:message', saying('still there?'));
    assert.deepEqual(page.received(sessionId), missed);
    const names = page.events.entries.map(({ name }) => name);
    assert.deepEqual(names.filter((name) => name !== 'message:status').slice(0, 4), [
      'ready', 'session:started', 'staff:message', 'staff:message',
    ]);
    await page.say('here I am');
    assert.deepEqual((await page.history()).map(({ text }) => text), ['seen', 'are you', 'still there?', 'here I am']);
  });

  scenario('P6 who knows a name and an address only goes on without what was said before', async (t) => {
    const { first, page, alice } = await unverifiedReturn(t, proxy.url);
    page.since = 1;
    const { sessionId } = first;
    assertFields(page.started, { sessionId, reconnected: true });
    await alice.hear('session:updated', ({ payload: { session } }) => session.sessionId === sessionId && session.unverifiedReturn === true);
    assert.deepEqual(await page.history(), []);

    const answer = await alice.say(sessionId, 'who is it?');
    await page.hear('staff:message', saying('who is it?'));
    assert.deepEqual(await page.history(), [answer]);
    // The token that it was given opens no more than that.
    page.close();
    const later = cast(t, proxy.url).guest(first.name);
    later.since = 1;
    assertFields(await later.start({ token: page.token }), { sessionId, reconnected: true });
    assert.deepEqual((await later.history()).map(({ text }) => text), ['who is it?']);
    assertHeardNothingOf(page, 'a secret');
    assertHeardNothingOf(later, 'a secret');
    // The one that it really was sees all of it.
    const owner = cast(t, proxy.url).guest(first.name);
    await owner.start({ token: first.token });
    assert.deepEqual((await owner.history()).map(({ text }) => text), ['a secret', 'who is it?']);
  });

  scenario('P8 who asks for no acknowledgement is told of a refusal by an event', async (t) => {
    const { ann, ben } = await conversation(t, proxy.url);
    ann.socket.emit('guest:message', { type: 'text' });
    const { payload, offset } = await ann.hear('error');
    assertFields(payload, { code: 'invalid', field: 'message' });
    assert.equal(offset, undefined);
    assert.deepEqual(ben.events.named('error'), []);
  });
});

function status(name, seq) {
  return ({ payload }) => payload.status === name && payload.seq === seq;
}

/**
 * Somebody who says the name and the address of a guest who has left. That it has left is not told to anybody, so
 * whoever comes too early is another guest, and it is tried again.
 */
async function unverifiedReturn(t, url) {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const open = cast(t, url);
    const alice = open.operator(settings.operatorTokens[0]);
    await alice.hear('ready');
    const first = open.guest('Zoe');
    await first.start();
    await alice.claim(first.sessionId);
    await first.say('a secret');
    first.close();
    const page = open.guest('Zoe');
    page.started = await page.start({ name: ' zoe', email: first.email.toUpperCase() });
    if (page.started.reconnected) return { first, page, alice };
    page.close();
  }
  throw new Error('nobody ever came back');
}
