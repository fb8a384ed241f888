// Seed 004 row by row. Its browsers save and read what was said over HTTP, by routes that are not there yet; here the
// relay's own stand in for them where a row is about what they show.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { settings } from '../e2e/support/clients.mjs';
import { recovered, saidUntilHeard } from '../e2e/support/parties.mjs';
import { assertHeardNothingOf, numbered } from '../e2e/support/scene.mjs';
import { PanelA, VisitorA } from './fronts/operator_a.mjs';
import { DashboardB, VisitorB } from './fronts/operator_b.mjs';
import { ask, history, send } from './fronts/rest.mjs';
import { assertHeardOnly, assertShape, assertShows, called, fresh, suite } from './fronts/stage.mjs';

const WRONG = [undefined, '', 42, true, null, {}, ['a']];
const TIMES = 10;
// More than a page of what front ends ask for.
const LONG = 60;

suite('seed 004', (scenario) => {
  scenario('004 join, newChat: operators are told of a guest by its name, whichever field that is in', async (stage) => {
    const dashboard = await stage.comesIn(DashboardB, fresh());
    for (const Visitor of [VisitorB, VisitorA]) {
      const visitor = await stage.comesIn(Visitor, called('Ann'));
      const { payload } = await dashboard.hear('newChat', ({ payload: { clientId } }) => clientId === visitor.sessionId);
      assertShape(payload, { clientId: 'string', username: 'string' });
      assert.equal(payload.username, visitor.name);
    }
  });

  scenario('004 join, newChat: an operator needs no operatorId, and no join at all', async (stage) => {
    const { dashboard: watcher, visitor } = await floor(stage);
    const bare = stage.open(DashboardB, fresh());
    bare.socket.off('connect', bare.introduce);
    await bare.comeIn();
    bare.write(visitor.sessionId, 'before any join', { operatorId: undefined });
    await visitor.screen.until('before any join');
    bare.socket.emit('join', { role: 'operator', name: bare.user.name });
    bare.write(visitor.sessionId, 'after it');
    await visitor.screen.until('after it');
    const { payload } = await watcher.hear('operatorBroadcast', saying('after it'));
    assert.equal(payload.operatorId, bare.user.id);
  });

  scenario('004 guest sends: operators are told with a time of the server, which never goes back', async (stage) => {
    const { dashboard, visitor } = await floor(stage);
    for (const text of numbered('line', TIMES)) visitor.write(text);
    await dashboard.screen.until(`line ${TIMES}`);
    const told = dashboard.events.named('incomingMessage', from(visitor)).map(({ payload }) => payload);
    for (const payload of told) {
      assertShape(payload, { from: 'string', type: 'string', message: 'string', timestamp: 'time', id: 'string', seq: 'number' });
    }
    assert.deepEqual(told.map(({ message }) => message), numbered('line', TIMES));
    const times = told.map(({ timestamp }) => Date.parse(timestamp));
    assert.deepEqual(times, times.toSorted((a, b) => a - b));
    assert.deepEqual(await history(stage.url, dashboard.token, visitor.sessionId), dashboard.screen.of(visitor.sessionId));
  });

  scenario('004 operator sends: the guest reads it in the shape of the seed', async (stage) => {
    const { dashboard, visitor } = await floor(stage);
    dashboard.write(visitor.sessionId, 'Hello');
    const { payload } = await visitor.hear('operatorMessage');
    assertShape(payload, { type: 'string', message: 'string', operatorName: 'string', timestamp: 'time', id: 'string', seq: 'number' });
    assert.deepEqual([payload.type, payload.message, payload.operatorName], ['text', 'Hello', dashboard.user.name]);
    assertHeardOnly(visitor, ['ready', 'session:started', 'operatorMessage', 'message:status']);
  });

  scenario('004 operator sends: to nobody is an error, with an acknowledgement and without', async (stage) => {
    const dashboard = await stage.comesIn(DashboardB, fresh());
    const message = { to: randomUUID(), type: 'text', message: 'Hello' };
    await dashboard.refused('operatorMessage', message, 'not_found');
    dashboard.write(message.to, 'Hello');
    const { payload } = await dashboard.hear('error');
    assertShape(payload, { message: 'string', code: 'string' });
    assert.equal(payload.code, 'not_found');
  });

  scenario('004 supervision copy: flat, to the other operators, and to nobody else', async (stage) => {
    const { dashboard, colleague, visitor } = await floor(stage);
    dashboard.write(visitor.sessionId, 'How may I help?');
    const { payload } = await colleague.hear('operatorBroadcast');
    assertShape(payload, {
      clientId: 'string', operatorId: 'number', operatorName: 'string', type: 'string', message: 'string', timestamp: 'time', id: 'string', seq: 'number',
    });
    const { user } = dashboard;
    assert.deepEqual([payload.clientId, payload.operatorId, payload.operatorName], [visitor.sessionId, user.id, user.name]);
    visitor.write('With this');
    await dashboard.screen.until('With this');
    assert.deepEqual(dashboard.events.named('operatorBroadcast'), []);
    assert.deepEqual(visitor.events.named('operatorBroadcast'), []);
  });

  scenario('004 typing: each side is told, with the name of an operator, and no other guest is', async (stage) => {
    const { dashboard, colleague, visitor } = await floor(stage);
    const stranger = await stage.comesIn(VisitorB, called('Ben'));
    for (const isTyping of [true, false]) {
      const typing = (event) => from(visitor)(event) && event.payload.isTyping === isTyping;
      const heard = Promise.all([dashboard, colleague].map((one) => one.hear('clientTyping', typing)));
      // Who stops says so once.
      if (isTyping) await saidUntilHeard(() => visitor.type(true), heard);
      else visitor.type(false);
      for (const { payload } of await heard) assertShape(payload, { from: 'string', isTyping: 'boolean' });
      const told = visitor.hear('operatorTyping', (event) => event.payload.isTyping === isTyping);
      if (isTyping) await saidUntilHeard(() => dashboard.type(visitor.sessionId, true), told);
      else dashboard.type(visitor.sessionId, false);
      const { payload } = await told;
      assert.deepEqual(payload, { isTyping, operatorName: dashboard.user.name });
    }
    dashboard.write(stranger.sessionId, 'for you');
    await stranger.screen.until('for you');
    assert.deepEqual(stranger.typing, []);
    assertHeardNothingOf(stranger, visitor.sessionId);
  });

  scenario('004 end of chat: by the word of the guest, and not by its going away', async (stage) => {
    const { dashboard, visitor } = await floor(stage);
    // One of 003 is told when a guest has been gone for the grace: by then, this one would have been as well.
    const panel = await stage.comesIn(PanelA, fresh(), { hint: true });
    const leaves = await stage.comesIn(VisitorB, called('Ben'));
    leaves.close();
    await panel.hear('chatEnded', ({ payload }) => payload.clientId === leaves.sessionId);
    visitor.end();
    for (const one of [dashboard, panel]) {
      const { payload } = await one.hear('chatEnded', ({ payload: { clientId } }) => clientId === visitor.sessionId);
      assert.deepEqual(payload, { clientId: visitor.sessionId });
    }
    assert.deepEqual(dashboard.ended, [visitor.sessionId]);
    const refused = dashboard.refused('operatorMessage', { to: visitor.sessionId, type: 'text', message: 'Wait' }, 'ended');
    assert.ok((await refused).message);
  });

  scenario('004 wire rule: an operator who has not said which front end it has is told in the words of both, once in each', async (stage) => {
    const undecided = await stage.comesIn(DashboardB, fresh());
    const { dashboard, visitor } = await floor(stage, { hint: true });
    dashboard.write(visitor.sessionId, 'in two words');
    const flat = await undecided.hear('operatorBroadcast', saying('in two words'));
    const nested = await undecided.hear('operatorMessageBroadcast', ({ payload }) => payload.message.text === 'in two words');
    assert.equal(flat.payload.id, nested.payload.id);
    visitor.write('the end');
    await undecided.screen.until('the end');
    for (const name of ['operatorBroadcast', 'operatorMessageBroadcast']) assert.equal(undecided.events.named(name).length, 1, name);
  });

  scenario('P3 004 failure rules: what gets no answer in time is sent again, and is one message', async (stage) => {
    const dashboard = await stage.comesIn(DashboardB, fresh());
    const party = await stage.apart(VisitorB, called('Ann'), { retries: 5, ackTimeout: 3_000 });
    const { client: visitor, proxy } = party;
    await visitor.settled();
    proxy.refuse('everything');
    proxy.cut('all');
    await visitor.life.wait('disconnect');
    const answered = new Promise((resolve) => {
      const message = { type: 'text', message: 'are you there?', clientMessageId: randomUUID() };
      visitor.socket.emit('clientMessage', message, (failure, answer) => resolve(failure ?? answer));
    });
    proxy.accept();
    await recovered(party);
    assert.equal((await answered).ok, true);
    await dashboard.screen.until('are you there?');
    assert.equal((await history(stage.url, dashboard.token, visitor.sessionId)).length, 1);
  });

  scenario('P2 004 failure rules: what is sent over HTTP while the socket is down is stored and told', async (stage) => {
    const { dashboard, visitor } = await floor(stage);
    dashboard.close();
    await send(stage.url, dashboard.token, visitor.sessionId, 'by another way');
    const shown = await visitor.screen.until('by another way');
    assert.equal(shown.author, dashboard.user.name);
    assert.deepEqual(await history(stage.url, dashboard.token, visitor.sessionId), [shown]);
  });

  scenario('P5 004 auth: who shows no token, or a bad one, in the handshake is told exactly that', async (stage) => {
    const cases = [
      [{ token: '' }, 'Authentication required'],
      [{ token: null }, 'Authentication required'],
      [{ token: settings.badToken }, 'Invalid token'],
      [{ token: settings.expiredToken }, 'Invalid token'],
      [{ token: 'nonsense' }, 'Invalid token'],
    ];
    for (const [auth, reason] of cases) {
      const dashboard = stage.open(DashboardB, settings.badToken, { auth });
      const { error } = await dashboard.life.wait('connect_error');
      assert.equal(error.message, reason, JSON.stringify(auth));
      assert.equal(dashboard.socket.active, false, 'it does not try again');
      assert.deepEqual(dashboard.events.entries, []);
    }
  });

  scenario('P5 004 auth: the token says who an operator is, whatever its join does', async (stage) => {
    const { dashboard, colleague, visitor } = await floor(stage);
    dashboard.socket.emit('join', { role: 'operator', name: 'Root', operatorId: dashboard.user.id });
    dashboard.write(visitor.sessionId, 'it is me', { operatorId: 1, operatorName: 'Root' });
    assert.equal((await visitor.screen.until('it is me')).author, dashboard.user.name);
    assert.equal((await colleague.screen.until('it is me')).author, dashboard.user.name);
  });

  scenario('P5 004 auth: a guest who says it is an operator is none', async (stage) => {
    const { visitor } = await floor(stage);
    const impostor = await stage.comesIn(VisitorB, called('Mallory'));
    await impostor.refused('operatorMessage', { to: visitor.sessionId, type: 'text', message: 'hi' }, 'forbidden');
    await impostor.refused('getConnectedOperators', {}, 'forbidden');
    await impostor.refused('join', { role: 'operator', name: 'Mallory', operatorId: 7 }, 'forbidden');
    await impostor.refused('getConnectedOperators', {}, 'forbidden');
    assertHeardNothingOf(impostor, visitor.sessionId);
  });

  scenario('P8 004 validation: what is no text is refused to both sides in the words of the seed', async (stage) => {
    const { dashboard, visitor } = await floor(stage);
    const sides = [[visitor, 'clientMessage', {}], [dashboard, 'operatorMessage', { to: visitor.sessionId }]];
    for (const [one, event, target] of sides) {
      let known = 0;
      for (const message of WRONG) {
        one.socket.emit(event, { ...target, type: 'text', message });
        const { payload } = await one.hear('error', undefined, { nth: (known += 1) });
        assert.equal(payload.message, 'Invalid message format', JSON.stringify(message));
      }
      await one.refused(event, { ...target, type: 'text', message: '' }, 'invalid');
    }
    visitor.write('a text after all');
    await dashboard.screen.until('a text after all');
    assert.equal((await history(stage.url, dashboard.token, visitor.sessionId)).length, 1);
  });

  scenario('004 validation: the text may be called by the names that other front ends have for it', async (stage) => {
    const { dashboard, visitor } = await floor(stage);
    for (const field of ['message', 'text', 'body']) {
      visitor.socket.emit('clientMessage', { type: 'text', [field]: `in ${field}` });
      await dashboard.screen.until(`in ${field}`);
    }
  });

  scenario('004 production values: the handshake on /chat says them, and nothing is compressed', async (stage) => {
    const opened = await fetch(`${stage.url}/chat/?EIO=4&transport=polling`);
    const said = JSON.parse((await opened.text()).slice(1));
    assert.deepEqual([said.pingInterval, said.pingTimeout, said.maxPayload, said.upgrades], [25_000, 60_000, 8_000_000, ['websocket']]);
    const visitor = await stage.comesIn(VisitorB, called('Ann'), { transports: ['websocket'], perMessageDeflate: { threshold: 1024 } });
    assert.equal(visitor.transport, 'websocket');
    assert.equal(visitor.socket.io.engine.transport.ws.extensions, '', 'though its client has offered it');
    const fallen = await stage.comesIn(VisitorB, called('Ben'), { transports: ['websocket', 'polling'] });
    assert.equal(fallen.transport, 'websocket', 'in the order of the seed');
  });

  scenario('004 named tests: whoever is gone, on either side, leaves the others as they are', async (stage) => {
    const { dashboard, colleague, visitor } = await floor(stage);
    const leaves = await stage.comesIn(VisitorB, called('Ben'));
    leaves.socket.io.engine.close();
    leaves.close();
    colleague.close();
    dashboard.write(leaves.sessionId, 'are you there?');
    dashboard.write(visitor.sessionId, 'you are');
    await visitor.screen.until('you are');
    visitor.write('I am');
    await dashboard.screen.until('I am');
    assert.deepEqual(dashboard.events.named('error'), [], 'what is written to who is away waits for it');
  });

  scenario('P7 004 named tests: a dashboard that is loaded again shows all that was said, with names, in order', async (stage) => {
    const { dashboard, colleague, visitor } = await floor(stage);
    for (const text of numbered('line', LONG)) visitor.write(text);
    for (const page of [dashboard, colleague]) await page.screen.until(`line ${LONG}`);
    for (const [operator, other] of [[dashboard, colleague], [colleague, dashboard]]) {
      const answer = `answer of ${operator.user.name}`;
      operator.write(visitor.sessionId, answer);
      for (const page of [visitor, other]) await page.screen.until(answer);
    }
    const again = await stage.comesIn(DashboardB, fresh());
    const stored = await history(stage.url, again.token, visitor.sessionId);
    assert.equal(stored.length, LONG + 2);
    assert.equal(new Set(stored.map(({ messageId }) => messageId)).size, stored.length, 'each has an id of its own');
    assert.deepEqual(stored.slice(LONG).map(({ author }) => author), [dashboard.user.name, colleague.user.name]);
    for (const page of [visitor, dashboard, colleague]) assertShows(page, visitor.sessionId, stored);
    const { messages, cursor } = await ask(stage.url, again.token, `/sessions/${visitor.sessionId}/messages?limit=10`);
    assert.equal(messages.length, 10);
    assert.ok(cursor, 'there is more');
  });

  scenario('004 named tests: a new operator sees recent chats, with what is unread, and it is read for all', async (stage) => {
    const { dashboard, visitor } = await floor(stage);
    for (const text of ['one', 'two', 'three']) visitor.write(text);
    await dashboard.screen.until('three');
    const later = await stage.comesIn(DashboardB, fresh());
    const chat = async (operator) => {
      const { chats } = await ask(stage.url, operator.token, '/chats?limit=200');
      return chats.find(({ sessionId }) => sessionId === visitor.sessionId);
    };
    const { guest, lastMessage, unread } = await chat(later);
    assert.deepEqual([guest.name, lastMessage.message, unread], [visitor.name, 'three', 3]);
    await ask(stage.url, dashboard.token, `/sessions/${visitor.sessionId}/read`, { method: 'POST', body: { seq: 3 } });
    for (const operator of [dashboard, later]) assert.equal((await chat(operator)).unread, 0);
  });
});

async function floor(stage, options) {
  const dashboard = await stage.comesIn(DashboardB, fresh(), options);
  const colleague = await stage.comesIn(DashboardB, fresh(), options);
  const visitor = await stage.comesIn(VisitorB, called('Ann'));
  for (const one of [dashboard, colleague]) await one.hear('newChat', ({ payload }) => payload.clientId === visitor.sessionId);
  return { dashboard, colleague, visitor };
}

function from({ sessionId }) {
  return ({ payload }) => payload.from === sessionId;
}

function saying(text) {
  return ({ payload }) => payload.message === text;
}
