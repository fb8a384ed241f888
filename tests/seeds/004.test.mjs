// Seed 004 row by row. Its browsers save and read what was said by the four functions of their `actions/chat.ts`, which
// here are those of the file that takes its place.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Operator, settings } from '../e2e/support/clients.mjs';
import { recovered, saidUntilHeard } from '../e2e/support/parties.mjs';
import { assertHeardNothingOf, numbered } from '../e2e/support/scene.mjs';
import { PanelA, VisitorA } from './fronts/operator_a.mjs';
import { DashboardB, VisitorB } from './fronts/operator_b.mjs';
import { actionsOf, chatOf, plainGuest } from './fronts/actions.mjs';
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
    assert.deepEqual(await chatOf(dashboard.actions, visitor.sessionId), dashboard.screen.of(visitor.sessionId));
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

  scenario('004 end of chat: a guest who writes on, whoever has ended it, is another chat', async (stage) => {
    const staff = await stage.comesIn(DashboardB, fresh(), { hint: true });
    const portal = stage.open(Operator, fresh());
    await portal.hear('ready');
    const name = called('Ann');
    const guest = await stage.comesIn(VisitorB, name);
    const chats = [guest.sessionId];
    const ends = [() => portal.granted('staff:end_session', { sessionId: guest.sessionId }), () => guest.end()];
    for (const [i, end] of ends.entries()) {
      const last = guest.sessionId;
      await end();
      await staff.hear('chatEnded', ({ payload }) => payload.clientId === last);
      guest.write(`and one thing ${i}`);
      const { payload } = await staff.hear('incomingMessage', ({ payload }) => payload.message === `and one thing ${i}`);
      assert.ok(!chats.includes(payload.from));
      assert.equal(staff.chats.get(payload.from), name, 'newChat came before, with its name');
      chats.push(payload.from);
      await guest.hear('session:started', undefined, { nth: i + 2 });
      assert.equal(guest.sessionId, payload.from);
      staff.write(payload.from, `yes ${i}`);
      await guest.hear('operatorMessage', ({ payload }) => payload.message === `yes ${i}`);
      const { messages } = await portal.granted('staff:history', { sessionId: payload.from });
      assert.deepEqual(messages.map(({ message }) => message), [`and one thing ${i}`, `yes ${i}`]);
    }
    assert.deepEqual(guest.events.named('error'), []);
  });

  scenario('004 end of chat: two tabs of a guest write on in the same next chat', async (stage) => {
    const portal = stage.open(Operator, fresh());
    await portal.hear('ready');
    const one = await stage.comesIn(VisitorB, called('Ann'));
    const two = stage.open(VisitorB, one.name);
    two.token = one.token;
    assert.equal(await two.comeIn(), one.sessionId);
    const over = one.sessionId;
    await portal.granted('staff:end_session', { sessionId: over });
    const tabs = [one, two];
    await Promise.all(tabs.map((tab, i) => tab.granted('clientMessage', { type: 'text', message: `of ${i}` })));
    await Promise.all(tabs.map((tab) => tab.hear('session:started', ({ payload }) => payload.sessionId !== over)));
    assert.equal(one.sessionId, two.sessionId);
    const { messages } = await portal.granted('staff:history', { sessionId: one.sessionId });
    assert.deepEqual(messages.map(({ message }) => message).toSorted(), ['of 0', 'of 1']);
    // Each of them is there, until the last has gone; one that goes later is told of after both.
    const panel = await stage.comesIn(PanelA, fresh(), { hint: true });
    for (const [tab, times] of [[one, 0], [two, 1]]) {
      tab.close();
      const later = await stage.comesIn(VisitorB, called('Ben'));
      later.close();
      await panel.hear('chatEnded', ({ payload }) => payload.clientId === later.sessionId);
      assert.equal(panel.events.named('chatEnded', ({ payload }) => payload.clientId === one.sessionId).length, times);
    }
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
    const dashboard = await onDuty(stage);
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
    assert.equal((await chatOf(dashboard.actions, visitor.sessionId)).length, 1);
  });

  scenario('P2 004 failure rules: what is saved while the socket is down is said', async (stage) => {
    const { dashboard, colleague, visitor } = await floor(stage);
    dashboard.close();
    const row = await save(dashboard, visitor, 'by another way', OWN);
    const shown = await visitor.screen.until('by another way');
    assert.equal(shown.author, dashboard.user.name);
    assert.equal(row.messageId, shown.messageId);
    assert.deepEqual(await chatOf(colleague.actions, visitor.sessionId), [shown]);
    // What is said once more is another message, and its page shows two ticks.
    const again = await save(dashboard, visitor, 'by another way', OWN);
    await visitor.screen.until('by another way', { nth: 2 });
    assert.notEqual(again.id, row.id);
  });

  scenario('P2 004 failure rules: what is saved while the socket is down, and sent by it once it is back, is one message', async (stage) => {
    const { visitor, colleague } = await floor(stage);
    const party = await stage.apart(DashboardB, fresh());
    const { proxy, client: dashboard } = party;
    dashboard.actions = await actionsOf(stage.url, dashboard.token);
    proxy.refuse('everything');
    proxy.cut('all');
    await dashboard.life.wait('disconnect');
    // As a page of the seed does it: the client library keeps the one, and the other is saved.
    for (const text of ['both ways', 'and this']) {
      dashboard.write(visitor.sessionId, text);
      await save(dashboard, visitor, text, OWN);
    }
    await visitor.screen.until('and this');
    proxy.accept();
    await recovered(party);
    dashboard.write(visitor.sessionId, 'I am back');
    await visitor.screen.until('I am back');
    // Said once more, it is meant.
    dashboard.write(visitor.sessionId, 'both ways');
    await visitor.screen.until('both ways', { nth: 2 });
    const texts = ['both ways', 'and this', 'I am back', 'both ways'];
    assert.deepEqual(visitor.screen.texts(visitor.sessionId), texts);
    assert.deepEqual((await chatOf(colleague.actions, visitor.sessionId)).map(({ text }) => text), texts);
  });

  scenario('P3 004 failure rules: an action that gets no answer is asked again, and is one row', async (stage) => {
    const { dashboard, visitor } = await floor(stage);
    dashboard.close();
    const proxy = await stage.wire();
    const actions = await actionsOf(proxy.url, dashboard.token);
    proxy.refuse('everything');
    const saved = actions.saveChatMessageAction(input(visitor, 'are you there?', OWN));
    setTimeout(() => proxy.accept(), 700);
    const { id, text } = await saved;
    assert.equal(text, 'are you there?');
    const rows = await dashboard.actions.getChatHistoryAction({ clientId: visitor.sessionId });
    assert.deepEqual(rows.map((row) => row.id), [id]);
    // The same request, whoever answers it.
    const key = randomUUID();
    const requests = await Promise.all([1, 2, 3].map(() => request(stage, dashboard.token, input(visitor, 'once', OWN), { 'idempotency-key': key })));
    for (const { status } of requests) assert.equal(status, 200);
    assert.equal(new Set(requests.map(({ answer }) => answer.id)).size, 1);
    assert.deepEqual((await chatOf(dashboard.actions, visitor.sessionId)).map((line) => line.text), ['are you there?', 'once']);
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
    assert.equal((await chatOf(dashboard.actions, visitor.sessionId)).length, 1);
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
    const again = await onDuty(stage);
    const stored = await chatOf(again.actions, visitor.sessionId);
    assert.equal(stored.length, LONG + 2);
    assert.equal(new Set(stored.map(({ messageId }) => messageId)).size, stored.length, 'each has an id of its own');
    assert.deepEqual(stored.slice(LONG).map(({ author }) => author), [dashboard.user.name, colleague.user.name]);
    for (const page of [visitor, dashboard, colleague]) assertShows(page, visitor.sessionId, stored);
  });

  scenario('004 saving: the same message, saved by three browsers, is one row, and each shows its tick', async (stage) => {
    const { dashboard, colleague, visitor } = await floor(stage);
    const third = await onDuty(stage);
    visitor.write('Good morning');
    const pages = [dashboard, colleague, third];
    for (const page of pages) await page.screen.until('Good morning');
    const saved = await Promise.all(pages.map((page) => save(page, visitor, 'Good morning')));
    dashboard.write(visitor.sessionId, 'Hello');
    for (const page of [colleague, third]) await page.screen.until('Hello');
    const said = (operator) => (operator === dashboard ? OWN : { senderType: 'OPERATOR', operatorId: dashboard.user.id });
    const answered = await Promise.all(pages.map((page) => save(page, visitor, 'Hello', said(page))));
    for (const rows of [saved, answered]) {
      assert.ok(Number.isInteger(rows[0].id), 'by which the page shows its tick');
      for (const row of rows) assert.deepEqual(row, rows[0]);
    }
    assert.deepEqual([saved[0].text, answered[0].text], ['Good morning', 'Hello']);
    assert.notEqual(saved[0].id, answered[0].id);
    const rows = await third.actions.getChatHistoryAction({ clientId: visitor.sessionId });
    assert.deepEqual(rows.map(({ id }) => id), [saved[0].id, answered[0].id]);
  });

  scenario('P3 004 saving: a text that is said twice is two rows, for each of three browsers', async (stage) => {
    const { dashboard, colleague, visitor } = await floor(stage);
    const third = await onDuty(stage);
    const pages = [dashboard, colleague, third];
    for (let said = 1; said <= 2; said += 1) visitor.write('ok');
    for (const page of pages) await page.screen.until('ok', { nth: 2 });
    const saved = await Promise.all(pages.map(async (page) => {
      const rows = [await save(page, visitor, 'ok'), await save(page, visitor, 'ok')];
      return rows.map(({ id }) => id);
    }));
    const stored = await dashboard.actions.getChatHistoryAction({ clientId: visitor.sessionId });
    const ids = stored.map(({ id }) => id);
    assert.equal(new Set(ids).size, 2);
    for (const each of saved) assert.deepEqual(each, ids);
    // Saved once more, by a second tab of an operator: a row that is there.
    assert.equal((await save(dashboard, visitor, 'ok')).id, ids[1]);
    // And by the ids that its events have.
    const [line] = dashboard.screen.of(visitor.sessionId);
    assert.equal((await save(dashboard, visitor, 'ok', { messageId: line.messageId })).id, ids[0]);
  });

  scenario('004 saving: whichever is faster, the socket or the request, it is one message', async (stage) => {
    const { dashboard, visitor } = await floor(stage);
    const texts = numbered('both ways', TIMES);
    const saved = await Promise.all(texts.map((text) => {
      const row = save(dashboard, visitor, text, OWN);
      dashboard.write(visitor.sessionId, text);
      return row;
    }));
    await visitor.screen.until(texts.at(-1));
    const rows = await dashboard.actions.getChatHistoryAction({ clientId: visitor.sessionId });
    assert.deepEqual(rows.map(({ text }) => text).toSorted(), texts.toSorted());
    assert.deepEqual(new Set(saved.map(({ id }) => id)), new Set(rows.map(({ id }) => id)));
    // Once with the name that the socket gives it as well, for which nobody waits.
    const named = { clientMsgId: randomUUID() };
    const [row] = await Promise.all([save(dashboard, visitor, 'named', { ...OWN, ...named }), dashboard.write(visitor.sessionId, 'named', named)]);
    assert.equal((await save(dashboard, visitor, 'named', { ...OWN, ...named })).id, row.id);
    const stored = await chatOf(dashboard.actions, visitor.sessionId);
    assert.equal(stored.filter(({ text }) => text === 'named').length, 1);
  });

  scenario('P5 P6 004 saving: nobody says by it what another has not said, nor reads what is not for him', async (stage) => {
    const { dashboard, colleague, visitor } = await floor(stage);
    visitor.write('what I have said');
    await dashboard.screen.until('what I have said');
    const { id, clientId } = await save(dashboard, visitor, 'what I have said');
    const forged = [
      ['senderType', {}],
      ['senderType', { senderType: 'OPERATOR', operatorId: colleague.user.id }],
      ['messageId', { messageId: randomUUID() }],
    ];
    for (const [field, more] of forged) {
      const { status, answer } = await request(stage, dashboard.token, input(visitor, 'what nobody has said', more));
      assert.deepEqual([status, answer.field], [field === 'messageId' ? 404 : 403, field], JSON.stringify(answer));
    }
    // The body proves nothing: it is said by whom the token names.
    const own = await save(dashboard, visitor, 'it is me', { ...OWN, operatorName: 'Root' });
    assert.deepEqual([own.operatorId, own.operator.name], [dashboard.user.id, dashboard.user.name]);
    const ben = await stage.comesIn(VisitorB, called('Ben'));
    const strangers = [settings.otherToken, ben.token];
    for (const token of strangers) {
      for (const named of [visitor.sessionId, clientId]) {
        const saved = await request(stage, token, { ...input(visitor, 'what I have said'), clientId: named });
        assert.deepEqual([saved.status, saved.answer.field], [404, 'clientId']);
        const read = await get(stage, token, `getChatHistory?clientId=${named}`);
        assert.deepEqual([read.status, read.answer.field], [404, 'clientId']);
      }
    }
    for (const token of [undefined, settings.badToken, settings.expiredToken]) {
      assert.equal((await request(stage, token, input(visitor, 'hi'))).status, 401);
      assert.equal((await get(stage, token, 'getRecentChats')).status, 401);
    }
    assert.equal((await get(stage, ben.token, 'getRecentChats')).status, 401, 'nor to a guest');
    const rows = await dashboard.actions.getChatHistoryAction({ clientId });
    assert.deepEqual(rows.map((row) => row.id), [id, own.id]);
  });

  scenario('P10 004 saving: a guest whose network allows plain requests alone says and reads by them', async (stage) => {
    const dashboard = await onDuty(stage);
    const guest = await plainGuest(stage.url, called('Eve'));
    await dashboard.hear('newChat', ({ payload }) => payload.clientId === guest.clientId);
    const { status, answer } = await guest.save('Is anybody there?');
    assert.deepEqual([status, answer.senderType], [200, 'CLIENT']);
    await dashboard.screen.until('Is anybody there?');
    dashboard.write(guest.clientId, 'Yes, I am');
    await until(async () => (await guest.actions.getChatHistoryAction({ clientId: guest.clientId })).length === 2);
    const [said, heard] = await chatOf(guest.actions, guest.clientId);
    assert.equal(said.messageId, answer.messageId);
    assert.deepEqual([heard.text, heard.author], ['Yes, I am', dashboard.user.name]);
    assert.equal((await guest.save('I am the operator', { senderType: 'OPERATOR' })).status, 403);
    // It goes on with what it has.
    const again = await guest.rejoin();
    assert.deepEqual([again.status, again.answer.clientId, again.answer.reconnected], [200, guest.clientId, true]);
  });

  scenario('P6 004 saving: who comes back by name and address alone finds no row of before', async (stage) => {
    const dashboard = await onDuty(stage);
    const details = { email: `${randomUUID()}@example.org` };
    const first = await plainGuest(stage.url, called('Eve'), details);
    const before = await first.save('a secret');
    await dashboard.screen.until('a secret');
    const again = await plainGuest(stage.url, first.name, details);
    assert.equal(again.clientId, first.clientId);
    assert.deepEqual(await chatOf(again.actions, again.clientId), []);
    const guessed = await again.save('a secret');
    assert.notEqual(guessed.answer.id, before.answer.id, 'it has said it itself');
    const named = await again.save('a secret', { messageId: before.answer.messageId });
    assert.deepEqual([named.status, named.answer.field], [404, 'messageId']);
    assert.equal((await chatOf(again.actions, again.clientId)).length, 1);
    assert.equal((await chatOf(dashboard.actions, again.clientId)).length, 2);
  });

  scenario('004 history: at most so many, from old to new, with the operators, whatever the chat is called', async (stage) => {
    const { dashboard, colleague, visitor } = await floor(stage);
    for (const text of numbered('line', TIMES)) visitor.write(text);
    await dashboard.screen.until(`line ${TIMES}`);
    for (const operator of [dashboard, colleague]) operator.write(visitor.sessionId, `answer of ${operator.user.name}`);
    for (const operator of [dashboard, colleague]) await visitor.screen.until(`answer of ${operator.user.name}`);
    const { getChatHistoryAction } = dashboard.actions;
    const all = await getChatHistoryAction({ clientId: visitor.sessionId });
    assert.equal(all.length, TIMES + 2);
    const { clientId } = all[0];
    assert.ok(Number.isInteger(clientId));
    for (const named of [clientId, String(clientId)]) assert.deepEqual(await getChatHistoryAction({ clientId: named }), all);
    assert.deepEqual(await getChatHistoryAction({ clientId, sessionId: visitor.sessionId }), all);
    assert.deepEqual(await getChatHistoryAction({ clientId, sessionId: randomUUID() }), []);
    assert.deepEqual(await getChatHistoryAction({ clientId, limit: 10 }), all.slice(-10), 'the newest ones');
    const times = all.map(({ createdAt }) => Date.parse(createdAt));
    assert.deepEqual(times, times.toSorted((a, b) => a - b));
    assert.deepEqual(all.slice(0, TIMES).map(({ text }) => text), numbered('line', TIMES));
    const answers = all.slice(TIMES).map(({ operatorId, operator }) => [operatorId, operator.id, operator.name]);
    const expected = [dashboard, colleague].map(({ user }) => [user.id, user.id, user.name]);
    assert.deepEqual(new Set(answers.map(String)), new Set(expected.map(String)));
    for (const row of all.slice(0, TIMES)) assert.equal(row.operator, null);
  });

  scenario('004 chat list: a new operator sees all recent chats, the latest first', async (stage) => {
    const { dashboard, visitor } = await floor(stage);
    const ben = await stage.comesIn(VisitorB, called('Ben'));
    visitor.write('first');
    await dashboard.screen.until('first');
    ben.write('second');
    await dashboard.screen.until('second');
    const later = await onDuty(stage);
    const chats = await later.actions.getRecentChatsAction();
    const at = (guest) => chats.findIndex(({ client }) => client.clientSocketId === guest.sessionId);
    assert.ok(at(ben) >= 0 && at(ben) < at(visitor));
    const { client, lastMessage, unreadCount } = chats[at(visitor)];
    assertShape(client, { id: 'number', username: 'string', status: 'string' });
    assert.deepEqual([client.username, client.phone, client.status], [visitor.name, null, 'waiting']);
    assertShape(lastMessage, { text: 'string', createdAt: 'time', senderType: 'string', messageType: 'string' });
    assert.deepEqual([lastMessage.text, unreadCount], ['first', 1]);
    // Whichever of its names the page goes on with, its history is not empty.
    for (const clientId of [client.id, client.clientSocketId]) {
      assert.deepEqual((await chatOf(later.actions, clientId)).map(({ text }) => text), ['first']);
    }
    // After a reload it knows the number alone.
    for (const [nth, to] of [client.id, String(client.id), client.clientSocketId].entries()) {
      later.write(to, `to ${nth}`);
      await visitor.screen.until(`to ${nth}`);
    }
    const typed = visitor.hear('operatorTyping', ({ payload }) => payload.isTyping === true);
    await saidUntilHeard(() => later.type(client.id, true), typed);
    assert.deepEqual(ben.screen.texts(ben.sessionId), ['second']);
  });

  scenario('004 read: the badge goes to 0 for every operator, and the rows say when', async (stage) => {
    const { dashboard, visitor } = await floor(stage);
    for (const text of ['one', 'two', 'three']) visitor.write(text);
    await dashboard.screen.until('three');
    const later = await onDuty(stage);
    const badge = async (operator) => {
      const chats = await operator.actions.getRecentChatsAction();
      return chats.find(({ client }) => client.clientSocketId === visitor.sessionId).unreadCount;
    };
    for (const operator of [dashboard, later]) assert.equal(await badge(operator), 3);
    const unread = await later.actions.getChatHistoryAction({ clientId: visitor.sessionId });
    for (const row of unread) assert.deepEqual([row.isRead, row.readAt], [false, null]);
    const { clientId } = unread[0];
    assert.deepEqual(await dashboard.actions.markMessagesAsReadAction({ clientId, operatorId: dashboard.user.id }), { count: 3 });
    for (const operator of [dashboard, later]) assert.equal(await badge(operator), 0);
    const read = await later.actions.getChatHistoryAction({ clientId });
    for (const row of read) {
      assertShape(row, { isRead: 'boolean', readAt: 'time' });
      assert.ok(row.isRead && row.readAt >= row.createdAt && row.updatedAt === row.readAt, JSON.stringify(row));
    }
    assert.deepEqual(await later.actions.markMessagesAsReadAction({ clientId, operatorId: later.user.id }), { count: 0 });
    const times = read.map(({ readAt }) => readAt);
    assert.deepEqual((await later.actions.getChatHistoryAction({ clientId })).map(({ readAt }) => readAt), times, 'when it was first read');
    await assert.rejects(later.actions.markMessagesAsReadAction({ clientId, operatorId: dashboard.user.id }), { code: 'forbidden', field: 'operatorId' });
  });

  scenario('004 schema: a row has all that a ChatMessage has', async (stage) => {
    const { dashboard, visitor } = await floor(stage);
    visitor.write('Hello');
    await dashboard.screen.until('Hello');
    const asked = await save(dashboard, visitor, 'Hello');
    const said = await save(dashboard, visitor, 'Good morning', OWN);
    const columns = {
      id: 'number', clientId: 'number', clientSocketId: 'string', senderType: 'string', messageType: 'string', text: 'string',
      sessionId: 'string', isRead: 'boolean', createdAt: 'time', updatedAt: 'time',
    };
    for (const row of [asked, said]) {
      assertShape(row, columns);
      assert.ok(Number.isInteger(row.id) && Number.isInteger(row.clientId));
      assert.deepEqual([row.messageType, row.imageUrl, row.imageName, row.mimeType, row.readAt], ['TEXT', null, null, null, null]);
    }
    assert.ok(asked.id < said.id, 'it grows');
    assert.deepEqual([asked.senderType, asked.operatorId], ['CLIENT', null]);
    assert.deepEqual([said.senderType, said.operatorId], ['OPERATOR', dashboard.user.id]);
  });

  scenario('P8 004 validation: what cannot be saved is refused by the name of its field', async (stage) => {
    const { dashboard, visitor } = await floor(stage);
    const wrong = [
      ['clientId', { clientId: null }], ['clientId', { clientId: 1.5 }],
      ['senderType', { senderType: 'BOT' }], ['messageType', { messageType: 'VIDEO' }], ['imageUrl', { messageType: 'IMAGE', imageUrl: 'https://example.org/a.png' }], ['imageUrl', { messageType: 'IMAGE', imageUrl: 'data:image/png;base64,' }],
      ['text', { text: '  ' }], ['text', { text: null }], ['text', { text: 7 }], ['operatorId', { operatorId: {} }],
    ];
    for (const [field, more] of wrong) {
      const { status, answer } = await request(stage, dashboard.token, { ...input(visitor, 'Hello', OWN), ...more });
      assert.deepEqual([status, answer.code, answer.field], [400, 'invalid', field], JSON.stringify(more));
      assert.ok(answer.detail.length > 10);
    }
    for (const limit of ['0', '-1', 'ten']) {
      const { status, answer } = await get(stage, dashboard.token, `getChatHistory?clientId=${visitor.sessionId}&limit=${limit}`);
      assert.deepEqual([status, answer.field], [400, 'limit']);
    }
    assert.deepEqual(await dashboard.actions.getChatHistoryAction({ clientId: visitor.sessionId, limit: 100_000 }), [], 'the seed knows no most');
  });

  scenario('004 traps: a page that is mounted anew many times shows each message once, over the one connection', async (stage) => {
    const { proxy, client: dashboard } = await stage.apart(DashboardB, fresh());
    const { proxy: road, client: visitor } = await stage.apart(VisitorB, called('Ann'));
    const colleague = await stage.comesIn(DashboardB, fresh());
    const chat = { to: visitor.sessionId, type: 'text' };
    for (let time = 1; time <= MOUNTS; time += 1) {
      for (const [page, joined] of [[dashboard, { role: 'operator', name: dashboard.user.name }], [visitor, { role: 'client', name: visitor.name }]]) {
        mountAnew(page);
        // The hook of the seed says so each time that it runs, connected as it is.
        await page.granted('join', joined);
      }
    }
    visitor.write('once');
    for (const page of [dashboard, colleague]) await page.screen.until('once');
    await dashboard.granted('operatorMessage', { ...chat, message: 'answered once' });
    for (const page of [visitor, colleague]) await page.screen.until('answered once');
    visitor.write('the end');
    for (const page of [dashboard, colleague]) await page.screen.until('the end');
    assert.deepEqual(dashboard.screen.texts(visitor.sessionId), ['once', 'the end']);
    assert.deepEqual(colleague.screen.texts(visitor.sessionId), ['once', 'answered once', 'the end']);
    assert.deepEqual(visitor.events.named('operatorMessage').map(({ payload }) => payload.message), ['answered once']);
    for (const [page, way] of [[dashboard, proxy], [visitor, road]]) assert.deepEqual(Object.keys(way.report()), page.sids);
    for (const page of [dashboard, visitor]) assert.equal(page.sids.length, 1);
  });
});

const OWN = { senderType: 'OPERATOR' };
const MOUNTS = 20;

/** Each of its listeners is taken off, and put on again, as an effect does that cleans up behind itself. */
function mountAnew({ socket }) {
  for (const event of ['operatorMessage', 'operatorTyping', 'newChat', 'incomingMessage', 'operatorBroadcast', 'clientTyping', 'chatEnded']) {
    for (const listener of socket.listeners(event)) {
      socket.off(event, listener);
      socket.on(event, listener);
    }
  }
}

/** What a page saves of a message of the guest, unless `more` says whose it is. */
function input(visitor, text, more) {
  const { sessionId } = visitor;
  return { clientId: sessionId, clientSocketId: sessionId, senderType: 'CLIENT', messageType: 'TEXT', text, ...more };
}

function save(page, visitor, text, more) {
  return page.actions.saveChatMessageAction(input(visitor, text, more));
}

async function request(stage, token, body, headers) {
  return answered(stage, 'saveChatMessage', token, {
    method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers },
  });
}

async function get(stage, token, path) {
  return answered(stage, path, token, { headers: {} });
}

async function answered(stage, path, token, options) {
  const headers = token === undefined ? options.headers : { ...options.headers, authorization: `Bearer ${token}` };
  const answer = await fetch(`${stage.url}/api/v1/compat/${path}`, { ...options, headers });
  return { status: answer.status, answer: await answer.json() };
}

async function until(holds) {
  while (!(await holds())) await new Promise((done) => setTimeout(done, 50));
}

async function onDuty(stage, options) {
  const dashboard = await stage.comesIn(DashboardB, fresh(), options);
  dashboard.actions = await actionsOf(stage.url, dashboard.token);
  return dashboard;
}

async function floor(stage, options) {
  const dashboard = await onDuty(stage, options);
  const colleague = await onDuty(stage, options);
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
