// Guests whom their site has verified, signed as a site's backend does it, and others who would like to be them.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { settings } from './support/clients.mjs';
import { startProxy } from './support/proxy.mjs';
import { assertHeardNothingOf, cast, saying } from './support/scene.mjs';

const now = () => Math.floor(Date.now() / 1000);
const base64 = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

function jwt(claims, secret = settings.identitySecret, header = { alg: 'HS256', typ: 'JWT' }) {
  const signed = `${base64(header)}.${base64(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

function digest(id, expiresAt = now() + 600, secret = settings.identitySecret) {
  const hmac = createHmac('sha256', secret).update(`${id}\n${expiresAt}`).digest('hex');
  return { id, expiresAt, hmac };
}

describe(`verified guests over ${settings.mode}`, { timeout: 240_000 }, () => {
  let proxy;
  before(async () => (proxy = await startProxy(settings.backends)));
  after(() => proxy.close());

  const scenario = (name, body) => test(name, { timeout: 60_000 }, body);

  scenario('P5 P6 two devices share a conversation, and an impostor sees nothing of it', async (t) => {
    const open = cast(t, proxy.url);
    const alice = open.operator(settings.operatorTokens[0]);
    await alice.hear('ready');
    const phone = open.guest('Zoe');
    const { email } = phone;
    const signed = jwt({ sub: 'customer-7', name: 'Zoe Signed', email, exp: now() + 600 });
    await phone.start({ name: 'Somebody', identity: signed });
    const { sessionId } = phone;
    const { payload: created } = await alice.hear('session:created', of(sessionId));
    const { guest } = created.session;
    assert.deepEqual(guest, { name: 'Zoe Signed', email, verified: true, externalId: 'customer-7' });
    await alice.claim(sessionId);
    phone.name = 'Zoe Signed';
    await phone.say('from my phone');

    const desk = open.guest('Zoe Signed');
    const back = await desk.start({ identity: digest('customer-7') });
    assert.equal(back.sessionId, sessionId);
    assert.equal(back.reconnected, true);
    const { messages } = await desk.granted('guest:history', {});
    assert.deepEqual(messages.map(({ message }) => message), ['from my phone']);
    await alice.say(sessionId, 'hello to both');
    for (const device of [phone, desk]) await device.hear('staff:message', saying('hello to both'));

    // With the same name and address, while its guest is there and after it has left.
    const impostors = [open.guest('Mallory'), open.guest('Mallory')];
    for (const [at, impostor] of impostors.entries()) {
      if (at === 1) for (const device of [phone, desk]) device.close();
      const started = await impostor.start({ name: 'Zoe Signed', email, metadata: { verified: true, externalId: 'customer-7' } });
      assert.notEqual(started.sessionId, sessionId);
      const { messages: seen } = await impostor.granted('guest:history', {});
      assert.deepEqual(seen, []);
      const { payload } = await alice.hear('session:created', of(started.sessionId));
      assert.equal(payload.session.guest.verified, undefined);
      assert.equal(payload.session.guest.externalId, undefined);
    }
    await alice.say(sessionId, 'for Zoe alone');
    for (const impostor of impostors) {
      await impostor.settled();
      assertHeardNothingOf(impostor, sessionId);
    }

    const tablet = open.guest('Zoe Signed');
    const again = await tablet.start({ identity: digest('customer-7') });
    assert.equal(again.sessionId, sessionId);
    await tablet.hear('staff:message', saying('for Zoe alone'));
  });

  scenario('P5 what is not signed for now and here starts nothing', async (t) => {
    const open = cast(t, proxy.url);
    const guest = open.guest('Eve');
    const other = settings.otherIdentitySecret;
    const good = jwt({ sub: '9', exp: now() + 600 });
    for (const identity of [
      jwt({ sub: '9', exp: now() - 5 }),
      jwt({ sub: '9', exp: now() + 25 * 3600 }),
      jwt({ sub: '9' }),
      jwt({ sub: '9', exp: now() + 600 }, other),
      jwt({ sub: '9', exp: now() + 600 }, settings.identitySecret, { alg: 'none' }),
      `${good}x`,
      good.slice(0, good.lastIndexOf('.') + 1),
      settings.operatorTokens[0],
      digest('9', now() - 5),
      digest('9', now() + 25 * 3600),
      digest('9', now() + 600, other),
      { ...digest('9'), id: '8' },
      { ...digest('9'), expiresAt: now() + 601 },
    ]) {
      const error = await guest.refused('guest:start', { name: 'Eve', identity }, 'unauthorized');
      assert.equal(error.field, 'identity');
    }
    await guest.refused('guest:history', {}, 'conflict');
    // The same signature where it belongs.
    const started = await guest.granted('guest:start', { workspace: 'other', identity: digest('9', now() + 600, other) });
    assert.equal(started.reconnected, false);
  });

  scenario('P5 a session that somebody has prepared is not gone on with', async (t) => {
    const open = cast(t, proxy.url);
    const mallory = open.guest('Mallory');
    await mallory.start();
    const victim = open.guest('Vic');
    const started = await victim.start({ name: 'Vic', token: mallory.token, identity: digest('customer-8') });
    assert.notEqual(started.sessionId, mallory.sessionId);
    assert.equal(started.reconnected, false);
    await victim.say('a secret');
    await mallory.settled();
    assertHeardNothingOf(mallory, started.sessionId);
    // Its own token leads back, with and without the identity.
    for (const identity of [undefined, digest('customer-8')]) {
      const page = open.guest('Vic');
      const back = await page.start({ token: victim.token, identity });
      assert.equal(back.sessionId, started.sessionId);
    }
  });
});

function of(sessionId) {
  return ({ payload }) => payload.session.sessionId === sessionId;
}
