// Seed 003 row by row: several operators of one workspace who see what the others write. The relay is told that this
// workspace's front ends are those of 003 (DIALECT), so that they run as they are.

import assert from 'node:assert/strict';
import { settings } from '../e2e/support/clients.mjs';
import { away, saidUntilHeard } from '../e2e/support/parties.mjs';
import { assertHeardNothingOf, numbered } from '../e2e/support/scene.mjs';
import { PanelA, VisitorA } from './fronts/operator_a.mjs';
import { history } from './fronts/rest.mjs';
import { UTC, assertHeardOnly, assertShape, assertShows, called, fresh, suite } from './fronts/stage.mjs';

const TAG = '<img src=x onerror="alert(1)"> <b>bold</b> & more';
const MANY = 20;
// Of each of ten operators.
const JOINS = Number(process.env.JOINS);
const LEFT = 'io server disconnect';

suite('seed 003', (scenario) => {
  scenario('003 join: a guest says its username, and comes back to its conversation', async (stage) => {
    const visitor = await stage.comesIn(VisitorA, called('Ann'));
    const { payload: started } = await visitor.hear('session:started');
    assertShape(started, { sessionId: 'string', token: 'string', reconnected: 'boolean', status: 'string' });
    assert.equal(started.reconnected, false);
    visitor.close();
    const page = stage.open(VisitorA, visitor.name);
    page.token = visitor.token;
    assert.equal(await page.comeIn(), visitor.sessionId);
    const asked = await page.granted('join', { role: 'client', username: page.name, token: page.token });
    assert.deepEqual([asked.sessionId, asked.reconnected], [visitor.sessionId, true]);
  });

  scenario('003 join: an operator without a name is called Operador', async (stage) => {
    const watcher = await stage.comesIn(PanelA, fresh());
    const nameless = await stage.comesIn(PanelA, settings.namelessToken);
    const { payload } = await watcher.hear('operatorConnected', about(nameless.user.id));
    assert.equal(payload.name, 'Operador');
    const listed = await watcher.operators();
    assert.deepEqual(listed.filter(({ operatorId }) => operatorId === nameless.user.id), [{ operatorId: nameless.user.id, name: 'Operador' }]);
    const visitor = await stage.comesIn(VisitorA, called('Ann'));
    nameless.write(visitor.sessionId, 'Hello');
    assert.equal((await visitor.screen.until('Hello')).author, 'Operador');
    assert.equal((await watcher.screen.until('Hello')).author, 'Operador');
  });

  scenario('003 join: the number of an operator is one on the wire, and a word stays a word', async (stage) => {
    const watcher = await stage.comesIn(PanelA, fresh());
    const word = await stage.comesIn(PanelA, settings.wordToken);
    const number = await stage.comesIn(PanelA, fresh());
    assert.equal(typeof word.user.id, 'string');
    assert.equal(typeof number.user.id, 'number');
    for (const { user } of [word, number]) {
      const { payload } = await watcher.hear('operatorConnected', about(user.id));
      assert.deepEqual([payload.operatorId, payload.name], [user.id, user.name]);
    }
  });

  scenario('003 operator presence: two tabs are told once, and gone with the last of them', async (stage) => {
    const watcher = await stage.comesIn(PanelA, fresh());
    const token = fresh();
    const one = await stage.comesIn(PanelA, token);
    const { id, name } = one.user;
    const connected = await watcher.hear('operatorConnected', about(id));
    assert.deepEqual(connected.payload, { operatorId: id, name });
    const other = await stage.comesIn(PanelA, token);
    one.close();
    // Somebody who comes and goes after that: what came before has been told by then.
    const marker = await stage.comesIn(PanelA, fresh());
    await watcher.hear('operatorConnected', about(marker.user.id));
    assert.equal(watcher.events.named('operatorConnected', about(id)).length, 1);
    assert.deepEqual(watcher.events.named('operatorDisconnected', about(id)), []);
    other.close();
    const { payload } = await watcher.hear('operatorDisconnected', about(id));
    assert.deepEqual(payload, { operatorId: id, name });
    marker.close();
    await watcher.hear('operatorDisconnected', about(marker.user.id));
    assert.equal(watcher.events.named('operatorDisconnected', about(id)).length, 1);
  });

  scenario('003 operator presence: nobody is left of many who came and went', async (stage) => {
    const watcher = await stage.comesIn(PanelA, fresh());
    const tokens = Array.from({ length: 10 }, fresh);
    const ids = await Promise.all(tokens.map(async (token) => {
      let panel;
      for (let time = 0; time < JOINS; time += 1) {
        panel = await stage.comesIn(PanelA, token);
        panel.close();
      }
      return panel.user.id;
    }));
    await allLeft(watcher, ids);
  }, 300_000);

  scenario('003 list of operators: the same on every pod, with one entry for each operator', async (stage) => {
    const panels = [];
    for (const token of [fresh(), fresh(), fresh()]) panels.push(await stage.comesIn(PanelA, token));
    panels.push(await stage.comesIn(PanelA, panels[0].token));
    const users = panels.slice(0, 3).map(({ user }) => ({ operatorId: user.id, name: user.name })).sort(byNumber);
    for (const panel of panels) {
      const listed = await panel.operators();
      const ours = listed.filter(({ operatorId }) => users.some((user) => user.operatorId === operatorId));
      assert.deepEqual(ours.sort(byNumber), users, `${panel.who} lists them`);
    }
  });

  scenario('003 new guest: every operator is told once, and no guest', async (stage) => {
    const panels = [await stage.comesIn(PanelA, fresh()), await stage.comesIn(PanelA, fresh())];
    const earlier = await stage.comesIn(VisitorA, called('Ben'));
    const visitor = await stage.comesIn(VisitorA, called('Ann'));
    for (const panel of panels) {
      const { payload } = await panel.hear('newChat', ({ payload: { clientId } }) => clientId === visitor.sessionId);
      assertShape(payload, { clientId: 'string', username: 'string' });
      assert.equal(payload.username, visitor.name);
    }
    visitor.write('anybody?');
    for (const panel of panels) {
      await panel.screen.until('anybody?');
      assert.equal(panel.events.named('newChat', ({ payload }) => payload.clientId === visitor.sessionId).length, 1);
    }
    await reaches(panels[0], earlier);
    assertHeardNothingOf(earlier, visitor.sessionId, visitor.name);
  });

  scenario('P5 003 operator sends: the guest reads it, and neither number nor name of its writer can be made up', async (stage) => {
    const { visitor, alice, bob } = await floor(stage);
    alice.write(visitor.sessionId, 'I am the boss', { operatorId: bob.user.id, operatorName: 'Root' });
    assert.equal((await visitor.screen.until('I am the boss')).author, alice.user.name);
    const { payload } = await bob.hear('operatorMessageBroadcast');
    for (const told of [payload, payload.message]) assert.deepEqual([told.operatorId, told.operatorName], [alice.user.id, alice.user.name]);
    const [{ author }] = await history(stage.url, alice.token, visitor.sessionId);
    assert.equal(author, alice.user.name);
  });

  scenario('003 guest receives: in the shape of the seed, and nothing of what operators tell each other', async (stage) => {
    const { visitor, alice, bob } = await floor(stage);
    alice.write(visitor.sessionId, 'Hello');
    const { payload } = await visitor.hear('incomingOperatorMessage');
    assertShape(payload, { from: 'string', type: 'string', message: 'string', timestamp: 'time', id: 'string', seq: 'number', operatorName: 'string' });
    assert.deepEqual([payload.from, payload.type, payload.message], [String(alice.user.id), 'text', 'Hello']);
    visitor.write('Hi');
    await alice.screen.until('Hi');
    bob.write(visitor.sessionId, 'from another one');
    await visitor.screen.until('from another one');
    assertHeardOnly(visitor, ['ready', 'session:started', 'incomingOperatorMessage', 'message:status']);
    assert.equal(visitor.events.named('incomingOperatorMessage').length, 2);
  });

  scenario('003 supervision copy: the others are told who wrote it, the writer is not, and no guest is', async (stage) => {
    const { visitor, alice, bob } = await floor(stage);
    const carol = await stage.comesIn(PanelA, fresh());
    const stranger = await stage.comesIn(VisitorA, called('Ben'));
    alice.write(visitor.sessionId, 'How may I help?');
    for (const panel of [bob, carol]) {
      const { payload } = await panel.hear('operatorMessageBroadcast');
      assertShape(payload, { clientId: 'string', message: 'object', operatorId: 'number', operatorName: 'string', id: 'string' });
      assertShape(payload.message, { from: 'string', text: 'string', timestamp: 'time', operatorId: 'number', operatorName: 'string', id: 'string', seq: 'number' });
      assert.deepEqual([payload.clientId, payload.message.from, payload.message.text], [visitor.sessionId, 'operator', 'How may I help?']);
      assert.equal(payload.message.operatorName, alice.user.name);
      assert.deepEqual(panel.events.named('operatorBroadcast'), [], 'that is the word of 004');
    }
    visitor.write('With this');
    await alice.screen.until('With this');
    assert.deepEqual(alice.events.named('operatorMessageBroadcast'), []);
    await reaches(bob, stranger);
    assertHeardNothingOf(stranger, visitor.sessionId, 'How may I help?');
    for (const guest of [visitor, stranger]) assert.deepEqual(guest.events.named('operatorMessageBroadcast'), []);
  });

  scenario('P6 003 guest sends: each of three operators is told once, and another guest nothing', async (stage) => {
    const { visitor, alice, bob } = await floor(stage);
    const carol = await stage.comesIn(PanelA, fresh());
    const stranger = await stage.comesIn(VisitorA, called('Ben'));
    const [question, end] = [called('question'), called('end')];
    visitor.write(question);
    visitor.write(end);
    for (const panel of [alice, bob, carol]) {
      await panel.screen.until(end);
      const [{ payload }, ...more] = panel.events.named('incomingMessage', (event) => event.payload.message === question);
      assert.deepEqual(more, []);
      assertShape(payload, { from: 'string', type: 'string', message: 'string', timestamp: 'time', id: 'string', seq: 'number' });
      assert.equal(payload.from, visitor.sessionId);
    }
    await reaches(alice, stranger);
    assertHeardNothingOf(stranger, visitor.sessionId, question);
  });

  scenario('003 typing: each side is told of the other, and a lost end of it comes by itself', async (stage) => {
    const { visitor, alice, bob } = await floor(stage);
    const stranger = await stage.comesIn(VisitorA, called('Ben'));
    const from = (isTyping) => ({ payload }) => payload.from === visitor.sessionId && payload.isTyping === isTyping;
    const panels = (isTyping, nth) => Promise.all([alice, bob].map((panel) => panel.hear('clientTyping', from(isTyping), { nth })));
    await saidUntilHeard(() => visitor.type(true), panels(true));
    visitor.type(false);
    await panels(false);
    const told = visitor.hear('operatorTyping', ({ payload: { isTyping } }) => isTyping === true);
    const { payload } = await saidUntilHeard(() => alice.type(visitor.sessionId, true), told);
    assert.equal(payload.operatorName, alice.user.name);
    // Whoever types is gone, or its word is: nobody says that it is over.
    const heard = (isTyping) => alice.events.named('clientTyping', from(isTyping)).length;
    await saidUntilHeard(() => visitor.type(true), alice.hear('clientTyping', from(true), { nth: heard(true) + 1 }));
    const [over, nth] = [performance.now(), heard(false) + 1];
    await visitor.hear('operatorTyping', ({ payload: { isTyping } }) => isTyping === false);
    await alice.hear('clientTyping', from(false), { nth });
    assert.ok(performance.now() - over < 10_000, 'within 10 s');
    await reaches(bob, stranger);
    assert.deepEqual(stranger.events.named('operatorTyping'), []);
    assertHeardNothingOf(stranger, visitor.sessionId);
  });

  scenario('003 guest gone: operators are told after the grace, and nothing of one who came back', async (stage) => {
    const panel = await stage.comesIn(PanelA, fresh());
    const returns = await stage.comesIn(VisitorA, called('Ben'));
    const leaves = await stage.comesIn(VisitorA, called('Ann'));
    returns.close();
    const page = stage.open(VisitorA, returns.name);
    page.token = returns.token;
    assert.equal(await page.comeIn(), returns.sessionId);
    leaves.close();
    const ended = (sessionId) => ({ payload }) => payload.clientId === sessionId;
    const { payload } = await panel.hear('chatEnded', ended(leaves.sessionId));
    assert.deepEqual(payload, { clientId: leaves.sessionId });
    page.write('still here');
    await panel.screen.until('still here');
    assert.deepEqual(panel.events.named('chatEnded', ended(returns.sessionId)), []);
    assert.equal(panel.events.named('chatEnded', ended(leaves.sessionId)).length, 1);
  });

  scenario('003 guest gone: who has been reported gone comes back to the same conversation', async (stage) => {
    const panel = await stage.comesIn(PanelA, fresh());
    const visitor = await stage.comesIn(VisitorA, called('Ann'));
    visitor.close();
    await panel.hear('chatEnded', ({ payload }) => payload.clientId === visitor.sessionId);
    const page = stage.open(VisitorA, visitor.name);
    page.token = visitor.token;
    assert.equal(await page.comeIn(), visitor.sessionId);
    page.write('I am back');
    await panel.screen.until('I am back');
  });

  scenario('003 supervision UI: who looks at another chat is told who wrote to whom, and nobody of what is its own', async (stage) => {
    const { visitor, alice, bob } = await floor(stage);
    const other = await stage.comesIn(VisitorA, called('Ben'));
    await bob.hear('newChat', ({ payload }) => payload.clientId === other.sessionId);
    bob.viewing = other.sessionId;
    alice.write(visitor.sessionId, 'to Ann');
    await bob.screen.until('to Ann');
    assert.deepEqual(bob.toasts, [`${alice.user.name} → ${visitor.name}`]);
    alice.write(other.sessionId, 'to Ben');
    await bob.screen.until('to Ben');
    assert.equal(bob.toasts.length, 1, 'the chat that is looked at needs no notice');
    bob.write(visitor.sessionId, 'from Bob');
    await alice.screen.until('from Bob');
    assert.equal(alice.toasts.length, 1);
    assert.deepEqual(alice.screen.texts(visitor.sessionId), ['to Ann', 'from Bob'], 'its own is shown once');
  });

  scenario('P5 003 identity: who is not whom it says it is is cut off within a second, and hears nothing of anybody before', async (stage) => {
    const visitor = await stage.comesIn(VisitorA, called('Ann'));
    const cases = [
      ['no token', { token: undefined }],
      ['a token that does not verify', { token: settings.badToken }],
      ['an expired token', { token: settings.expiredToken }],
      ['the token of a guest', { token: visitor.token }],
      ['the number of somebody else', { operatorId: 999_999 }],
    ];
    for (const [what, claimed] of cases) {
      const panel = stage.open(PanelA, fresh());
      const honest = panel.introduction.bind(panel);
      panel.introduction = () => ({ ...honest(), ...claimed });
      await panel.connected();
      const begun = performance.now();
      const { args } = await panel.life.wait('disconnect');
      assert.equal(args[0], LEFT, what);
      assert.ok(performance.now() - begun < 1_000, `${what}: within a second of its join`);
      // That it is connected comes before it can say anything, and is nothing of anybody.
      assertHeardOnly(panel, ['ready']);
    }
  });

  scenario('P7 003 sanitising: what looks like a tag is text for everybody, and stored as it was said', async (stage) => {
    const { visitor, alice, bob } = await floor(stage);
    visitor.write(`guest ${TAG}`);
    for (const panel of [alice, bob]) await panel.screen.until(`guest ${TAG}`);
    alice.write(visitor.sessionId, `operator ${TAG}`);
    for (const page of [visitor, bob]) await page.screen.until(`operator ${TAG}`);
    const stored = await history(stage.url, alice.token, visitor.sessionId);
    assert.deepEqual(stored.map(({ text }) => text), [`guest ${TAG}`, `operator ${TAG}`]);
  });

  scenario('003 set-up: the official client connects to /chat, and hears of nothing there is on other paths', async (stage) => {
    const visitor = await stage.comesIn(VisitorA, called('Ann'));
    assert.equal(visitor.socket.io.engine.opts.path, '/chat/');
    await visitor.settled();
    const panel = stage.open(PanelA, fresh(), { path: '/chats', reconnection: false });
    const { error } = await panel.life.wait('connect_error');
    assert.ok(error.message, 'a wrong path is told');
  });

  scenario('003 its tests and traps: a message without the number and name of its operator has them for everybody', async (stage) => {
    const { visitor, alice, bob } = await floor(stage);
    alice.write(visitor.sessionId, 'unsigned', { operatorId: undefined, operatorName: undefined });
    assert.equal((await visitor.screen.until('unsigned')).author, alice.user.name);
    assert.equal((await bob.screen.until('unsigned')).author, alice.user.name);
  });

  scenario('003 its tests and traps: another tab of the writer shows nothing twice, nor does anybody else', async (stage) => {
    const { visitor, alice, bob } = await floor(stage);
    const tab = await stage.comesIn(PanelA, alice.token);
    alice.write(visitor.sessionId, 'once');
    await visitor.screen.until('once');
    visitor.write('and only once');
    for (const page of [alice, tab, bob]) await page.screen.until('and only once');
    assert.deepEqual(bob.screen.texts(visitor.sessionId), ['once', 'and only once']);
    const copies = tab.events.named('operatorMessageBroadcast');
    assert.deepEqual(copies.map(({ payload }) => payload.operatorId), [alice.user.id], 'by this it is told from those of others');
    assert.deepEqual(tab.toasts, []);
    assert.equal(visitor.events.named('incomingOperatorMessage').length, 1);
  });

  scenario('P7 003 its tests and traps: the history has the names of all who wrote', async (stage) => {
    const { visitor, alice, bob } = await floor(stage);
    // One after the other on every page, since each shows its own at once.
    visitor.write('question');
    for (const page of [alice, bob]) await page.screen.until('question');
    alice.write(visitor.sessionId, 'first answer');
    for (const page of [visitor, bob]) await page.screen.until('first answer');
    bob.write(visitor.sessionId, 'second answer');
    for (const page of [visitor, alice]) await page.screen.until('second answer');
    const stored = await history(stage.url, bob.token, visitor.sessionId);
    assert.deepEqual(stored.map(({ text, author }) => [text, author]), [
      ['question', visitor.name], ['first answer', alice.user.name], ['second answer', bob.user.name],
    ]);
    for (const { timestamp } of stored) assert.match(timestamp, UTC);
    for (const page of [visitor, alice, bob]) assertShows(page, visitor.sessionId, stored);
  });

  scenario('P2 003 its tests and traps: with a poor network nothing is missing, doubled or out of order', async (stage) => {
    const panel = await stage.apart(PanelA, fresh());
    const colleague = await stage.comesIn(PanelA, fresh());
    const visitor = await stage.apart(VisitorA, called('Ann'));
    const { sessionId } = visitor.client;
    // What comes while nothing was heard yet is another matter: here both have heard something.
    colleague.write(sessionId, 'before');
    for (const { client } of [panel, visitor]) await client.screen.until('before');
    for (const time of [1, 2]) {
      await away(panel);
      for (const text of numbered(`to the panel ${time}`, MANY)) visitor.client.write(text);
      await colleague.screen.until(`to the panel ${time} ${MANY}`);
      await backAgain(panel, time + 1);
      await away(visitor);
      for (const text of numbered(`to the guest ${time}`, MANY)) colleague.write(sessionId, text);
      await panel.client.screen.until(`to the guest ${time} ${MANY}`);
      await backAgain(visitor, time + 1);
      await visitor.client.screen.until(`to the guest ${time} ${MANY}`);
    }
    const stored = await history(stage.url, colleague.token, sessionId);
    assert.equal(stored.length, 1 + 4 * MANY);
    for (const page of [visitor.client, panel.client, colleague]) assertShows(page, sessionId, stored);
  });

  scenario('P2 003 its tests and traps: each of many operators hears each message once and in order', async (stage) => {
    const panels = await Promise.all(Array.from({ length: MANY }, () => stage.comesIn(PanelA, fresh())));
    const visitor = await stage.comesIn(VisitorA, called('Ann'));
    for (const text of numbered('line', MANY)) visitor.write(text);
    for (const panel of panels) {
      await panel.screen.until(`line ${MANY}`);
      assert.deepEqual(panel.screen.texts(visitor.sessionId), numbered('line', MANY));
    }
  });
});

async function floor(stage) {
  const alice = await stage.comesIn(PanelA, fresh());
  const bob = await stage.comesIn(PanelA, fresh());
  const visitor = await stage.comesIn(VisitorA, called('Ann'));
  for (const panel of [alice, bob]) await panel.hear('newChat', ({ payload }) => payload.clientId === visitor.sessionId);
  return { alice, bob, visitor };
}

/** After this, what was said to others before is not on its way to this one any more. */
async function reaches(panel, visitor) {
  const text = called('and this is for you');
  panel.write(visitor.sessionId, text);
  await visitor.screen.until(text);
}

function byNumber(a, b) {
  return a.operatorId - b.operatorId;
}

function about(operatorId) {
  return ({ payload }) => payload.operatorId === operatorId;
}

/** Resolves once none of them is listed. Whoever still is will be told of when it leaves. */
async function allLeft(watcher, ids) {
  for (;;) {
    const known = watcher.events.named('operatorDisconnected').length;
    const listed = await watcher.operators();
    if (!listed.some(({ operatorId }) => ids.includes(operatorId))) return;
    await watcher.hear('operatorDisconnected', undefined, { nth: known + 1 });
  }
}

async function backAgain(party, nth) {
  party.proxy.accept();
  const connect = await party.client.connected({ nth, within: 30_000 });
  assert.equal(connect.recovered, true, `${party.client.who} should be recovered`);
}
