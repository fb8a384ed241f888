// Which front end a connection is taken for: by where it comes in, else by what it says of itself, else by the setting of its
// workspace (here DIALECT=other=operator-a), else by its first events. It shows in the events by which it is told of what
// staff says: those of `told`, and of no other front end. Here are also the namespaces /help and /support of guests, /team
// of operators, and STRICT_EVENTS=other.

import assert from 'node:assert/strict';
import { Client, settings } from '../e2e/support/clients.mjs';
import { ask, send } from './fronts/rest.mjs';
import { called, fresh, suite } from './fronts/stage.mjs';
import { request } from './fronts/widget.mjs';

/** Of a guest, and of an operator who looks on. */
const TOLD = [
  'staff:message', 'new-message', 'new_message', 'incomingOperatorMessage', 'operatorMessage', 'operatorMessageBroadcast', 'operatorBroadcast',
];

/** Whatever staff says. */
const ADDED = ['id', 'seq'];

const CHAT = { path: '/chat' };
const WIDGET = { orgId: 'default', accountId: '7' };

suite('which front end', (scenario) => {
  scenario('which front end: by its namespace or address, whatever it says or is set', async (stage) => {
    await guests(stage, [
      { namespace: '/public-portal', begins: starts, told: ['staff:message'] },
      { namespace: '/public-portal', auth: { dialect: 'operator-a' }, begins: starts, told: ['staff:message'] },
      { namespace: '/public-portal', workspace: 'other', query: { dialect: 'livechat' }, begins: starts, told: ['staff:message'] },
      { query: WIDGET, begins: leads, told: ['new-message'] },
      { workspace: 'other', query: { ...WIDGET, orgId: 'other' }, begins: leads, told: ['new-message'] },
    ]);
    await operators(stage, [
      { told: ['staff:message'] },
      { workspace: 'other', told: ['staff:message'] },
      { namespace: '/public-portal', auth: { dialect: 'operator-a' }, told: ['staff:message'] },
      { ...CHAT, told: ['operatorMessageBroadcast', 'operatorBroadcast'] },
    ]);
  });

  scenario('which front end: by what it says when it connects, whatever its path, its setting and its events are', async (stage) => {
    await guests(stage, [
      { ...CHAT, auth: { dialect: 'operator-a' }, begins: joins('name'), told: ['incomingOperatorMessage'] },
      { ...CHAT, query: { dialect: 'operator-b' }, begins: joins('username'), told: ['operatorMessage'] },
      { auth: { dialect: 'operator-a' }, begins: joins('name'), told: ['incomingOperatorMessage'] },
      { ...CHAT, workspace: 'other', auth: { dialect: 'operator-b' }, begins: joins('username'), told: ['operatorMessage'] },
      { auth: { dialect: 'livechat' }, begins: looks, told: ['new_message'] },
    ]);
    await operators(stage, [
      { ...CHAT, auth: { dialect: 'operator-a' }, told: ['operatorMessageBroadcast'] },
      { ...CHAT, query: { dialect: 'operator-b' }, told: ['operatorBroadcast'] },
      { ...CHAT, auth: { dialect: 'operator-b' }, query: { dialect: 'operator-a' }, told: ['operatorBroadcast'] },
      { ...CHAT, auth: { dialect: 'portal' }, told: ['staff:message'] },
      { query: { dialect: 'operator-b' }, told: ['operatorBroadcast'] },
      { query: { ...WIDGET, dialect: 'operator-a' }, told: ['operatorMessageBroadcast'] },
      { ...CHAT, workspace: 'other', auth: { dialect: 'operator-b' }, told: ['operatorBroadcast'] },
      { auth: { dialect: 'livechat' }, begins: joinsWorkspace, told: ['new_message'] },
    ]);
    for (const options of [{ auth: { dialect: 'operator-c' } }, { ...CHAT, query: { dialect: '' } }]) {
      const stranger = stage.open(Anyone, '/', { ...options, reconnection: false });
      const { error } = await stranger.life.wait('connect_error');
      assert.match(error.message, /^Unknown dialect: it is one of portal, widget, livechat, operator-a, operator-b$/);
    }
  });

  scenario('which front end: by the setting of its workspace, whatever its events are', async (stage) => {
    await guests(stage, [
      { ...CHAT, workspace: 'other', begins: joins('name'), told: ['incomingOperatorMessage'] },
      { ...CHAT, workspace: 'other', names: {}, query: { workspace: 'other' }, begins: joins('name'), told: ['incomingOperatorMessage'] },
      { ...CHAT, workspace: 'other', begins: joins('nothing'), told: ['incomingOperatorMessage'] },
      { ...CHAT, begins: joins('name'), told: ['operatorMessage'] },
    ]);
    await operators(stage, [
      { ...CHAT, workspace: 'other', told: ['operatorMessageBroadcast'] },
      // By their tokens, in which pages as they are name it, when they connect and when they join.
      { ...CHAT, workspace: 'other', names: {}, told: ['operatorMessageBroadcast'] },
      { ...CHAT, workspace: 'other', names: {}, auth: { token: undefined }, begins: joinsAsOperator, told: ['operatorMessageBroadcast'] },
      { ...CHAT, told: ['operatorMessageBroadcast', 'operatorBroadcast'] },
    ]);
  });

  scenario('which front end: on the namespaces of a site as on the usual two, and on no other (X12)', async (stage) => {
    await guests(stage, [
      { namespace: '/support', begins: starts, told: ['staff:message'] },
      { namespace: '/help', auth: { dialect: 'operator-a' }, begins: starts, told: ['staff:message'] },
      { ...CHAT, namespace: '/team', begins: joins('name'), told: ['operatorMessage'] },
      { namespace: '/team', query: WIDGET, begins: leads, told: ['new-message'] },
    ]);
    await operators(stage, [
      { namespace: '/team', told: ['staff:message'] },
      { namespace: '/support', told: ['staff:message'] },
      { namespace: '/team', begins: joinsContact, told: ['new_message'] },
      { ...CHAT, namespace: '/team', told: ['operatorMessageBroadcast', 'operatorBroadcast'] },
    ]);
    for (const namespace of ['/teams', '/Team', '/suppor', '/support/']) {
      const stranger = stage.open(Anyone, namespace, { reconnection: false });
      const { error } = await stranger.life.wait('connect_error');
      assert.equal(error.message, 'Invalid namespace', namespace);
    }
  });

  scenario('which front end: no id that its own vocabulary does not know, where it asks for that (X4)', async (stage) => {
    const both = (cases) => cases.flatMap((it) => [it, { ...it, workspace: 'other', checks: isStrict }]);
    const said = (dialect, told) => ({ auth: { dialect }, told: [told], checks: hasAll });
    await guests(stage, both([
      { ...said('operator-a', 'incomingOperatorMessage'), begins: joins('name') },
      { ...said('operator-b', 'operatorMessage'), begins: joins('name') },
      { ...said('livechat', 'new_message'), begins: looks },
      { ...said('widget', 'new-message'), begins: leads },
    ]));
    await operators(stage, both([
      said('operator-a', 'operatorMessageBroadcast'),
      said('operator-b', 'operatorBroadcast'),
      { ...said('livechat', 'new_message'), begins: joinsContact },
    ]));
    // What a guest says, and calls by a name of its own.
    for (const [workspace, checks] of [['default', hasAll], ['other', isStrict]]) {
      const names = workspace === 'default' ? {} : { workspace };
      const team = stage.open(Anyone, '/', { ...CHAT, auth: { dialect: 'operator-b', token: staffOf(workspace), ...names } });
      await team.hear('ready');
      const guest = stage.open(Anyone, '/', { ...CHAT, auth: { dialect: 'operator-b', ...names } });
      await guest.connected();
      await joins('name')(guest, { name: called('Ann'), named: names });
      const message = called('Hello');
      await guest.granted('clientMessage', { type: 'text', message, clientMsgId: 'mine' });
      const told = await team.hear('incomingMessage', ({ payload }) => payload.message === message);
      checks(told.payload, ['id', 'seq', 'clientMsgId']);
    }
  });

  scenario('which front end: by its first events, and by all names while they show nothing', async (stage) => {
    await guests(stage, [
      { ...CHAT, begins: joins('username'), told: ['incomingOperatorMessage'] },
      { ...CHAT, begins: joins('name'), told: ['operatorMessage'] },
      { ...CHAT, begins: joins('nothing'), told: ['incomingOperatorMessage', 'operatorMessage'] },
    ]);
    await operators(stage, [
      { begins: joinsContact, told: ['new_message'] },
      { begins: joinsWorkspace, told: ['new_message'] },
      { ...CHAT, begins: joinsAsOperator, told: ['operatorMessageBroadcast', 'operatorBroadcast'] },
    ]);
  });
});

class Anyone extends Client {
  constructor(url, namespace, options) {
    super(`somebody on ${options.path ?? '/socket.io'}${namespace} with ${JSON.stringify(options)}`, url, namespace, options);
    this.url = url;
  }
}

/** Each in a conversation of its own, in which staff says something. */
async function guests(stage, cases) {
  for (const { namespace = '/', workspace = 'default', names, auth, begins, told, checks, ...options } of cases) {
    const named = workspace === 'default' ? {} : { workspace };
    const name = called('Ann');
    const guest = { name, named, token: undefined };
    if (begins === looks) Object.assign(guest, await plain(stage, { name, ...named }));
    const page = stage.open(Anyone, namespace, { ...options, auth: { ...(names ?? named), ...(guest.token && { token: guest.token }), ...auth } });
    await page.connected();
    const staff = staffOf(workspace);
    const sessionId = (await begins(page, guest)) ?? (await sessionOf(stage, staff, name));
    await assertTold(stage, page, staff, sessionId, told, checks);
  }
}

/** Each looks on while a colleague, or itself on another page, says something to a guest. */
async function operators(stage, cases) {
  for (const { namespace = '/', workspace = 'default', names, auth, begins, told, checks, ...options } of cases) {
    const named = workspace === 'default' ? {} : { workspace };
    const { sessionId } = await plain(stage, { name: called('Ann'), ...named });
    const token = staffOf(workspace);
    const page = stage.open(Anyone, namespace, { ...options, auth: { token, ...(names ?? named), ...auth } });
    await page.hear('ready');
    await begins?.(page, { sessionId, token });
    await assertTold(stage, page, staffOf(workspace), sessionId, told, checks);
  }
}

/** All names of one message are told at once: with the second, those of the first have come. */
async function assertTold(stage, page, staff, sessionId, told, checks) {
  for (const text of ['one', 'two']) await send(stage.url, staff, sessionId, text);
  for (const name of told) await page.hear(name, undefined, { nth: 2 });
  const heard = TOLD.filter((name) => page.events.named(name).length > 0);
  assert.deepEqual(heard.toSorted(), told.toSorted(), page.who);
  for (const name of told) assert.equal(page.events.named(name).length, 2, `${name}: ${page.who}`);
  if (checks) for (const { payload } of page.events.entries.filter(({ name }) => TOLD.includes(name))) checks(payload, ADDED);
}

/** 001 and 002 have the ids of their rows, and one message is within the other in 003. */
function isStrict(payload, added) {
  const own = 'contact_id' in payload || 'conv_id' in payload ? ['id'] : [];
  assert.deepEqual(added.filter((field) => field in payload), own, JSON.stringify(payload));
  if (typeof payload.message === 'object') isStrict(payload.message, added);
}

function hasAll(payload, added) {
  for (const field of added) assert.ok(field in payload, `${field} in ${JSON.stringify(payload)}`);
}

/** There is one operator of the other workspace. */
function staffOf(workspace) {
  return workspace === 'default' ? fresh() : settings.otherToken;
}

async function sessionOf(stage, token, name) {
  const { sessions } = await ask(stage.url, token, '/sessions?limit=200');
  return sessions.find(({ guest }) => guest.name === name).sessionId;
}

/** A guest that begins without a socket. */
async function plain(stage, details) {
  const { clientId, token } = await ask(stage.url, undefined, '/compat/join', { method: 'POST', body: { role: 'client', ...details } });
  return { sessionId: clientId, token };
}

async function starts(page, { name, named }) {
  return (await page.granted('guest:start', { name, ...named })).sessionId;
}

async function leads(page, { name, named }) {
  const body = { name, org_id: named.workspace ?? 'default', account_id: '7', socket_id: page.socket.id };
  const { status, answer } = await request(page.url, '/api/widget/lead', { body });
  assert.equal(status, 200, JSON.stringify(answer));
}

function joins(field) {
  return async (page, { name, named }) => {
    const said = field === 'nothing' ? {} : { [field]: name };
    return (await page.granted('join', { role: 'client', ...said, ...named })).sessionId;
  };
}

async function looks(page, { sessionId }) {
  await page.granted('join_contact', { contactId: sessionId });
  return sessionId;
}

async function joinsContact(page, { sessionId }) {
  await page.granted('join_contact', { contactId: sessionId });
}

async function joinsWorkspace(page) {
  await page.granted('join_workspace', { workspaceId: 'default' });
}

async function joinsAsOperator(page, { token }) {
  await page.granted('join', { role: 'operator', name: 'Bob', token });
}
