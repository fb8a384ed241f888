// Ready-made situations, and the checks that several tests share.

import assert from 'node:assert/strict';
import { Guest, Operator, settings } from './clients.mjs';

/** Opens clients that the test closes by itself, whatever its outcome. */
export function cast(t, url) {
  const closing = (client) => {
    t.after(() => client.close());
    return client;
  };
  return {
    guest: (name, options) => closing(new Guest(url, name, options)),
    operator: (token, options) => closing(new Operator(url, token, options)),
  };
}

/** Two guests who wait and two operators who listen. */
export async function waitingRoom(t, url) {
  const open = cast(t, url);
  // One after the other, so that plain round-robin spreads the roles over all servers.
  const people = {};
  people.alice = open.operator(settings.operatorTokens[0]);
  await people.alice.hear('ready');
  people.ann = open.guest('Ann');
  await people.ann.connected();
  people.bob = open.operator(settings.operatorTokens[1]);
  await people.bob.hear('ready');
  people.ben = open.guest('Ben');
  await people.ben.connected();
  await people.ann.start();
  await people.ben.start();
  return { ...people, open };
}

/** The same, with Alice having taken Ann's session. */
export async function conversation(t, url) {
  const people = await waitingRoom(t, url);
  await people.alice.claim(people.ann.sessionId);
  await people.ann.hear('session:agent_joined');
  return people;
}

/** Matches events about one session, whichever of the two payload forms they have. */
export function about(sessionId) {
  return ({ payload }) => (payload?.session?.sessionId ?? payload?.sessionId) === sessionId;
}

export function saying(text) {
  return ({ payload }) => payload.message === text;
}

/** Numbered texts, so that order shows. */
export function numbered(prefix, count) {
  return Array.from({ length: count }, (_, i) => `${prefix} ${i + 1}`);
}

export function assertAscending(lines, who) {
  for (let i = 1; i < lines.length; i += 1) {
    const [before, after] = [lines[i - 1].seq, lines[i].seq];
    assert.ok(before < after, `${who}: seq ${after} came after ${before}`);
  }
}

/** Further fields are allowed: clients must live with those of later releases. */
export function assertFields(actual, expected) {
  const picked = Object.fromEntries(Object.keys(expected).map((key) => [key, actual?.[key]]));
  assert.deepEqual(picked, expected);
}

/** P6: nothing that names any of `secrets` (ids, texts) ever reached this client. */
export function assertHeardNothingOf(client, ...secrets) {
  for (const { name, args } of client.events.entries) {
    const content = JSON.stringify(args);
    for (const secret of secrets) {
      assert.ok(!content.includes(secret), `${client.who} must not hear of ${secret}, got ${name} ${content}`);
    }
  }
}

/** P4: every polling connection was served by each server; WebSockets lie on as many as there are of them. */
export function assertAllServed(proxy, ...clients) {
  const report = proxy.report();
  const routes = clients.flatMap(({ who, sids }) => sids.map((sid) => ({ who, served: report[sid]?.served })));
  for (const { who, served } of routes) assert.ok(served, `${who}: the proxy never saw its sid`);
  const groups = settings.mode === 'websocket' ? [routes] : routes.map((route) => [route]);
  for (const group of groups) {
    const used = settings.backends.filter((_, backend) => group.some(({ served }) => served[backend] > 0));
    const possible = settings.mode === 'websocket' ? Math.min(routes.length, settings.backends.length) : settings.backends.length;
    const names = group.map(({ who }) => who).join(', ');
    assert.equal(used.length, possible, `not enough servers carried ${names}: ${JSON.stringify(group)}`);
  }
}
