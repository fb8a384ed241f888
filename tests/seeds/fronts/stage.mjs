// What the suites of all front ends have in common. A test is named after its seed and the row of rows.json.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { settings } from '../../e2e/support/clients.mjs';
import { ownProxy } from '../../e2e/support/parties.mjs';
import { startProxy } from '../../e2e/support/proxy.mjs';

export const UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

/** `define` gets the function that makes a test; its body gets a stage. */
export function suite(what, define) {
  describe(`${what} over ${settings.mode}`, { timeout: 480_000 }, () => {
    let proxy;
    before(async () => (proxy = await startProxy(settings.backends)));
    after(() => proxy.close());
    define((name, body, timeout = 90_000) => test(name, { timeout }, (t) => body(new Stage(t, proxy))));
  });
}

class Stage {
  #t;

  constructor(t, proxy) {
    this.#t = t;
    this.proxy = proxy;
    this.url = proxy.url;
  }

  /** Closed with the test, whatever its outcome. */
  open(Front, ...args) {
    return this.#closing(new Front(this.url, ...args));
  }

  async comesIn(Front, ...args) {
    const front = this.open(Front, ...args);
    await front.comeIn();
    return front;
  }

  /** Behind a proxy of its own, so that it can be cut off while others go on. */
  async apart(Front, ...args) {
    const proxy = await this.wire();
    const client = this.#closing(new Front(proxy.url, ...args));
    await client.comeIn();
    return { proxy, client };
  }

  /** A proxy of one's own. */
  wire() {
    return ownProxy(this.#t);
  }

  #closing(front) {
    this.#t.after(() => front.close());
    return front;
  }
}

/** Of an operator who is in no other test: what is told of it is of this test. */
export function fresh() {
  const token = settings.freshTokens.pop();
  if (!token) throw new Error('the program that starts the servers has handed over too few tokens');
  return token;
}

/** A name that nobody else has. */
export function called(name) {
  return `${name} ${randomUUID().slice(0, 8)}`;
}

/** No event other than these has come. */
export function assertHeardOnly(client, names) {
  const others = client.events.entries.filter(({ name }) => !names.includes(name));
  assert.deepEqual(others.map(({ name, args }) => [name, args]), [], `${client.who} hears only ${names.join(', ')}`);
}

/** `shape`: the type of each field that has to be there; others may be as well. */
export function assertShape(payload, shape) {
  const types = Object.fromEntries(Object.keys(shape).map((field) => [field, typeOf(payload?.[field])]));
  assert.deepEqual(types, shape, JSON.stringify(payload));
}

function typeOf(value) {
  return typeof value === 'string' && UTC.test(value) ? 'time' : typeof value;
}

/**
 * P7: what a page shows is what is stored, in that order. Of what a page of 003 or 004 has written itself it knows text and
 * author only, since it asks for no acknowledgement.
 */
export function assertShows(front, sessionId, stored) {
  const shown = front.screen.of(sessionId);
  const expected = stored.map((line, i) => (shown[i]?.messageId ? line : picked(line, shown[i])));
  assert.deepEqual(shown, expected, `${front.who} shows what is stored`);
}

function picked(line, like) {
  return Object.fromEntries(Object.keys(like ?? line).map((field) => [field, line[field]]));
}
