// How often one may write, by the words of 003 and 004. The windows are longer than theirs (tests/it/seeds/mod.rs), so that
// a busy machine gets all of what is too much into one of them.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { numbered } from '../e2e/support/scene.mjs';
import { PanelA } from './fronts/operator_a.mjs';
import { DashboardB, VisitorB } from './fronts/operator_b.mjs';
import { history } from './fronts/rest.mjs';
import { assertShape, called, fresh, suite } from './fronts/stage.mjs';

const OPERATOR = 100;
const GUEST = 5;
const OVER = { message: 'string', retryAfterMs: 'number' };

suite('limits', (scenario) => {
  scenario('P8 003 operator rate: a hundred messages pass, the next is refused by name, and passes when its time has come', async (stage) => {
    const panel = await stage.comesIn(PanelA, fresh(), { hint: true });
    const visitor = await stage.comesIn(VisitorB, called('Ann'));
    for (const text of numbered('line', OPERATOR + 1)) panel.write(visitor.sessionId, text);
    const { payload } = await panel.hear('rateLimitExceeded');
    assertShape(payload, OVER);
    assert.equal(payload.message, 'Too many messages');
    assert.deepEqual(panel.events.named('error'), [], 'that is the word of 004');
    // The limit is of the operator, on whichever pod its pages are.
    const tab = await stage.comesIn(PanelA, panel.token, { hint: true });
    tab.write(visitor.sessionId, 'from another tab');
    await tab.hear('rateLimitExceeded');
    await sleep(payload.retryAfterMs);
    panel.write(visitor.sessionId, 'now');
    await visitor.screen.until('now');
    assert.deepEqual(visitor.screen.texts(visitor.sessionId), [...numbered('line', OPERATOR), 'now']);
  });

  scenario('P8 004 guest rate: five messages pass, the next is refused by name, coming back does not help, and time does', async (stage) => {
    const dashboard = await stage.comesIn(DashboardB, fresh());
    const visitor = await stage.comesIn(VisitorB, called('Ann'));
    for (const text of numbered('line', GUEST + 1)) visitor.write(text);
    const { payload } = await visitor.hear('error');
    assertShape(payload, OVER);
    assert.equal(payload.message, 'Rate limit exceeded');
    visitor.close();
    const page = stage.open(VisitorB, visitor.name);
    page.token = visitor.token;
    await page.comeIn();
    page.write('again');
    const again = await page.hear('error');
    assert.equal(again.payload.message, 'Rate limit exceeded');
    await sleep(again.payload.retryAfterMs);
    page.write('now');
    await dashboard.screen.until('now');
    const stored = await history(stage.url, dashboard.token, visitor.sessionId);
    assert.deepEqual(stored.map(({ text }) => text), [...numbered('line', GUEST), 'now']);
  });

  scenario('P8 004 guest rate: who asks for an acknowledgement is told in it as well', async (stage) => {
    const visitor = await stage.comesIn(VisitorB, called('Ann'));
    for (const text of numbered('line', GUEST)) await visitor.granted('clientMessage', { type: 'text', message: text });
    const { retryAfterMs } = await visitor.refused('clientMessage', { type: 'text', message: 'too much' }, 'rate_limited');
    assert.ok(retryAfterMs > 0);
    await visitor.hear('error', ({ payload }) => payload.message === 'Rate limit exceeded');
  });

  scenario('P8 003 operator rate: each front end is told by its own event, and who has not said which it is by both', async (stage) => {
    const visitor = await stage.comesIn(VisitorB, called('Ann'));
    for (const [options, names, others] of [
      [{ hint: true }, ['error'], ['rateLimitExceeded']],
      [{}, ['error', 'rateLimitExceeded'], []],
    ]) {
      const dashboard = await stage.comesIn(DashboardB, fresh(), options);
      for (const text of numbered('line', OPERATOR + 1)) dashboard.write(visitor.sessionId, text);
      for (const name of names) assertShape((await dashboard.hear(name)).payload, OVER);
      await dashboard.refused('operatorMessage', { to: visitor.sessionId, type: 'text', message: 'too much' }, 'rate_limited');
      for (const name of others) assert.deepEqual(dashboard.events.named(name), []);
    }
  });
});
