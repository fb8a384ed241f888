// Seed 002 row by row: an inbox of contacts and workspaces, by WebSocket alone.

import assert from 'node:assert/strict';
import { settings } from '../e2e/support/clients.mjs';
import { away, recovered } from '../e2e/support/parties.mjs';
import { assertHeardNothingOf, numbered } from '../e2e/support/scene.mjs';
import { Inbox, Livechat } from './fronts/livechat.mjs';
import { PortalGuest, PortalStaff } from './fronts/portal.mjs';
import { history, messages, send } from './fronts/rest.mjs';
import { assertHeardOnly, assertShape, assertShows, called, fresh, suite } from './fronts/stage.mjs';
import { request } from './fronts/widget.mjs';

const MISSED = 30;
const SWITCHES = 50;
const ROW = {
  id: 'string', contact_id: 'string', workspace_id: 'string', sender: 'string', body: 'string', is_read: 'boolean', direction: 'string',
  status: 'string', twilio_sid: 'object', msg_type: 'string', created_at: 'time', seq: 'number',
};

suite('seed 002', (scenario) => {
  scenario('P6 002 join a contact room: a guest joins its own, and is refused that of another', async (stage) => {
    const [ann, ben] = [await stage.comesIn(PortalGuest, called('Ann')), await stage.comesIn(PortalGuest, called('Ben'))];
    const page = await joins(stage, ann, ann.sessionId);
    const error = await page.refused('join_contact', { contactId: ben.sessionId }, 'not_found', 'forbidden');
    assert.ok(error.message);
    await page.refused('join_contact', {}, 'invalid');
    const token = fresh();
    await send(stage.url, token, ben.sessionId, 'for Ben');
    await send(stage.url, token, ann.sessionId, 'for Ann');
    await page.screen.until('for Ann');
    assertHeardNothingOf(page, ben.sessionId, 'for Ben');
  });

  scenario('002 join a contact room: an operator hears of the contacts it has joined, and of no other', async (stage) => {
    const [ann, ben] = [await stage.comesIn(PortalGuest, called('Ann')), await stage.comesIn(PortalGuest, called('Ben'))];
    const inbox = await looks(stage, fresh());
    await inbox.granted('join_contact', { contactId: ann.sessionId });
    await ben.write('from Ben');
    await ann.write('from Ann');
    await inbox.screen.until('from Ann');
    assert.equal(inbox.rows(ann.sessionId).length, 1);
    assertHeardNothingOf(inbox, ben.sessionId);
    assertHeardOnly(inbox, ['ready', 'new_message']);
  });

  scenario('P6 002 join a workspace room: no guest is let in, nor an operator of another workspace', async (stage) => {
    const ann = await stage.comesIn(PortalGuest, called('Ann'));
    const page = await joins(stage, ann, ann.sessionId);
    await page.refused('join_workspace', { workspaceId: 'default' }, 'forbidden');
    const mallory = await looks(stage, settings.otherToken);
    await mallory.refused('join_workspace', { workspaceId: 'default' }, 'forbidden');
    await mallory.refused('join_contact', { contactId: ann.sessionId }, 'not_found');
    await mallory.granted('join_workspace', { workspaceId: 'other' });
    const elsewhere = stage.open(PortalGuest, called('Zoe'));
    await elsewhere.start({ name: elsewhere.name, workspace: 'other' });
    await ann.write('of this workspace');
    await elsewhere.write('of the other one');
    await mallory.screen.until('of the other one');
    assertHeardNothingOf(mallory, ann.sessionId, 'of this workspace');
  });

  scenario('002 message fan-out: in both rooms each message comes once, in its true direction', async (stage) => {
    const ann = await stage.comesIn(PortalGuest, called('Ann'));
    const inbox = await stage.comesIn(Inbox, fresh());
    await inbox.granted('join_contact', { contactId: ann.sessionId });
    await ann.write('question');
    await inbox.screen.until('question');
    await inbox.write(ann.sessionId, 'answer');
    await ann.screen.until('answer');
    await ann.write('the end');
    await inbox.screen.until('the end');
    const rows = inbox.rows(ann.sessionId);
    assert.deepEqual(rows.map(({ body, direction }) => [body, direction]), [
      ['question', 'inbound'], ['answer', 'outbound'], ['the end', 'inbound'],
    ]);
    assert.deepEqual(rows.map(({ workspace_id }) => workspace_id), ['default', 'default', 'default']);
  });

  scenario('P7 002 row: every column, as it is stored', async (stage) => {
    const ann = await stage.comesIn(PortalGuest, called('Ann'));
    const inbox = await stage.comesIn(Inbox, fresh());
    await ann.write('question');
    await inbox.screen.until('question');
    await inbox.write(ann.sessionId, 'answer');
    const rows = inbox.rows(ann.sessionId);
    for (const row of rows) {
      assertShape(row, ROW);
      assert.deepEqual([row.twilio_sid, row.msg_type], [null, 'text']);
    }
    const stored = await messages(stage.url, inbox.token, ann.sessionId);
    assert.deepEqual(
      rows.map((row) => [row.id, row.contact_id, row.sender, row.body, row.created_at, row.seq]),
      stored.map((it) => [it.messageId, ann.sessionId, it.guestName ?? it.agentName, it.message, it.timestamp, it.seq]),
    );
    const places = { in: ['inbound', 'received'], out: ['outbound', 'sent'] };
    assert.deepEqual(
      rows.map(({ id, direction, status }) => [id, direction, status]),
      stored.map((it) => [it.messageId, ...places[it.direction]]),
    );
    assert.deepEqual(stored.map(({ direction }) => direction), ['in', 'out']);
    // Where it is, and who has read it, the rows of 001 tell of the same messages.
    const { answer } = await request(stage.url, `/api/conversations/widget:default:${ann.sessionId}/messages`, { token: inbox.token });
    assert.deepEqual(
      rows.map((row) => [row.id, row.workspace_id, row.is_read]),
      answer.messages.map((it) => [it.id, it.organization_id, it.is_read]),
    );
    assert.deepEqual(rows.map(({ is_read }) => is_read), [false, true], 'nobody has read what a contact has just said');
    assertShows(inbox, ann.sessionId, await history(stage.url, inbox.token, ann.sessionId));
  });

  scenario('002 client set-up: by WebSocket alone, without one request by polling', async (stage) => {
    const ann = await stage.comesIn(PortalGuest, called('Ann'), { transports: ['websocket'] });
    const { proxy, client: inbox } = await stage.apart(Inbox, fresh());
    assert.equal(inbox.transport, 'websocket');
    await ann.write('hello');
    await inbox.screen.until('hello');
    const report = proxy.report();
    assert.deepEqual(Object.keys(report), inbox.sids);
    const [{ served }] = Object.values(report);
    // What it asked by HTTP has no sid, and is in nobody's row.
    assert.equal(served.reduce((sum, count) => sum + count), 1, 'the WebSocket itself');
  });

  scenario('002 client set-up: its rooms are there after a reconnection, which the Manager tells of', async (stage) => {
    const ann = await stage.comesIn(PortalGuest, called('Ann'));
    const { proxy, client: page } = await stage.apart(Looker, fresh());
    // Once, as the seed's component does when it is shown.
    page.joinContactRoom(ann.sessionId);
    await page.granted('join_contact', { contactId: ann.sessionId });
    await ann.write('before');
    await page.screen.until('before');
    const heard = [];
    page.socket.on('reconnect', () => heard.push('socket'));
    page.socket.io.on('reconnect', () => heard.push('manager'));
    await away({ proxy, client: page });
    await ann.write('while it was away');
    proxy.accept();
    await recovered({ client: page });
    await ann.write('after');
    await page.screen.until('after');
    assert.deepEqual(page.screen.texts(ann.sessionId), ['before', 'while it was away', 'after']);
    assert.deepEqual(heard, ['manager'], 'the socket itself says nothing of it, since version 3 of the client');
  });

  scenario('002 client set-up: whoever changes contacts keeps one listener and one connection', async (stage) => {
    const ann = await stage.comesIn(PortalGuest, called('Ann'));
    const page = await looks(stage, fresh());
    for (let time = 0; time < SWITCHES; time += 1) {
      page.unmount();
      page.socket.on('new_message', page.handleNewMessage);
      page.joinContactRoom(ann.sessionId);
    }
    await page.granted('join_contact', { contactId: ann.sessionId });
    await ann.write('once');
    await page.screen.until('once');
    await ann.write('the end');
    await page.screen.until('the end');
    assert.deepEqual(page.rows(ann.sessionId).map(({ body }) => body), ['once', 'the end']);
    assert.equal(page.socket.listeners('new_message').length, 1);
    assert.equal(page.sids.length, 1);
  });

  scenario('P2 002 reliability: what was said while it was away comes in order, and none of it twice', async (stage) => {
    const ann = await stage.comesIn(PortalGuest, called('Ann'));
    const party = await stage.apart(Inbox, fresh());
    const { client: inbox, proxy } = party;
    await ann.write('before');
    await inbox.screen.until('before');
    await away(party);
    for (const text of numbered('missed', MISSED)) await ann.write(text);
    proxy.accept();
    await recovered(party);
    await ann.write('after');
    await inbox.screen.until('after');
    const texts = ['before', ...numbered('missed', MISSED), 'after'];
    assert.deepEqual(inbox.rows(ann.sessionId).map(({ body }) => body), texts, 'as it came, before the page sorts anything out');
    assertShows(inbox, ann.sessionId, await history(stage.url, inbox.token, ann.sessionId));
  });

  scenario('002 performance: whoever has joined no room is sent nothing', async (stage) => {
    const ann = await stage.comesIn(PortalGuest, called('Ann'));
    const idle = await looks(stage, fresh());
    const inbox = await stage.comesIn(Inbox, fresh());
    for (const text of numbered('line', 5)) await ann.write(text);
    await inbox.screen.until('line 5');
    await idle.granted('join_contact', { contactId: ann.sessionId });
    await ann.write('from now on');
    await idle.screen.until('from now on');
    assert.deepEqual(idle.rows(ann.sessionId).map(({ body }) => body), ['from now on']);
    assertHeardOnly(idle, ['ready', 'new_message']);
  });

  scenario('P5 002 security: nobody comes in without a token, or with a bad one', async (stage) => {
    for (const [auth, reason] of [[{}, 'Authentication required'], [{ token: settings.badToken }, 'Invalid token']]) {
      const stranger = stage.open(Stranger, auth);
      const { error } = await stranger.life.wait('connect_error');
      assert.equal(error.message, reason);
      assert.deepEqual(stranger.events.entries, []);
    }
  });

  scenario('P8 002 security: what is malformed is refused by the name of its field, and the connection stays', async (stage) => {
    const page = await looks(stage, fresh());
    for (const [event, payload, field] of [
      ['join_contact', {}, 'contactId'],
      ['join_contact', { contactId: { $ne: '' } }, 'contactId'],
      ['join_workspace', { workspaceId: 7 }, 'workspaceId'],
    ]) {
      const error = await page.refused(event, payload, 'invalid');
      assert.equal(error.field, field);
    }
    await page.granted('join_workspace', { workspaceId: 'default' });
    assert.equal(page.sids.length, 1);
  });

  scenario('P6 002 in one room with the portal: staff of both hear the same', async (stage) => {
    const ann = await stage.comesIn(PortalGuest, called('Ann'));
    const inbox = await stage.comesIn(Inbox, fresh());
    const staff = await stage.comesIn(PortalStaff, fresh());
    await ann.write('to all');
    await staff.write(ann.sessionId, 'from the portal');
    for (const one of [inbox, staff]) await one.screen.until('from the portal');
    const stored = await history(stage.url, inbox.token, ann.sessionId);
    for (const one of [ann, inbox, staff]) assertShows(one, ann.sessionId, stored);
  });
});

class Stranger extends Livechat {
  constructor(url, auth) {
    super('a stranger', url, auth);
  }
}

/** An operator's page that has joined nothing by itself. */
class Looker extends Livechat {
  constructor(url, token) {
    super('an operator', url, { token, dialect: 'livechat' });
  }

  comeIn() {
    return this.connected();
  }
}

function looks(stage, token) {
  return stage.comesIn(Looker, token);
}

/** A page of the contact itself, which has its token from when it began. */
async function joins(stage, guest, contactId) {
  const page = stage.open(Looker, guest.token);
  await page.comeIn();
  await page.granted('join_contact', { contactId });
  return page;
}
