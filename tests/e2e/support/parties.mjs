// One guest and one operator in a conversation, each behind a proxy of its own, so that one can be cut off while the
// other goes on.

import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { Guest, Operator, settings } from './clients.mjs';
import { startProxy } from './proxy.mjs';
import { about, assertAscending, numbered, saying } from './scene.mjs';

export const MISSED = 20;
// The official client waits up to 7.5 s between two attempts.
export const RECONNECT = { nth: 2, within: 30_000 };

// How often a client says that its person types.
const TYPING_MS = 1_500;

let proxies = 0;

/** Each begins with another server, or those who never come back would all be on the first. */
export async function ownProxy(t) {
  const first = proxies++ % settings.backends.length;
  const proxy = await startProxy([...settings.backends.slice(first), ...settings.backends.slice(0, first)]);
  t.after(() => proxy.close());
  return proxy;
}

export async function newGuest(t, options) {
  const proxy = await ownProxy(t);
  const client = new Guest(proxy.url, 'Ann', options);
  t.after(() => client.close());
  return { proxy, client };
}

export async function newOperator(t, options) {
  const proxy = await ownProxy(t);
  const client = new Operator(proxy.url, settings.operatorTokens[0], options);
  t.after(() => client.close());
  await client.hear('ready');
  return { proxy, client };
}

/** A conversation with a line from each side, on the transport that will stay. */
export async function talking(t, guestOptions, operatorOptions) {
  const operator = await newOperator(t, operatorOptions);
  const guest = await newGuest(t, guestOptions);
  const { sessionId } = await guest.client.start();
  await operator.client.claim(sessionId);
  await guest.client.say('before');
  await operator.client.say(sessionId, 'before');
  await guest.client.hear('staff:message', saying('before'));
  await operator.client.hear('guest:message', saying('before'));
  await guest.client.settled();
  await operator.client.settled();
  return { guest, operator };
}

export function roles(victim, guest, operator) {
  return victim === 'a guest' ? [guest, operator, 'staff:message'] : [operator, guest, 'guest:message'];
}

export function say(client, text, sessionId, extra) {
  return client instanceof Operator ? client.say(sessionId, text, extra) : client.say(text, extra);
}

/** One after the other, each acknowledged before the next. */
export async function sendMissed(client, prefix, sessionId) {
  for (const text of numbered(prefix, MISSED)) await say(client, text, sessionId);
}

/** The network of this client is gone, and it has noticed. */
export async function away({ proxy, client }) {
  await client.settled();
  proxy.refuse('everything');
  proxy.cut('all');
  await client.life.wait('disconnect');
}

export async function back(party) {
  party.proxy.accept();
  await recovered(party);
}

export async function recovered({ client }, options = RECONNECT) {
  const connect = await client.connected(options);
  assert.equal(connect.recovered, true, `${client.who} should be recovered at connect number ${options.nth}`);
}

/** It is back on another server than the one that its last connection began on. */
export function assertElsewhere({ client, proxy }) {
  const report = proxy.report();
  const [before, now] = client.sids.slice(-2).map((sid) => report[sid].first);
  assert.notEqual(now, before, `${client.who} came back to the server it had left`);
}

/** A page that starts over still finds everything, once and in order; a guest shows its token for that. */
export async function assertHistory({ client }, sessionId, texts) {
  if (client.token) await client.start({ token: client.token });
  const history = await client.history(sessionId);
  assert.deepEqual(history.map(({ text }) => text), texts);
  assertAscending(history, client.who);
}

/** A last message after all others shows that nothing more is to come. */
export async function assertHeard(receiver, sender, event, texts, sessionId = sender.sessionId) {
  await say(sender, 'the last one', sessionId);
  await receiver.hear(event, (entry) => about(sessionId)(entry) && saying('the last one')(entry));
  const side = event === 'guest:message' ? 'in' : 'out';
  const heard = receiver.received(sessionId).filter((entry) => entry.side === side);
  assert.deepEqual(heard.map(({ text }) => text), [...texts, 'the last one']);
  assertAscending(heard, receiver.who);
}

/** Recovery restores who one is: nobody has to start or claim again. */
export async function assertUsable(client, other, sessionId) {
  await say(client, 'I am back', sessionId);
  const event = client instanceof Operator ? 'staff:message' : 'guest:message';
  await other.hear(event, saying('I am back'));
}

/** As a page does while its person types: what is said beside the log may be lost on one that polls. */
export async function saidUntilHeard(say, heard) {
  let over = false;
  const told = heard.finally(() => (over = true));
  const saying = (async () => {
    while (!over) {
      await say();
      await Promise.race([pause(TYPING_MS), told]);
    }
  })();
  const [entry] = await Promise.all([told, saying]);
  return entry;
}
