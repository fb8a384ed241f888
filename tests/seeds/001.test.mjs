// Seed 001 row by row.

import assert from 'node:assert/strict';
import { Operator, settings } from '../e2e/support/clients.mjs';
import { away, back } from '../e2e/support/parties.mjs';
import { numbered } from '../e2e/support/scene.mjs';
import { called, fresh, suite, UTC } from './fronts/stage.mjs';
import { reply, request, WidgetPage, WidgetPageV2 } from './fronts/widget.mjs';

const RAW = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const MANY = 100;
const CUTS = 20;
const SWITCHES = 50;

suite('seed 001', (scenario) => {
  scenario('001 staff → widget event: what staff says is shown in its own conversation, and nothing else is', async (stage) => {
    const { page, staff, sessionId } = await talking(stage);
    const other = await talking(stage);
    await reply(stage.url, other.staff.token, other.sessionId, 'for the other');
    await other.page.screen.until('for the other');
    await page.write('by the visitor');
    await reply(stage.url, staff.token, sessionId, 'for you');
    const line = await page.screen.until('for you');
    assert.equal(line.sender, 'bot');
    assert.deepEqual(page.screen.texts(page.conversationId), ['for you']);
    const told = page.events.named('new-message').map(({ payload }) => payload);
    assert.ok(told.every(({ conv_id }) => conv_id === page.conversationId), 'nothing of another conversation comes here');
    assert.ok(page.skipped.some(({ direction, text }) => direction === 'in' && text === 'by the visitor'));
  });

  scenario('001 connection scope: connected before there is a conversation, it hears the first reply', async (stage) => {
    const page = await stage.comesIn(WidgetPage, called('Kim'));
    assert.equal(page.conversationId, undefined);
    const staff = await onDuty(stage);
    await page.lead('Hello');
    const sessionId = await staff.sessionFor(page);
    await reply(stage.url, staff.token, sessionId, 'Good day');
    await page.screen.until('Good day');
    assert.equal(page.life.named('connect').length, 1, 'it has not connected anew');
  });

  scenario('001 connection scope: a page that was loaded again hears the conversation that it has stored', async (stage) => {
    const { page, staff, sessionId } = await talking(stage);
    const { conversationId } = page;
    page.close();
    const again = await stage.comesIn(WidgetPage, page.name, { conversationId });
    await reply(stage.url, staff.token, sessionId, 'still there?');
    await again.screen.until('still there?');
    assert.equal((await again.write('yes')).status, 200);
  });

  scenario('001 connection scope: a page whose stored conversation is over hears the next one without connecting anew', async (stage) => {
    const { page, staff, sessionId, first } = await talking(stage);
    await staff.granted('staff:end_session', { sessionId });
    page.close();
    const again = await stage.comesIn(WidgetPage, called('Kim'), { conversationId: first.conv_id });
    assert.equal((await again.write('too late')).status, 409);
    const next = await again.lead('Hello again', { conv_id: first.conv_id });
    assert.notEqual(next.conv_id, first.conv_id);
    const repeated = await again.lead('once more', { conv_id: first.conv_id });
    assert.equal(repeated.conv_id, next.conv_id, 'a lead that is sent again begins no other');
    await reply(stage.url, staff.token, await staff.sessionFor(again), 'Welcome back');
    await again.screen.until('Welcome back');
    assert.equal(again.life.named('connect').length, 1, 'it has not connected anew');
  });

  scenario('001 connection scope: a page that comes back with another conversation than it left with hears that one', async (stage) => {
    const { page, staff, sessionId } = await talking(stage);
    const late = await stage.apart(WidgetPage, called('Lee'));
    await late.client.settled();
    // From its localStorage, when its socket was there already.
    late.client.use(page.conversationId);
    assert.equal((await cutOff(late)).recovered, false);
    await reply(stage.url, staff.token, sessionId, 'first');
    await late.client.screen.until('first');
    await late.client.settled();
    const meanwhile = () => reply(stage.url, staff.token, sessionId, 'second');
    assert.equal((await cutOff(late, meanwhile)).recovered, true, 'with the same one it is the socket that it was');
    await late.client.screen.until('second');
    assert.deepEqual(late.client.screen.texts(page.conversationId), ['first', 'second']);
  });

  scenario('001 connection scope: a page whose conversation was ended while it was away hears the next one', async (stage) => {
    const staff = await onDuty(stage);
    const page = await stage.apart(WidgetPage, called('Kim'));
    const first = await page.client.lead('Hello');
    const sessionId = await staff.sessionFor(page.client);
    const ends = async () => {
      await reply(stage.url, staff.token, sessionId, 'Goodbye');
      await staff.granted('staff:end_session', { sessionId });
    };
    assert.equal((await cutOff(page, ends)).recovered, false, 'there is nothing left to go on with');
    await page.client.screen.until('Goodbye');
    assert.deepEqual(page.client.screen.texts(first.conv_id), ['Goodbye'], 'once');
    // Staff tells the two by their names.
    page.client.name = called('Kim');
    const next = await page.client.lead('Hello again', { conv_id: first.conv_id });
    assert.notEqual(next.conv_id, first.conv_id);
    await reply(stage.url, staff.token, await staff.sessionFor(page.client), 'Welcome back');
    await page.client.screen.until('Welcome back');
    await page.client.settled();
    assert.equal((await cutOff(page)).recovered, true, 'that one goes on');
  });

  scenario('001 connection scope: of two pages with one place, the one that has lost it is told to leave', async (stage) => {
    const { page: other, staff, sessionId } = await talking(stage);
    const { page } = await talking(stage);
    await page.settled();
    // A tab that was opened by duplicating it, and has gone on to another conversation.
    const { _pid: pid, _lastOffset: offset } = page.socket;
    const shown = { pid, offset, conv_id: other.conversationId };
    const tab = stage.open(WidgetPage, called('Kim'), { auth: (send) => send(shown), conversationId: other.conversationId });
    const { recovered } = await tab.connected();
    assert.equal(recovered, false);
    const { args } = await page.life.wait('disconnect');
    assert.equal(args[0], 'io server disconnect');
    // It comes back as it was, and takes nothing from the tab.
    page.socket.connect();
    assert.equal((await page.connected({ nth: 2 })).recovered, true);
    await reply(stage.url, staff.token, sessionId, 'to the tab');
    await tab.screen.until('to the tab');
    assert.equal(tab.life.named('disconnect').length, 0);
  });

  scenario('001 connection scope: a page with a client of version 2 hears the answer to its first lead, and what is said once it is back', async (stage) => {
    const page = await stage.apart(WidgetPageV2, called('Kim'));
    const staff = await onDuty(stage);
    await page.client.lead('Hello');
    const sessionId = await staff.sessionFor(page.client);
    await reply(stage.url, staff.token, sessionId, 'Good day');
    await page.client.screen.until('Good day');
    assert.equal(page.client.life.named('connect').length, 1, 'it has not connected anew');
    await page.client.settled();
    await cutOff(page);
    await reply(stage.url, staff.token, sessionId, 'still there?');
    await page.client.screen.until('still there?');
    assert.deepEqual(page.client.screen.texts(page.client.conversationId), ['Good day', 'still there?']);
  });

  scenario('001 rooms lost when the socket is recreated: cut 20 times, every reply said meanwhile arrives once', async (stage) => {
    const page = await stage.apart(WidgetPage, called('Kim'));
    const staff = await onDuty(stage);
    await page.client.lead('Hello');
    const sessionId = await staff.sessionFor(page.client);
    const texts = numbered('reply', CUTS);
    for (const [nth, text] of texts.entries()) {
      await page.client.settled();
      page.proxy.refuse('everything');
      page.proxy.cut('all');
      await page.client.life.wait('disconnect', undefined, { nth: nth + 1 });
      await reply(stage.url, staff.token, sessionId, text);
      page.proxy.accept();
      await page.client.connected({ nth: nth + 2, within: 30_000 });
    }
    await page.client.screen.until(texts.at(-1));
    assert.deepEqual(page.client.screen.texts(page.client.conversationId), texts);
  }, 240_000);

  scenario('001 listener lifecycle: after 50 changes of conversation a reply is shown once, over the one connection', async (stage) => {
    const { proxy, client: page } = await stage.apart(WidgetPage, called('Kim'));
    const staff = await onDuty(stage);
    const { conv_id } = await page.lead('Hello');
    const sessionId = await staff.sessionFor(page);
    for (const id of numbered('widget:default:', SWITCHES)) {
      page.use(id);
      page.use(conv_id);
    }
    await reply(stage.url, staff.token, sessionId, 'once');
    await page.screen.until('once');
    page.use('widget:default:another');
    await reply(stage.url, staff.token, sessionId, 'while another is open');
    await page.hear('new-message', ({ payload }) => payload.text === 'while another is open');
    page.use(conv_id);
    await reply(stage.url, staff.token, sessionId, 'and once more');
    await page.screen.until('and once more');
    // A listener that is still there would have shown each of them 50 times, or what is of another conversation.
    assert.deepEqual(page.screen.texts(conv_id), ['once', 'and once more']);
    assert.deepEqual(page.skipped.filter(({ direction }) => direction === 'out').map(({ text }) => text), ['while another is open']);
    assert.deepEqual(Object.keys(proxy.report()), page.sids, 'the servers have seen one connection');
    assert.equal(page.sids.length, 1);
  });

  scenario('P10 001 first and later sends (HTTP): none of a hundred is refused, whichever id is sent', async (stage) => {
    const { page, first } = await talking(stage);
    const { conv_id, conversation_id } = first;
    assert.match(conversation_id, RAW);
    assert.equal(conv_id, `widget:default:${conversation_id}`);
    const forms = [conv_id, conversation_id, `widget:${conv_id}`];
    for (const [nth, text] of numbered('line', MANY).entries()) {
      const { status, answer } = await page.write(text, forms[nth % forms.length]);
      assert.equal(status, 200, JSON.stringify(answer));
      assert.equal(answer.conv_id, conv_id);
    }
    const texts = (await page.stored()).map(({ text }) => text);
    assert.deepEqual(texts, ['Hello', ...numbered('line', MANY)]);
    const again = await page.lead('once more', { conv_id });
    assert.equal(again.conv_id, conv_id, 'a lead that names its conversation goes on with it');
  }, 180_000);

  scenario('001 stored message: all fields come back', async (stage) => {
    const { page, staff, sessionId, first } = await talking(stage);
    const said = await reply(stage.url, staff.token, sessionId, 'Good day');
    const [asked, answered] = await page.stored();
    const common = { platform: 'widget', oa_id: 'default', organization_id: 'default', metadata: {}, conversation_id: first.conversation_id };
    assertHas(asked, { ...common, direction: 'in', text: 'Hello', sender_id: `widget:${first.conversation_id}`, account_id: null });
    assertHas(answered, { ...common, id: said.id, direction: 'out', text: 'Good day', account_id: staff.agentId, is_read: true });
    for (const { created_at } of [asked, answered]) assert.match(created_at, UTC);
  });

  scenario('001 sender rule: what staff says is from staff, and read at birth', async (stage) => {
    const { page, staff, sessionId } = await talking(stage);
    const said = await reply(stage.url, staff.token, sessionId, 'Good day');
    assertHas(said, { direction: 'out', sender_id: staff.agentId, sender_name: staff.name, is_read: true });
    const stored = (await page.stored()).find(({ id }) => id === said.id);
    assertHas(stored, { direction: 'out', sender_id: staff.agentId, sender_name: staff.name, sender: 'bot', is_read: true });
  });

  scenario('P7 001 sides after reload: what is stored is on the side on which it was live', async (stage) => {
    const { page, staff, sessionId } = await talking(stage);
    await reply(stage.url, staff.token, sessionId, 'Good day');
    await page.screen.until('Good day');
    await page.write('Thank you');
    await staff.hear('guest:message', ({ payload }) => payload.message === 'Thank you');
    const live = page.events.named('new-message').map(({ payload: { id, direction, sender, text } }) => ({ id, direction, sender, text }));
    const stored = (await page.stored()).map(({ id, direction, sender, text }) => ({ id, direction, sender, text }));
    assert.deepEqual(stored.map(({ sender }) => sender), ['customer', 'bot', 'customer']);
    for (const message of live) assert.deepEqual(stored.find(({ id }) => id === message.id), message);
    const history = await staff.history(sessionId);
    assert.deepEqual(history.map(({ side }) => side), ['in', 'out', 'in'], 'the dashboard has the same sides');
  });

  scenario('P5 P6 001 staff → widget event: who has another id, or none, hears and writes nothing', async (stage) => {
    const { page, staff, sessionId } = await talking(stage);
    for (const id of [`widget:default:${sessionId}`, sessionId, 'widget:default:00000000-0000-4000-8000-000000000000', 'nonsense']) {
      const { status, answer } = await page.write('forged', id);
      assert.equal(status, 404, `${JSON.stringify(answer)}`);
      assert.equal(answer.code, 'not_found');
    }
    const guessed = `widget:default:${sessionId}`;
    const stranger = await stage.comesIn(WidgetPage, called('Mallory'), { conversationId: guessed });
    await reply(stage.url, staff.token, sessionId, 'for the visitor');
    await page.screen.until('for the visitor');
    // A conversation of its own, by that id: what it hears then is the first that it hears.
    await stranger.lead('mine', { conv_id: guessed });
    await stranger.hear('new-message', ({ payload }) => payload.text === 'mine');
    assert.deepEqual(stranger.events.named('new-message').map(({ payload }) => payload.text), ['mine']);
    const wrong = await request(stage.url, `/api/conversations/widget:default:${sessionId}/messages`, { token: 'no.such.token' });
    assert.equal(wrong.status, 401);
    for (const id of [sessionId, guessed, page.conversationId, `widget:other:${sessionId}`]) {
      const path = `/api/conversations/${encodeURIComponent(id)}/messages`;
      assert.equal((await request(stage.url, path, { token: settings.otherToken })).status, 404, 'not to staff of another workspace');
    }
  });

  scenario('001 first and later sends (HTTP): a conversation that staff has ended is followed by a new one', async (stage) => {
    const { page, staff, sessionId, first } = await talking(stage);
    await staff.granted('staff:end_session', { sessionId });
    const { status, answer } = await page.write('too late');
    assert.equal(status, 409);
    assert.equal(answer.code, 'ended');
    page.name = called('Kim');
    const next = await page.lead('Hello again', { conv_id: first.conv_id });
    assert.notEqual(next.conv_id, first.conv_id);
    assert.equal((await page.write('and so on')).status, 200);
    await page.reconnect();
    await reply(stage.url, staff.token, await staff.sessionFor(page), 'Good day again');
    await page.screen.until('Good day again');
  });

  scenario('001 checklist: a reconnection loses nothing', async (stage) => {
    const page = await stage.apart(WidgetPage, called('Kim'));
    const staff = await onDuty(stage);
    await page.client.lead('Hello');
    const sessionId = await staff.sessionFor(page.client);
    await away(page);
    for (const text of numbered('while away', 3)) await reply(stage.url, staff.token, sessionId, text);
    await back(page);
    await page.client.screen.until('while away 3');
    assert.deepEqual(page.client.screen.texts(page.client.conversationId), numbered('while away', 3));
  });
});

/** A dashboard of our own, which hears whose conversation is whose. */
class Dashboard extends Operator {
  constructor(url, token) {
    super(url, token);
    this.token = token;
  }

  async sessionFor(page) {
    const { payload } = await this.hear('session:created', ({ payload: { session } }) => session.guest.name === page.name);
    return payload.session.sessionId;
  }
}

async function onDuty(stage) {
  const staff = stage.open(Dashboard, fresh());
  await staff.hear('ready');
  return staff;
}

/** Its connection is lost, and comes back by itself; resolves with how. */
async function cutOff({ client, proxy }, meanwhile) {
  const nth = client.life.named('connect').length;
  proxy.refuse('everything');
  proxy.cut('all');
  await client.life.wait('disconnect', undefined, { nth });
  await meanwhile?.();
  proxy.accept();
  return client.connected({ nth: nth + 1, within: 30_000 });
}

async function talking(stage) {
  const staff = await onDuty(stage);
  const page = await stage.comesIn(WidgetPage, called('Kim'));
  const first = await page.lead('Hello');
  return { page, staff, first, sessionId: await staff.sessionFor(page) };
}

function assertHas(actual, expected) {
  assert.deepEqual(Object.fromEntries(Object.keys(expected).map((name) => [name, actual?.[name]])), expected);
}
