// Guests and operators of different front ends in one workspace: whoever talks to whom, both and a third who looks on
// see one conversation, live, after a reload of each, and on whichever pod each of them is.

import assert from 'node:assert/strict';
import { claimsOf } from '../e2e/support/clients.mjs';
import { assertAscending } from '../e2e/support/scene.mjs';
import { Inbox } from './fronts/livechat.mjs';
import { Contact, Desk, LOADS, Visitor } from './fronts/mixed.mjs';
import { PanelA, VisitorA } from './fronts/operator_a.mjs';
import { DashboardB, VisitorB } from './fronts/operator_b.mjs';
import { PortalGuest, PortalStaff } from './fronts/portal.mjs';
import { ask, history } from './fronts/rest.mjs';
import { assertShows, called, fresh, suite } from './fronts/stage.mjs';

const ROUNDS = 2;

/** A front end, and how a page of it that is opened anew gets at what was said before. */
const GUESTS = {
  '000': { Front: PortalGuest, loads: LOADS['000 guest'] },
  '001': { Front: Visitor, loads: LOADS['001 guest'] },
  '002': { Front: Contact, loads: LOADS.compat },
  '003': { Front: VisitorA, loads: LOADS.compat },
  '004': { Front: VisitorB, loads: LOADS.compat },
};

/** Whoever looks on is of the next one. Pages as they are in the seeds say nothing of which they are, and no setting does. */
const STAFF = {
  '000': { Front: PortalStaff, loads: LOADS['000'] },
  '001': { Front: Desk, loads: LOADS['001'] },
  '002': { Front: Inbox, loads: LOADS['002'] },
  '003': { Front: PanelA, options: { hint: true }, loads: LOADS.compat, told: ['operatorMessageBroadcast'] },
  '003 unsaid': { Front: PanelA, loads: LOADS.compat, told: ['operatorBroadcast', 'operatorMessageBroadcast'] },
  '004': { Front: DashboardB, options: { hint: true }, loads: LOADS.compat, told: ['operatorBroadcast'] },
  '004 unsaid': { Front: DashboardB, loads: LOADS.compat, told: ['operatorBroadcast', 'operatorMessageBroadcast'] },
};

suite('rooms of different front ends', (scenario) => {
  const seeds = Object.keys(STAFF);
  for (const guestSeed of Object.keys(GUESTS)) {
    for (const [at, staffSeed] of seeds.entries()) {
      const next = seeds[(at + 1) % seeds.length];
      scenario(`P7 rooms: a guest of ${guestSeed}, an operator of ${staffSeed} and one of ${next} who looks on`, (stage) =>
        talk(stage, GUESTS[guestSeed], STAFF[staffSeed], STAFF[next]));
    }
  }

  scenario('P6 rooms: all at once, and each guest sees its own conversation alone', async (stage) => {
    const staff = await Promise.all(Object.values(STAFF).map((one) => onDuty(stage, one)));
    const guests = await Promise.all(Object.values(GUESTS).map(({ Front }) => stage.comesIn(Front, called('Ann'))));
    const chats = [];
    for (const guest of guests) {
      const chat = await begun(stage, guest, staff);
      chats.push(chat);
      for (const operator of staff) {
        await say(chat, operator, called('answer'), [guest, ...staff.filter((other) => other !== operator)]);
      }
    }
    for (const { guest, sessionId, texts } of chats) {
      const stored = await history(stage.url, staff[0].token, sessionId);
      assert.deepEqual(stored.map(({ text }) => text), texts);
      for (const page of [guest, ...staff]) await assertIsShown(page, sessionId, stored);
      const others = chats.filter((other) => other.guest !== guest);
      const heard = JSON.stringify(guest.events.entries);
      for (const secret of others.flatMap((other) => [other.guest.name, other.sessionId, ...other.texts])) {
        assert.ok(!heard.includes(secret), `${guest.who} must not hear ${secret}`);
      }
    }
  });
});

async function talk(stage, guestOf, operatorOf, watcherOf) {
  const operator = await onDuty(stage, operatorOf);
  const watcher = await onDuty(stage, watcherOf);
  const guest = await stage.comesIn(guestOf.Front, called('Ann'));
  const chat = await begun(stage, guest, [operator, watcher]);
  for (let round = 1; round <= ROUNDS; round += 1) {
    await say(chat, operator, called('answer'), [guest, watcher]);
    await say(chat, guest, called('question'), [operator, watcher]);
  }
  const stored = await history(stage.url, operator.token, chat.sessionId);
  assert.deepEqual(stored.map(({ text }) => text), chat.texts);
  assertAscending(stored, 'what is stored');
  const authors = [['in', guest.name], ['out', claimsOf(operator.token).name]];
  assert.deepEqual(stored.map(({ side, author }) => [side, author]), stored.map((_, i) => authors[i % 2]));
  for (const page of [guest, operator, watcher]) await assertIsShown(page, chat.sessionId, stored);
  assertIsTold(watcher, watcherOf);
  await reload(stage, chat, stored, { guestOf, operator, operatorOf, watcher });
}

/** Both load their pages anew and go on, before the eyes of who has looked on all the time. */
async function reload(stage, { guest, sessionId }, stored, { guestOf, operator, operatorOf, watcher }) {
  operator.close();
  guest.close();
  const page = stage.open(guestOf.Front, guest.name, { conversationId: guest.conversationId });
  Object.assign(page, { token: guest.token, sessionId: guest.sessionId });
  await page.comeIn();
  assert.equal(page.sessionId, guest.sessionId, 'it is the same conversation');
  const desk = await onDuty(stage, operatorOf, operator.token);
  desk.chats?.set(sessionId, await nameIn(stage, operator.token, sessionId));
  for (const [opened, { loads }] of [[page, guestOf], [desk, operatorOf]]) {
    assert.deepEqual(await loads(opened, sessionId, stage.url), stored, `${opened.who} loads what was shown live`);
  }
  const chat = { guest: page, sessionId, texts: [] };
  await say(chat, desk, called('welcome back'), [page, watcher]);
  await say(chat, page, called('thank you'), [desk, watcher]);
  const now = await history(stage.url, operator.token, sessionId);
  assert.deepEqual(now.slice(0, stored.length), stored, 'what was shown before is what is there');
  const since = now.slice(stored.length);
  assert.deepEqual(since.map(({ text }) => text), chat.texts);
  await assertIsShown(page, sessionId, since);
  await assertIsShown(desk, sessionId, desk instanceof Desk ? now : since);
  await assertIsShown(watcher, sessionId, now);
}

function onDuty(stage, { Front, options }, token = fresh()) {
  return stage.comesIn(Front, token, options);
}

/** By the first words of its guest, whose page may not know which session that has become. */
async function begun(stage, guest, staff) {
  const text = called('question');
  await guest.write(text);
  const sessionId = guest.sessionId ?? (await sessionOf(stage, staff[0].token, guest));
  await heard(sessionId, text, staff);
  return { guest, sessionId, texts: [text] };
}

async function sessionOf(stage, token, guest) {
  const { sessions } = await ask(stage.url, token, '/sessions?limit=200');
  return sessions.find((session) => session.guest.name === guest.name).sessionId;
}

/** As a dashboard that has just been opened has it from its list. */
async function nameIn(stage, token, sessionId) {
  const chats = await ask(stage.url, token, '/compat/getRecentChats');
  return chats.find(({ client }) => client.clientSocketId === sessionId).client.username;
}

/** Resolves once all of `hearers` show it. */
async function say({ guest, sessionId, texts }, writer, text, hearers) {
  texts.push(text);
  await (writer === guest ? writer.write(text) : writer.write(sessionId, text));
  await heard(sessionId, text, hearers);
}

/** Who has no socket finds it as soon as another has heard it, or its writer has been answered. */
async function heard(sessionId, text, hearers) {
  await Promise.all(hearers.map((hearer) => hearer.screen?.until(text)));
  for (const desk of hearers.filter((hearer) => hearer instanceof Desk)) {
    const texts = (await desk.reads(sessionId)).map((line) => line.text);
    assert.ok(texts.includes(text), `${desk.who} reads ${text} in ${texts.join(', ')}`);
  }
}

async function assertIsShown(page, sessionId, stored) {
  if (page instanceof Desk) {
    assert.deepEqual(await page.reads(sessionId), stored, `${page.who} reads what is stored`);
  } else if (page instanceof Visitor) {
    page.assertShows(stored);
  } else {
    assertShows(page, sessionId, stored);
  }
}

/** Who has said which front end it is, is told of a colleague's messages by its own event, and who has not, by both. */
function assertIsTold(watcher, { told }) {
  if (told === undefined) return;
  for (const name of ['operatorBroadcast', 'operatorMessageBroadcast']) {
    assert.equal(watcher.events.named(name).length, told.includes(name) ? ROUNDS : 0, `${name} of ${watcher.who}`);
  }
}
