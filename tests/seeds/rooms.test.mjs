// Guests and operators of different front ends in one workspace: whoever talks to whom, both and a third who looks on
// see one conversation, live and after a reload.

import assert from 'node:assert/strict';
import { claimsOf } from '../e2e/support/clients.mjs';
import { assertAscending } from '../e2e/support/scene.mjs';
import { Inbox } from './fronts/livechat.mjs';
import { PanelA, VisitorA } from './fronts/operator_a.mjs';
import { DashboardB, VisitorB } from './fronts/operator_b.mjs';
import { PortalGuest, PortalStaff } from './fronts/portal.mjs';
import { history } from './fronts/rest.mjs';
import { assertShows, called, fresh, suite } from './fronts/stage.mjs';
import { WidgetPage } from './fronts/widget.mjs';

const ROUNDS = 3;

const GUESTS = { '000': PortalGuest, '003': VisitorA, '004': VisitorB };

/** Whoever looks on is of the next one. */
const STAFF = {
  '000': [PortalStaff, {}],
  '002': [Inbox, {}],
  '003': [PanelA, { hint: true }],
  '004': [DashboardB, { hint: true }],
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

  scenario('P7 rooms: a visitor of 001 and operators of all the others', talkToWidget);

  scenario('P6 rooms: all at once, and each guest sees its own conversation alone', async (stage) => {
    const staff = await Promise.all(Object.values(STAFF).map((one) => comesIn(stage, one)));
    const guests = await Promise.all(Object.values(GUESTS).map((Guest) => stage.comesIn(Guest, called('Ann'))));
    const said = new Map(guests.map((guest) => [guest, []]));
    for (const guest of guests) {
      const { sessionId } = guest;
      await say(guest, undefined, called('question'), staff, said.get(guest));
      for (const operator of staff) {
        const others = staff.filter((other) => other !== operator);
        await say(operator, sessionId, called('answer'), [guest, ...others], said.get(guest));
      }
    }
    for (const guest of guests) {
      const stored = await history(stage.url, staff[0].token, guest.sessionId);
      assert.deepEqual(stored.map(({ text }) => text), said.get(guest));
      for (const page of [guest, ...staff]) assertShows(page, guest.sessionId, stored);
      const foreign = guests.filter((other) => other !== guest).flatMap((other) => [other.sessionId, ...said.get(other)]);
      const heard = JSON.stringify(guest.events.entries);
      for (const secret of foreign) assert.ok(!heard.includes(secret), `${guest.who} must not hear ${secret}`);
    }
  });
});

/** It is told no session, and sends by HTTP: who talks to it finds it by its name. */
async function talkToWidget(stage) {
  const staff = await Promise.all(Object.values(STAFF).map((one) => comesIn(stage, one)));
  const [portal] = staff;
  const page = await stage.comesIn(WidgetPage, called('Kim'));
  const texts = [called('question')];
  await page.lead(texts[0]);
  const { payload } = await portal.hear('session:created', ({ payload: { session } }) => session.guest.name === page.name);
  const { sessionId } = payload.session;
  await Promise.all(staff.map((operator) => operator.screen.until(texts[0])));
  const answers = [];
  for (const operator of staff) {
    const others = staff.filter((other) => other !== operator);
    answers.push(called('answer'));
    await say(operator, sessionId, answers.at(-1), [page, ...others], texts);
    const text = called('and then');
    texts.push(text);
    assert.equal((await page.write(text)).status, 200);
    await Promise.all(staff.map((other) => other.screen.until(text)));
  }
  const stored = await history(stage.url, portal.token, sessionId);
  assert.deepEqual(stored.map(({ text }) => text), texts);
  for (const operator of staff) assertShows(operator, sessionId, stored);
  assert.deepEqual(page.screen.texts(page.conversationId), answers);
  assert.deepEqual((await page.stored()).map(({ text }) => text), texts, 'a page that is loaded again shows the same');
}

async function talk(stage, Guest, operatorOf, watcherOf) {
  const operator = await comesIn(stage, operatorOf);
  const watcher = await comesIn(stage, watcherOf);
  const guest = await stage.comesIn(Guest, called('Ann'));
  const { sessionId } = guest;
  const texts = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    await say(guest, undefined, called('question'), [operator, watcher], texts);
    await say(operator, sessionId, called('answer'), [guest, watcher], texts);
  }
  const stored = await history(stage.url, operator.token, sessionId);
  assert.deepEqual(stored.map(({ text }) => text), texts);
  assertAscending(stored, 'what is stored');
  const { name } = claimsOf(operator.token);
  const author = ({ side }) => (side === 'in' ? guest.name : name);
  assert.deepEqual(stored.map((line) => [line.side, line.author]), stored.map((line, i) => [i % 2 ? 'out' : 'in', author(line)]));
  for (const page of [guest, operator, watcher]) assertShows(page, sessionId, stored);
  await reload(stage, Guest, guest, operator, stored);
}

/** The guest comes back by its token, and both go on. */
async function reload(stage, Guest, guest, operator, stored) {
  const { sessionId, token, name } = guest;
  guest.close();
  const page = stage.open(Guest, name);
  page.token = token;
  assert.equal(await page.comeIn(), sessionId);
  const more = [];
  await say(operator, sessionId, called('welcome back'), [page], more);
  await say(page, undefined, called('thank you'), [operator], more);
  const now = await history(stage.url, operator.token, sessionId);
  assert.deepEqual(now.slice(0, stored.length), stored, 'what was shown before is what is there');
  assert.deepEqual(now.slice(stored.length).map(({ text }) => text), more);
  assertShows(operator, sessionId, now);
}

function comesIn(stage, [Front, options]) {
  return stage.comesIn(Front, fresh(), options);
}

/** Resolves once all of `hearers` show it. */
async function say(writer, sessionId, text, hearers, texts) {
  texts.push(text);
  await (sessionId === undefined ? writer.write(text) : writer.write(sessionId, text));
  await Promise.all(hearers.map((hearer) => hearer.screen.until(text)));
}
