// A whole conversation with the official client, each connection spread over all servers.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { settings } from './support/clients.mjs';
import { startProxy } from './support/proxy.mjs';
import {
  about, assertAscending, assertAllServed, assertFields, assertHeardNothingOf, cast, conversation, numbered, saying,
  waitingRoom,
} from './support/scene.mjs';

const UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const ROUNDS = 10;
const PER_ROUND = 5;
const EACH = ROUNDS * PER_ROUND;

describe(`a conversation over ${settings.mode}`, { timeout: 240_000 }, () => {
  let proxy;
  before(async () => (proxy = await startProxy(settings.backends)));
  after(() => proxy.close());

  const scenario = (name, body) => test(name, { timeout: 60_000 }, body);

  scenario('P4 all servers carry every client, and each is told it is ready', async (t) => {
    const { ann, ben, alice, bob } = await conversation(t, proxy.url);
    for (const client of [ann, ben, alice, bob]) {
      const ready = await client.hear('ready');
      assert.equal(client.events.entries[0].name, 'ready', `${client.who}: nothing precedes "ready"`);
      assert.ok(ready.payload.epoch, `${client.who}: "ready" names the epoch`);
      // Without it a client that hears nothing else could not be recovered.
      assert.ok(ready.offset, `${client.who}: "ready" ends in an offset`);
      await client.settled();
    }
    assertAllServed(proxy, ann, ben, alice, bob);
  });

  scenario('P6 a guest who starts is queued, and the operators are told', async (t) => {
    const open = cast(t, proxy.url);
    const operators = settings.operatorTokens.map((token) => open.operator(token));
    for (const operator of operators) await operator.hear('ready');
    const [ann, ben] = [open.guest('Ann'), open.guest('Ben')];

    const first = await ann.start();
    assert.equal(first.reconnected, false);
    assert.equal(first.status, 'waiting');
    assert.ok(Number.isInteger(first.queuePosition) && first.queuePosition >= 1, `position ${first.queuePosition}`);
    assert.ok(first.token, 'a guest gets a token to come back with');
    const { payload: started } = await ann.hear('session:started');
    assert.equal(started.sessionId, first.sessionId);
    assert.equal(started.token, first.token);

    const second = await ben.start();
    assert.notEqual(second.sessionId, first.sessionId);
    assert.ok(second.queuePosition > first.queuePosition, 'who comes later waits further back');

    for (const operator of operators) {
      for (const guest of [ann, ben]) {
        const { payload, offset } = await operator.hear('session:created', about(guest.sessionId));
        assert.equal(payload.session.status, 'waiting');
        assert.equal(payload.session.guest.name, guest.name);
        assert.ok(offset, 'what must not be lost carries an offset');
      }
      const listed = (await operator.sessions({ status: 'waiting' })).map((session) => session.sessionId);
      for (const { sessionId } of [ann, ben]) {
        assert.equal(listed.filter((id) => id === sessionId).length, 1, `${sessionId} is listed once`);
      }
    }
    assertHeardNothingOf(ann, ben.sessionId, ben.email);
    assertHeardNothingOf(ben, ann.sessionId, ann.email);
  });

  scenario('P9 two operators take one session at the same moment: one gets it', async (t) => {
    const { ann, alice, bob } = await waitingRoom(t, proxy.url);
    const { winner, loser } = await race(alice, bob, ann.sessionId);

    const { payload: joined } = await ann.hear('session:agent_joined');
    assert.deepEqual(
      [joined.sessionId, joined.agentId, joined.agentName],
      [ann.sessionId, winner.agentId, winner.name],
    );
    const isActive = ({ payload }) => payload.session.status === 'active';
    await loser.hear('session:updated', (event) => about(ann.sessionId)(event) && isActive(event));
    const waiting = await loser.sessions({ status: 'waiting' });
    assert.ok(!waiting.some(({ sessionId }) => sessionId === ann.sessionId), 'a taken session has left the queue');

    // A later message is the proof that a second notice is not merely late.
    await winner.say(ann.sessionId, 'Good morning');
    await ann.hear('staff:message', saying('Good morning'));
    assert.equal(ann.events.named('session:agent_joined').length, 1);
  });

  scenario('a waiting guest hears that it moves up, and its recovery is not disturbed', async (t) => {
    const { ann, ben, alice } = await waitingRoom(t, proxy.url);
    const { payload: { queuePosition } } = await ben.hear('session:started');
    await alice.claim(ann.sessionId);
    const { payload, offset } = await ben.hear('session:queue');
    assert.ok(Number.isInteger(payload.position) && payload.position < queuePosition, JSON.stringify(payload));
    // A string at the end would be taken for an offset.
    assert.equal(offset, undefined);
  });

  scenario('P2 P6 a message reaches its receivers, the supervisor, and nobody else', async (t) => {
    const { ann, ben, alice, bob } = await conversation(t, proxy.url);
    const { sessionId } = ann;
    const [question, answer] = [`question ${randomUUID()}`, `answer ${randomUUID()}`];

    const asked = await ann.say(question);
    for (const operator of [alice, bob]) {
      const { payload, offset } = await operator.hear('guest:message', saying(question));
      assertFields(payload, {
        sessionId, messageId: asked.messageId, seq: asked.seq, message: question, type: 'text',
        guestName: 'Ann', timestamp: asked.timestamp, direction: 'in',
      });
      assert.ok(offset, 'a message carries an offset');
    }

    const answered = await alice.say(sessionId, answer);
    for (const receiver of [ann, bob]) {
      const { payload, offset } = await receiver.hear('staff:message', saying(answer));
      assertFields(payload, {
        sessionId, messageId: answered.messageId, seq: answered.seq, message: answer, type: 'text',
        agentId: alice.agentId, agentName: alice.name, timestamp: answered.timestamp, direction: 'out',
      });
      assert.ok(offset, 'a message carries an offset');
    }
    assert.match(asked.timestamp, UTC);
    assert.match(answered.timestamp, UTC);
    assert.ok(asked.seq < answered.seq);

    const { payload: confirmed } = await alice.hear('staff:message:sent');
    assertFields(confirmed, { sessionId, messageId: answered.messageId, timestamp: answered.timestamp });
    for (const [sender, { seq }] of [[ann, asked], [alice, answered]]) {
      const { offset } = await sender.hear('message:status', (event) => about(sessionId)(event) && event.payload.seq >= seq);
      assert.equal(offset, undefined, 'a status is repeated when it is lost, so it has no offset');
    }

    await barrier(ben, bob, alice, ann);
    assert.deepEqual(alice.events.named('staff:message', saying(answer)), [], 'no sender hears itself');
    assert.deepEqual(ann.events.named('guest:message'), [], 'no sender hears itself');
    assertHeardNothingOf(ben, sessionId, question, answer);
  });

  scenario('P2 P7 a hundred interleaved messages: one order for all, live as in the history', async (t) => {
    const { ann, alice, bob } = await conversation(t, proxy.url);
    const { sessionId } = ann;
    const lines = [];
    for (let round = 1; round <= ROUNDS; round += 1) {
      // Nobody waits for anybody: sends of both sides overlap, and those of one side are pipelined.
      const texts = numbered(`round ${round}, line`, PER_ROUND);
      lines.push(...(await Promise.all(texts.flatMap((text) => [ann.say(text), alice.say(sessionId, text)]))));
    }
    const own = { in: lines.filter(({ side }) => side === 'in'), out: lines.filter(({ side }) => side === 'out') };
    assertAscending(own.in, 'the acknowledgements of Ann');
    assertAscending(own.out, 'the acknowledgements of Alice');

    const expected = [...lines].sort((a, b) => a.seq - b.seq);
    assert.deepEqual(expected.map(({ seq }) => seq), Array.from({ length: 2 * EACH }, (_, i) => i + 1), 'seq has no hole');
    await ann.hear('staff:message', about(sessionId), { nth: EACH });
    await alice.hear('guest:message', about(sessionId), { nth: EACH });
    await bob.hear('guest:message', about(sessionId), { nth: EACH });
    await bob.hear('staff:message', about(sessionId), { nth: EACH });
    const last = await alice.say(sessionId, 'that was all');
    await ann.hear('staff:message', saying('that was all'));
    await bob.hear('staff:message', saying('that was all'));

    assert.deepEqual(ann.received(sessionId), [...own.out, last], 'Ann hears Alice, in order, once');
    assert.deepEqual(alice.received(sessionId), own.in, 'Alice hears Ann, in order, once');
    assert.deepEqual(bob.received(sessionId), [...expected, last], 'the supervisor hears both, in the one order');
    for (const [who, history] of [['Ann', ann.history()], ['Alice', alice.history(sessionId)], ['Bob', bob.history(sessionId)]]) {
      assert.deepEqual(await history, [...expected, last], `the history of ${who} equals what was live`);
    }
    assertAllServed(proxy, ann, alice, bob);
  });

  scenario('P7 the history is read page by page', async (t) => {
    const { ann, alice } = await conversation(t, proxy.url);
    const { sessionId } = ann;
    for (const text of numbered('line', 5)) await ann.say(text);
    for (const [client, event, selector] of [[ann, 'guest:history', {}], [alice, 'staff:history', { sessionId }]]) {
      const page = async (query) => {
        const { messages, more } = await client.granted(event, { ...selector, ...query });
        return [messages.map(({ seq }) => seq), more];
      };
      assert.deepEqual(await page({ limit: 2 }), [[4, 5], true]);
      assert.deepEqual(await page({ limit: 2, beforeSeq: 4 }), [[2, 3], true]);
      assert.deepEqual(await page({ limit: 2, beforeSeq: 2 }), [[1], false]);
      assert.deepEqual(await page({ limit: 2, beforeSeq: 1 }), [[], false]);
      assert.deepEqual(await page({ limit: 5 }), [[1, 2, 3, 4, 5], false]);
    }
  });

  scenario('P3 a repeated send is one message, one event, one id', async (t) => {
    const { ann, alice, bob } = await conversation(t, proxy.url);
    const { sessionId } = ann;
    const sends = [
      [ann, 'guest:message', [alice, bob], {}],
      [alice, 'staff:message', [ann, bob], { sessionId }],
    ];
    for (const [sender, event, receivers, target] of sends) {
      const message = { ...target, message: `from ${sender.who}`, type: 'text', clientMessageId: randomUUID() };
      const first = await sender.granted(event, message);
      assert.equal(first.duplicate, false);
      assert.deepEqual(await sender.granted(event, message), { ...first, duplicate: true });

      const racing = { ...message, message: `raced by ${sender.who}`, clientMessageId: randomUUID() };
      const answers = await Promise.all([1, 2, 3].map(() => sender.granted(event, racing)));
      assert.deepEqual(answers.map(({ duplicate }) => duplicate).sort(), [false, true, true]);
      assert.equal(new Set(answers.map(({ messageId, seq }) => `${messageId} ${seq}`)).size, 1);

      const end = `end of ${sender.who}`;
      await sender.granted(event, { ...target, message: end, type: 'text', clientMessageId: randomUUID() });
      for (const receiver of receivers) {
        await receiver.hear(event, saying(end));
        for (const { message: text } of [message, racing]) {
          assert.equal(receiver.events.named(event, saying(text)).length, 1, `${receiver.who} hears "${text}" once`);
        }
      }
    }
    assert.equal((await ann.history()).length, 6);
  });

  scenario('P3 a send repeated after a reload is still the same message', async (t) => {
    const { ann, open } = await conversation(t, proxy.url);
    const message = { message: 'was it sent?', type: 'text', clientMessageId: randomUUID() };
    const first = await ann.granted('guest:message', message);
    ann.close();
    const again = open.guest('Ann');
    await again.start({ token: ann.token });
    assert.deepEqual(await again.granted('guest:message', message), { ...first, duplicate: true });
    assert.equal((await again.history()).length, 1);
  });

  scenario('P5 who speaks is not for the payload to say', async (t) => {
    const { ann, ben, alice, bob } = await conversation(t, proxy.url);
    const { sessionId } = ann;
    await ann.say('I am Bob', { guestName: 'Root', agentId: bob.agentId, agentName: bob.name, direction: 'out' });
    const { payload: fromGuest } = await alice.hear('guest:message', saying('I am Bob'));
    assertFields(fromGuest, { sessionId, guestName: 'Ann', direction: 'in' });
    assert.notEqual(fromGuest.agentId, bob.agentId);

    await alice.say(sessionId, 'I am Ann', { agentId: bob.agentId, agentName: bob.name, guestName: 'Ann', direction: 'in' });
    const { payload: fromStaff } = await ann.hear('staff:message', saying('I am Ann'));
    assertFields(fromStaff, { agentId: alice.agentId, agentName: alice.name, direction: 'out' });

    const history = await bob.history(sessionId);
    assert.deepEqual(history.map(({ side, author }) => [side, author]), [['in', 'Ann'], ['out', alice.name]]);
    assert.deepEqual(await ann.history(), history);

    // Whether such a message is refused or lands in Ben's own session, it must not land in Ann's.
    const stray = `stray ${randomUUID()}`;
    await ben.ask('guest:message', { sessionId, message: stray, type: 'text', clientMessageId: randomUUID() });
    await alice.say(sessionId, 'still only us');
    await ann.hear('staff:message', saying('still only us'));
    assert.ok(!(await ann.history()).some(({ text }) => text === stray));
    assertHeardNothingOf(ann, stray);
  });

  scenario('P6 an operator of another workspace neither sees nor touches a session', async (t) => {
    const { ann, alice, open } = await waitingRoom(t, proxy.url);
    const { sessionId } = ann;
    const mallory = open.operator(settings.otherToken);
    await mallory.hear('ready');
    await alice.claim(sessionId);
    const secret = `secret ${randomUUID()}`;
    await ann.say(secret);
    await alice.say(sessionId, `${secret}, answered`);

    for (const filter of [{}, { status: 'waiting' }, { status: 'active' }, { search: 'Ann' }]) {
      const sessions = await mallory.sessions(filter);
      assert.ok(!sessions.some((session) => session.sessionId === sessionId), `listed by ${JSON.stringify(filter)}`);
    }
    const message = { message: 'hello', type: 'text', clientMessageId: randomUUID() };
    const attempts = [
      ['staff:history', {}], ['staff:connect_to_session', {}], ['staff:message', message],
      ['staff:end_session', {}],
    ];
    for (const [event, payload] of attempts) await mallory.refused(event, { sessionId, ...payload }, 'not_found');
    await mallory.refused('staff:history', { sessionId: randomUUID() }, 'not_found');

    await ann.say('the end');
    await alice.hear('guest:message', saying('the end'));
    await mallory.sessions({});
    assertHeardNothingOf(mallory, sessionId, secret);
    assert.equal((await ann.history()).length, 3, 'nothing of hers was stored');
  });

  scenario('P6 a guest can neither act as staff nor read another session', async (t) => {
    const { ann, ben, alice } = await conversation(t, proxy.url);
    const { sessionId } = ann;
    const secret = `secret ${randomUUID()}`;
    await ann.say(secret);

    const message = { message: 'hello', type: 'text', clientMessageId: randomUUID() };
    const attempts = [
      ['staff:sessions', {}], ['staff:operators', {}], ['staff:history', { sessionId }],
      ['staff:connect_to_session', { sessionId }], ['staff:message', { sessionId, ...message }],
      ['staff:end_session', { sessionId }], ['staff:status', { status: 'away' }],
    ];
    for (const [event, payload] of attempts) await ben.refused(event, payload, 'forbidden', 'invalid');
    // An id that the event does not know may be ignored or refused.
    for (const event of ['guest:history', 'guest:start']) {
      const answer = await ben.ask(event, { sessionId, name: 'Ann', email: `${randomUUID()}@example.test` });
      assert.ok(!JSON.stringify(answer).includes(secret), `${event} shows another session`);
      assert.notEqual(answer.sessionId, sessionId, `${event} opens another session`);
    }
    await alice.say(sessionId, 'still here');
    await ann.hear('staff:message', saying('still here'));
    assertHeardNothingOf(ben, secret, sessionId);
  });

  scenario('P6 a name and an e-mail address do not open a conversation that is going on', async (t) => {
    const { ann, alice, open } = await conversation(t, proxy.url);
    const secret = `secret ${randomUUID()}`;
    await ann.say(secret);
    const impostor = open.guest('Ann');
    const started = await impostor.start({ name: ann.name, email: ann.email });
    assert.notEqual(started.sessionId, ann.sessionId);
    assert.equal(started.reconnected, false);
    assert.deepEqual(await impostor.history(), []);

    await alice.say(ann.sessionId, `${secret}, answered`);
    await ann.hear('staff:message', saying(`${secret}, answered`));
    await alice.claim(impostor.sessionId);
    await alice.say(impostor.sessionId, 'Who are you?');
    await impostor.hear('staff:message', saying('Who are you?'));
    assertHeardNothingOf(impostor, ann.sessionId, secret);
  });

  scenario('P5 an operator without a valid token stays outside, and learns why', async (t) => {
    const { ann, open } = await waitingRoom(t, proxy.url);
    const cases = [
      ['no token', undefined, 'Authentication required'],
      ['a bad token', settings.badToken, 'Invalid token'],
      ['an expired token', settings.expiredToken, 'Invalid token'],
      ['something that is no token', 'nonsense', 'Invalid token'],
      ['the token of a guest', ann.token, 'Invalid token'],
    ];
    for (const [what, token, reason] of cases) {
      const stranger = open.operator(settings.badToken, { auth: token === undefined ? {} : { token } });
      const { error } = await stranger.life.wait('connect_error');
      assert.equal(error.message, reason, what);
      assert.equal(stranger.socket.active, false, `${what}: trying again would not help, so the client must not`);
      assert.deepEqual(stranger.events.entries, [], `${what}: not a word is heard outside`);
    }
  });

  scenario('P7 a reloaded page shows what the old one showed', async (t) => {
    const { ann, alice, open } = await conversation(t, proxy.url);
    const { sessionId, token } = ann;
    const shown = [await ann.say('one'), await alice.say(sessionId, 'two'), await ann.say('three')];
    ann.close();
    shown.push(await alice.say(sessionId, 'while you were away'));

    const page = open.guest('Ann');
    const started = await page.start({ token });
    assertFields(started, { sessionId, reconnected: true, status: 'active' });
    assert.equal((await page.hear('session:started')).payload.reconnected, true);
    assert.equal(page.socket.recovered, false);
    assert.deepEqual(await page.history(), shown);

    shown.push(await alice.say(sessionId, 'welcome back'), await page.say('thank you'));
    await page.hear('staff:message', saying('welcome back'));
    await alice.hear('guest:message', saying('thank you'));
    assert.deepEqual(await page.history(), shown);
    assert.deepEqual(await alice.history(sessionId), shown);
  });

  scenario('P5 a session is reopened by its own token only', async (t) => {
    const { ann, open } = await conversation(t, proxy.url);
    await ann.say('for Alice only');
    const stranger = open.guest('Ann');
    for (const token of [tampered(ann.token), 'nonsense', settings.operatorTokens[0], settings.badToken]) {
      await stranger.refused('guest:start', { token, name: ann.name, email: ann.email }, 'unauthorized');
    }
    const answer = await stranger.ask('guest:history', {});
    assert.equal(answer.ok, false, `no session, no history: ${JSON.stringify(answer)}`);
    assertHeardNothingOf(stranger, ann.sessionId, 'for Alice only');
  });

  scenario('P2 an operator ends a session: both sides are told, and it takes no more messages', async (t) => {
    const { ann, alice, bob } = await conversation(t, proxy.url);
    const { sessionId } = ann;
    const shown = [await ann.say('bye')];
    const { session } = await alice.granted('staff:end_session', { sessionId });
    assertFields(session, { sessionId, status: 'ended' });
    for (const client of [ann, bob]) await client.hear('session:ended', about(sessionId));
    await assertEnded(sessionId, ann, alice);
    await bob.refused('staff:connect_to_session', { sessionId }, 'ended');
    assert.deepEqual(await bob.history(sessionId), shown, 'what was said stays readable');
    assert.equal(ann.events.named('session:ended').length, 1);
  });

  scenario('P2 a guest ends the session: the operators are told, and it takes no more messages', async (t) => {
    const { ann, alice, bob } = await conversation(t, proxy.url);
    await ann.granted('guest:end', {});
    for (const operator of [alice, bob]) await operator.hear('session:ended', about(ann.sessionId));
    await assertEnded(ann.sessionId, ann, alice);
  });

  scenario('P8 what is malformed is refused by name, and the connection lives on', async (t) => {
    const { ann, alice } = await conversation(t, proxy.url);
    const { sessionId } = ann;
    const clientMessageId = randomUUID();
    const message = { message: 'hello', type: 'text', clientMessageId };
    const cases = [
      [ann, 'guest:message', { type: 'text', clientMessageId }, 'message'],
      [ann, 'guest:message', { ...message, message: '' }, 'message'],
      [ann, 'guest:message', { ...message, message: 42 }, 'message'],
      [ann, 'guest:message', { ...message, type: 'nonsense' }, 'type'],
      [alice, 'staff:message', message, 'sessionId'],
      [alice, 'staff:message', { sessionId, type: 'text', clientMessageId }, 'message'],
      [alice, 'staff:connect_to_session', {}, 'sessionId'],
      [alice, 'staff:history', {}, 'sessionId'],
    ];
    for (const [client, event, payload, field] of cases) {
      const error = await client.refused(event, payload, 'invalid');
      assert.equal(error.field, field, `${event} ${JSON.stringify(payload)}`);
    }
    for (const client of [ann, alice]) {
      await client.refused('no:such:event', {}, 'invalid');
      assert.deepEqual(client.life.named('disconnect'), [], `${client.who} stays connected`);
    }
    await ann.refused('guest:message', 'not an object', 'invalid');
    await ann.say('hello after all');
    await alice.hear('guest:message', saying('hello after all'));
    assert.equal((await ann.history()).length, 1);
  });

});

/** Both ask before either is answered. */
async function race(one, other, sessionId) {
  const operators = [one, other];
  const answers = await Promise.all(operators.map((operator) => operator.ask('staff:connect_to_session', { sessionId })));
  assert.deepEqual(answers.map(({ ok }) => ok).sort(), [false, true], JSON.stringify(answers));
  const won = answers.findIndex(({ ok }) => ok);
  assertFields(answers[won].session, { sessionId, status: 'active' });
  assert.equal(answers[1 - won].error.code, 'taken');
  return { winner: operators[won], loser: operators[1 - won] };
}

/**
 * Events of a workspace have one order, so once Ben hears a message sent after everything else, nothing
 * of the others can still be on its way to him. Ann's own socket is passed the same way.
 */
async function barrier(ben, taker, alice, ann) {
  await alice.say(ann.sessionId, 'for everybody to see');
  await ann.hear('staff:message', saying('for everybody to see'));
  await taker.claim(ben.sessionId);
  await taker.say(ben.sessionId, 'and this for Ben');
  await ben.hear('staff:message', saying('and this for Ben'));
  await alice.hear('staff:message', saying('and this for Ben'));
}

async function assertEnded(sessionId, guest, operator) {
  const message = { message: 'one more', type: 'text', clientMessageId: randomUUID() };
  await guest.refused('guest:message', message, 'ended');
  await operator.refused('staff:message', { sessionId, ...message }, 'ended');
}

/** One character in the middle is another: the form stays, the signature no longer holds. */
function tampered(token) {
  const middle = [...token].findIndex((c, i) => i >= token.length / 2 && /[A-Za-z0-9]/.test(c));
  return token.slice(0, middle) + (token[middle] === 'A' ? 'B' : 'A') + token.slice(middle + 1);
}
