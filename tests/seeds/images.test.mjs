// Pictures and files of all front ends: those of 003 and 004 put them into their events, those of 000 upload them or
// send them in binary. Stored once, told by an address that ends; a front end that shows the picture of an event gets it.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Guest, Operator, settings } from '../e2e/support/clients.mjs';
import { away, back } from '../e2e/support/parties.mjs';
import { dataUrl, noted, png } from '../e2e/support/png.mjs';
import { actionsOf } from './fronts/actions.mjs';
import { PanelA, VisitorA } from './fronts/operator_a.mjs';
import { DashboardB, VisitorB } from './fronts/operator_b.mjs';
import { messages } from './fronts/rest.mjs';
import { assertShape, called, fresh, suite } from './fronts/stage.mjs';

const SVG = '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>';
const HTML = '<!doctype html><script>alert(1)</script>';
// Above MAX_UPLOAD, below CHAT_MAX_PAYLOAD.
const TOO_LARGE = 5_100_000;
const KNOWN = { hint: true };

suite('pictures', (scenario) => {
  scenario('003 operator sends: a picture reaches the guest as it was sent, with an address of it', async (stage) => {
    const { staff, visitor } = await floor(stage, PanelA, VisitorA);
    const picture = png(40, 30);
    staff.socket.emit('operatorMessage', { to: visitor.sessionId, ...image(picture), operatorId: 999, operatorName: 'Forged' });
    const { payload } = await visitor.hear('incomingOperatorMessage');
    assertShape(payload, { from: 'string', type: 'string', image: 'string', name: 'string', mimeType: 'string', imageUrl: 'string', id: 'string' });
    assert.deepEqual([payload.type, payload.name, payload.mimeType], ['image', 'cat.png', 'image/png']);
    assert.equal(payload.operatorName, staff.user.name);
    assert.equal(payload.image, dataUrl(picture));
    await assertOpens(stage, payload.imageUrl, picture);
  });

  scenario('003 guest sends: a picture reaches each operator once, and no other guest', async (stage) => {
    const { staff, colleague, visitor } = await floor(stage, PanelA, VisitorA);
    const stranger = await stage.comesIn(VisitorA, called('Ben'));
    const picture = png(40, 30);
    visitor.socket.emit('clientMessage', { ...image(picture), size: 1 });
    for (const one of [staff, colleague]) {
      const { payload } = await one.hear('incomingMessage', from(visitor));
      assertShape(payload, { from: 'string', type: 'string', image: 'string', name: 'string', mimeType: 'string', size: 'number', width: 'number' });
      assert.deepEqual([payload.image, payload.size, payload.width, payload.height], [dataUrl(picture), picture.length, 40, 30]);
    }
    staff.write(stranger.sessionId, 'for you');
    await stranger.screen.until('for you');
    for (const one of [staff, colleague]) assert.equal(one.events.named('incomingMessage', from(visitor)).length, 1);
    assert.deepEqual(stranger.events.named('incomingMessage'), []);
  });

  scenario('003 supervision copy: of a picture the others get it with the name of who sent it', async (stage) => {
    const { staff, colleague, visitor } = await floor(stage, PanelA, VisitorA);
    const picture = png(40, 30);
    staff.socket.emit('operatorMessage', { to: visitor.sessionId, ...image(picture) });
    const { payload } = await colleague.hear('operatorMessageBroadcast', about(visitor));
    assertShape(payload.message, { from: 'string', image: 'string', mimeType: 'string', name: 'string', timestamp: 'time', operatorName: 'string' });
    assert.equal(payload.message.image, dataUrl(picture));
    assert.equal(payload.operatorName, staff.user.name);
    await visitor.hear('incomingOperatorMessage');
    assert.deepEqual(staff.events.named('operatorMessageBroadcast', about(visitor)), []);
  });

  scenario('003 guest sends: whoever has not shown which front end it is gets the address in place of the picture', async (stage) => {
    const panel = await stage.comesIn(PanelA, fresh());
    const visitor = await stage.comesIn(VisitorA, called('Ann'));
    const picture = png(40, 30);
    visitor.socket.emit('clientMessage', image(picture));
    const { payload } = await panel.hear('incomingMessage', from(visitor));
    assert.equal(payload.image, payload.imageUrl);
    await assertOpens(stage, payload.image, picture);
  });

  scenario('004 guest sends: a picture, with a time and its size', async (stage) => {
    const { staff, visitor } = await floor(stage, DashboardB, VisitorB);
    const picture = png(40, 30);
    visitor.socket.emit('clientMessage', image(picture));
    const { payload } = await staff.hear('incomingMessage', from(visitor));
    assertShape(payload, { from: 'string', type: 'string', image: 'string', name: 'string', mimeType: 'string', size: 'number', timestamp: 'time' });
    assert.equal(payload.image, dataUrl(picture));
  });

  scenario('004 operator sends: a picture reaches the guest, with the name of who sent it', async (stage) => {
    const { staff, visitor } = await floor(stage, DashboardB, VisitorB);
    const picture = png(40, 30);
    staff.socket.emit('operatorMessage', { to: visitor.sessionId, ...image(picture) });
    const { payload } = await visitor.hear('operatorMessage');
    assertShape(payload, { type: 'string', image: 'string', name: 'string', mimeType: 'string', operatorName: 'string', timestamp: 'time' });
    assert.equal(payload.image, dataUrl(picture));
  });

  scenario('004 supervision copy: of a picture it is flat as well', async (stage) => {
    const { staff, colleague, visitor } = await floor(stage, DashboardB, VisitorB);
    const picture = png(40, 30);
    staff.socket.emit('operatorMessage', { to: visitor.sessionId, ...image(picture) });
    const { payload } = await colleague.hear('operatorBroadcast', about(visitor));
    assertShape(payload, { clientId: 'string', operatorName: 'string', type: 'string', image: 'string', timestamp: 'time' });
    assert.deepEqual([payload.type, payload.image], ['image', dataUrl(picture)]);
  });

  scenario('004 validation: a picture without a text is taken, and what is none is an error that names the field', async (stage) => {
    const { staff, visitor } = await floor(stage, DashboardB, VisitorB);
    const wrong = [
      [dataUrl(Buffer.from(SVG), 'image/svg+xml'), 'invalid'],
      [dataUrl(Buffer.from(HTML)), 'invalid'],
      [dataUrl(png(40, 30, { header: [60_000, 60_000] })), 'invalid'],
      [dataUrl(png(40, 30).subarray(0, 200)), 'invalid'],
      ['https://example.com/cat.png', 'invalid'],
      [undefined, 'invalid'],
    ];
    for (const [picture, code] of wrong) {
      const refusal = await visitor.refused('clientMessage', { type: 'image', image: picture, name: 'cat.png' }, code);
      assert.equal(refusal.field, 'image');
    }
    // Who asks for no acknowledgement reads why as well.
    await visitor.hear('error', ({ payload: { message } }) => message.startsWith('This is no picture'));
    visitor.socket.emit('clientMessage', { ...image(png(4, 4)), message: undefined });
    const { payload } = await staff.hear('incomingMessage', from(visitor));
    assert.equal(payload.type, 'image');
    assert.equal(staff.events.named('incomingMessage', from(visitor)).length, 1);
  });

  scenario('004 validation: a picture that is too large is refused, and the connection stays', async (stage) => {
    const { staff, visitor } = await floor(stage, DashboardB, VisitorB);
    const refusal = await visitor.refused('clientMessage', image(Buffer.concat([png(4, 4), Buffer.alloc(TOO_LARGE)])), 'too_large');
    assert.equal(refusal.field, 'image');
    visitor.write('still here');
    await staff.screen.until('still here');
    assert.deepEqual(visitor.life.named('disconnect'), []);
  });

  scenario('004 history: pictures load, as large as they are, and a smaller one of those that are large', async (stage) => {
    const { staff, visitor } = await floor(stage, DashboardB, VisitorB);
    const [small, large] = [png(40, 30), png(800, 600)];
    for (const picture of [small, large]) {
      visitor.socket.emit('clientMessage', image(picture));
      await staff.hear('incomingMessage', ({ payload }) => payload.size === picture.length);
    }
    const stored = await messages(stage.url, staff.token, visitor.sessionId);
    assert.deepEqual(stored.map(({ type, attachment }) => [type, attachment.width, attachment.height]), [['image', 40, 30], ['image', 800, 600]]);
    await assertOpens(stage, stored[0].attachment.url, small);
    await assertOpens(stage, stored[1].attachment.url, large);
    assert.equal(stored[0].attachment.thumbnailUrl, undefined);
    const smaller = await fetch(new URL(stored[1].attachment.thumbnailUrl, stage.url));
    assert.equal(smaller.status, 200);
    assert.equal(smaller.headers.get('content-type'), 'image/jpeg');
    assert.ok((await smaller.arrayBuffer()).byteLength < large.length / 4);
  });

  scenario('004 incoming: a picture that was sent while the dashboard was away is shown in its place', async (stage) => {
    const party = await stage.apart(DashboardB, fresh(), KNOWN);
    const { client: staff } = party;
    const visitor = await stage.comesIn(VisitorB, called('Ann'));
    await away(party);
    const picture = png(40, 30);
    for (const said of [{ type: 'text', message: 'before' }, image(picture), { type: 'text', message: 'behind' }]) {
      await visitor.granted('clientMessage', said);
    }
    await back(party);
    await staff.hear('incomingMessage', ({ payload }) => payload.message === 'behind');
    const told = staff.events.named('incomingMessage', from(visitor)).map(({ payload }) => payload.image ?? payload.message);
    assert.deepEqual(told, ['before', dataUrl(picture), 'behind']);
  });

  scenario('004 saving: a picture, saved by two browsers, is one row, and one that nobody has heard is said', async (stage) => {
    const { staff, colleague, visitor } = await floor(stage, DashboardB, VisitorB);
    const [first, second] = [png(40, 30), png(30, 40)];
    const taken = noted(first, '52.5163 N 13.3777 E');
    visitor.socket.emit('clientMessage', image(taken));
    const { payload } = await staff.hear('incomingMessage', from(visitor));
    assert.equal(payload.image, dataUrl(first), 'where it was taken is nobody\'s business');
    const clientId = visitor.sessionId;
    const row = { clientId, messageType: 'IMAGE', imageName: 'cat.png', mimeType: 'image/png' };
    const [one, other] = await Promise.all([staff, colleague].map(async ({ token }) => actionsOf(stage.url, token)));
    // What an event holds is the picture, or where it is.
    const saved = await one.saveChatMessageAction({ ...row, senderType: 'CLIENT', imageUrl: payload.image });
    const again = await other.saveChatMessageAction({ ...row, senderType: 'CLIENT', imageUrl: payload.imageUrl });
    const whole = await other.saveChatMessageAction({ ...row, senderType: 'CLIENT', imageUrl: dataUrl(taken) });
    assert.equal(whole.id, saved.id);
    assert.deepEqual([again.id, saved.text, saved.messageType, saved.imageName], [saved.id, null, 'IMAGE', 'cat.png']);
    await assertOpens(stage, saved.imageUrl, first);

    const mine = { ...row, senderType: 'OPERATOR', operatorId: staff.user.id, imageUrl: dataUrl(second), clientMsgId: randomUUID() };
    const { id } = await one.saveChatMessageAction(mine);
    const told = await visitor.hear('operatorMessage', ({ payload: { type } }) => type === 'image');
    assert.equal(told.payload.image, dataUrl(second));
    assert.equal((await one.saveChatMessageAction(mine)).id, id);
    await assert.rejects(other.saveChatMessageAction({ ...row, senderType: 'CLIENT', imageUrl: dataUrl(png(5, 5)) }), { field: 'senderType' });
    const rows = await other.getChatHistoryAction({ clientId });
    assert.deepEqual(rows.map((it) => it.id), [saved.id, id]);
  });

  scenario('000 guest writes: a picture in binary, and a file that was uploaded before', async (stage) => {
    const { guest, operator } = await portal(stage);
    const picture = png(40, 30);
    await guest.granted('guest:message', { message: 'look', type: 'image', file: picture, name: 'cat.png' });
    const first = await operator.hear('guest:message', ({ payload }) => payload.type === 'image');
    assert.deepEqual([first.payload.message, first.payload.attachment.mimeType], ['look', 'image/png']);
    await assertOpens(stage, first.payload.attachment.url, picture);

    const text = Buffer.from('grüße\n');
    const uploaded = await upload(stage, guest, text, 'notes.txt');
    assertShape(uploaded, { attachmentId: 'string', name: 'string', mimeType: 'string', size: 'number', url: 'string' });
    await guest.granted('guest:message', { message: '', type: 'file', attachmentId: uploaded.attachmentId });
    const second = await operator.hear('guest:message', ({ payload }) => payload.type === 'file');
    assert.deepEqual([second.payload.attachment.name, second.payload.attachment.mimeType], ['notes.txt', 'text/plain']);
    await assertOpens(stage, second.payload.attachment.url, text);
    const { messages: history } = await guest.granted('guest:history', {});
    assert.deepEqual(history.map(({ type, attachment }) => [type, attachment.size]), [['image', picture.length], ['file', text.length]]);
  });

  scenario('000 staff writes from the main namespace: a file by HTTP alone', async (stage) => {
    const { guest, token } = await portal(stage);
    const picture = png(40, 30);
    const { attachmentId } = await upload(stage, { sessionId: guest.sessionId, token }, picture, 'cat.png');
    const answer = await fetch(`${stage.url}/api/v1/sessions/${guest.sessionId}/messages`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ message: 'here', attachmentId }),
    });
    assert.equal(answer.status, 201, await answer.text());
    const { payload } = await guest.hear('staff:message', ({ payload: { type } }) => type === 'image');
    await assertOpens(stage, payload.attachment.url, picture);
  });

  scenario('P6 000 its bugs: an upload can be said in its own session only, and by nobody without its token', async (stage) => {
    const { guest, operator } = await portal(stage);
    const other = stage.open(Guest, called('Ben'));
    await other.start();
    const { attachmentId, url } = await upload(stage, guest, png(4, 4), 'cat.png');
    await other.refused('guest:message', { message: '', type: 'image', attachmentId }, 'not_found');
    await operator.refused('staff:message', { sessionId: other.sessionId, message: '', type: 'image', attachmentId }, 'not_found');
    await guest.refused('guest:message', { message: '', type: 'image', attachmentId: `${attachmentId}x` }, 'not_found');
    for (const [sessionId, token, status] of [[other.sessionId, guest.token, 404], [guest.sessionId, 'nobody', 401]]) {
      const answer = await post(stage, { sessionId, token }, png(4, 4), 'cat.png');
      assert.equal(answer.status, status);
    }
    const forged = new URL(url, stage.url);
    forged.pathname = `${forged.pathname.slice(0, -2)}AA`;
    assert.equal((await fetch(forged)).status, 404);
  });
});

/** Two operators and a visitor; of all it is known which front end they are. */
async function floor(stage, Staff, Visitor) {
  const staff = await stage.comesIn(Staff, fresh(), KNOWN);
  const colleague = await stage.comesIn(Staff, fresh(), KNOWN);
  const visitor = await stage.comesIn(Visitor, called('Ann'));
  return { staff, colleague, visitor };
}

async function portal(stage) {
  const token = fresh();
  const operator = stage.open(Operator, token);
  await operator.hear('ready');
  const guest = stage.open(Guest, called('Ann'));
  await guest.start();
  await operator.claim(guest.sessionId);
  return { guest, operator, token };
}

function image(bytes) {
  return { type: 'image', image: dataUrl(bytes), name: 'cat.png', mimeType: 'image/png' };
}

function from(visitor) {
  return ({ payload }) => payload.from === visitor.sessionId;
}

function about(visitor) {
  return ({ payload }) => payload.clientId === visitor.sessionId;
}

function post(stage, { sessionId, token }, bytes, name) {
  const form = new FormData();
  form.set('file', new Blob([bytes]), name);
  return fetch(`${stage.url}/api/v1/sessions/${sessionId}/attachments`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: form,
  });
}

async function upload(stage, owner, bytes, name) {
  const answer = await post(stage, owner, bytes, name);
  const text = await answer.text();
  assert.equal(answer.status, 201, text);
  return JSON.parse(text);
}

/** Whoever has the address reads it, and a browser runs nothing of it. */
async function assertOpens(stage, url, bytes) {
  const answer = await fetch(new URL(url, stage.url));
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
  assert.match(answer.headers.get('content-security-policy'), /sandbox/);
  assert.deepEqual(Buffer.from(await answer.arrayBuffer()), bytes);
}
