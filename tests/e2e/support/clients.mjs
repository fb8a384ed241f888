// Guests and operators as an application would build them: the official client, nothing patched.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Manager, io } from 'socket.io-client';
import { Journal, PATIENCE_MS } from './journal.mjs';
import { Seen } from './seen.mjs';

/** What the program that started the servers told us. */
export const settings = {
  backends: list('BACKENDS'),
  mode: process.env.TRANSPORTS ?? 'default',
  operatorTokens: list('OPERATOR_TOKENS'),
  // Of operators whom nobody else uses, each another one.
  freshTokens: list('FRESH_TOKENS'),
  // Of one whose `sub` is a word, and of one without a name.
  wordToken: required('WORD_TOKEN'),
  namelessToken: required('NAMELESS_TOKEN'),
  otherToken: required('OTHER_TOKEN'),
  badToken: required('BAD_TOKEN'),
  expiredToken: required('EXPIRED_TOKEN'),
  identitySecret: required('IDENTITY_SECRET'),
  otherIdentitySecret: required('OTHER_IDENTITY_SECRET'),
};

const HISTORY_PAGE = 40;
// A fifth of what the official client waits by itself: the old connection is all the fresher to the servers.
const RECONNECT_MS = 200;
const OFFSET = /^[^:]+:\d+-\d+$/;
const MESSAGES = ['guest:message', 'staff:message'];

export class Client {
  /** Everything the server emitted: {name, args, payload, offset}. */
  events;
  /** connect, disconnect, connect_error of the socket; upgrade, upgradeError of its connections. */
  life;
  /** The Engine.IO id of each connection this client has had. */
  sids = [];

  constructor(who, url, namespace, options) {
    this.who = who;
    this.events = new Journal(who);
    this.life = new Journal(who);
    this.seen = new Seen(who);
    this.socket = this.open(url, namespace, { ...transports(), forceNew: true, reconnectionDelay: RECONNECT_MS, ...options });
    this.record();
  }

  open(url, namespace, { manager, ...others }) {
    return manager ? manager.socket(namespace, others) : io(url + namespace, others);
  }

  record() {
    const { socket, life, who } = this;
    socket.onAny((name, ...args) => {
      const last = args.at(-1);
      const offset = typeof last === 'string' ? last : undefined;
      // The client keeps it and shows it when it comes back, whatever it is.
      if (offset !== undefined) assert.match(offset, OFFSET, `${who}: ${name} ends in a text that is no position`);
      if (MESSAGES.includes(name)) this.seeLive(args[0]);
      this.events.add({ name, args, payload: args[0], offset });
    });
    socket.on('connect', () => {
      const sid = socket.io.engine.id;
      this.sids.push(sid);
      if (!socket.recovered) this.seen.anew.push(this.seen.live.length);
      life.add({ name: 'connect', args: [sid], recovered: socket.recovered });
    });
    for (const name of ['disconnect', 'connect_error']) {
      socket.on(name, (...args) => life.add({ name, args: args.map(String), error: args[0] }));
    }
    // Each connection has an engine of its own.
    socket.io.on('open', () => {
      const { engine } = socket.io;
      for (const name of ['upgrade', 'upgradeError']) {
        engine.on(name, (what) => life.add({ name, args: [engine.id, what.name ?? String(what)] }));
      }
    });
  }

  seeLive(message) {
    this.seen.live.push(lineOf(message.sessionId, message));
  }

  get transport() {
    return this.socket.io.engine.transport.name;
  }

  async connected({ nth = 1, within } = {}) {
    return this.life.wait('connect', undefined, { nth, within });
  }

  /** Resolves once the transport is the one that the present connection will keep. */
  async settled() {
    await this.connected();
    const sid = this.sids.at(-1);
    if (settings.mode === 'default') await this.life.wait('upgrade', ({ args }) => args[0] === sid);
  }

  hear(name, matches, options) {
    return this.events.wait(name, matches, options);
  }

  /** Emits with an acknowledgement, and resolves with whatever the server answers. */
  ask(event, payload, within = PATIENCE_MS) {
    return new Promise((resolve, reject) => {
      this.socket.timeout(within).emit(event, payload, (failure, answer) => {
        if (failure) reject(new Error(`${this.who}: no answer to ${event} within ${within} ms: ${failure.message}`));
        else resolve(this.noted(event, payload, answer));
      });
    });
  }

  /** For those who emit by themselves. */
  noted(event, payload, answer) {
    if (answer?.ok && MESSAGES.includes(event)) {
      this.seen.acknowledged.push(lineOf(this.sessionOf(payload), this.sent(payload, answer)));
    }
    return answer;
  }

  async granted(event, payload) {
    const answer = await this.ask(event, payload);
    assert.equal(answer?.ok, true, `${this.who}: ${event} should be granted, got ${JSON.stringify(answer)}`);
    return answer;
  }

  /** `codes`: those that are acceptable. Resolves with the error. */
  async refused(event, payload, ...codes) {
    const answer = await this.ask(event, payload);
    const error = answer?.error;
    assert.equal(answer?.ok, false, `${this.who}: ${event} should be refused, got ${JSON.stringify(answer)}`);
    assert.ok(codes.includes(error?.code), `${event}: expected ${codes.join(' or ')}, got ${JSON.stringify(error)}`);
    assert.ok(typeof error.message === 'string' && error.message !== '', `${event}: a refusal says why`);
    return error;
  }

  /** The messages of one session that came in by event, in the order they came. */
  received(sessionId) {
    const isMessage = ({ name, payload }) => MESSAGES.includes(name) && payload.sessionId === sessionId;
    return this.events.entries.filter(isMessage).map(({ payload }) => line(payload));
  }

  async pages(event, selector) {
    const messages = [];
    for (;;) {
      const beforeSeq = messages[0]?.seq;
      const page = await this.granted(event, { ...selector, beforeSeq, limit: HISTORY_PAGE });
      messages.unshift(...page.messages);
      if (!page.more) {
        const sessionId = this.sessionOf(selector);
        this.seen.read.push({ sessionId, since: this.since ?? 0, lines: messages.map((message) => lineOf(sessionId, message)) });
        return messages.map(line);
      }
      assert.ok(page.messages.length > 0, `${event}: "more" with an empty page would make a client ask for ever`);
    }
  }

  close() {
    this.socket.disconnect();
  }
}

/** One connection for several sockets: pass it to them as `manager`. */
export function shared(url) {
  return new Manager(url, { ...transports(), reconnectionDelay: RECONNECT_MS });
}

export class Guest extends Client {
  constructor(url, name, options) {
    super(`guest ${name}`, url, '/public-portal', options);
    this.name = name;
    // A repeated name and e-mail may reopen an earlier session; tests want their own.
    this.email = `${randomUUID()}@example.test`;
  }

  async start(details = { name: this.name, email: this.email }) {
    const started = await this.granted('guest:start', details);
    this.sessionId = started.sessionId;
    this.token = started.token;
    return started;
  }

  /** Resolves with the message as this page shows it once it is acknowledged. */
  async say(message, extra = {}) {
    const sent = { message, type: 'text', clientMessageId: randomUUID(), ...extra };
    return line(this.sent(sent, await this.granted('guest:message', sent)));
  }

  /** What it says is in its own session, whatever the payload names. */
  sessionOf() {
    return this.sessionId;
  }

  sent(payload, ack) {
    return { ...payload, ...ack, direction: 'in', guestName: this.name };
  }

  history() {
    return this.pages('guest:history', {});
  }
}

export class Operator extends Client {
  constructor(url, token, { namespace = '/', ...options } = {}) {
    const claims = claimsOf(token);
    super(`operator ${claims.name}`, url, namespace, { auth: { token }, ...options });
    this.agentId = String(claims.sub);
    this.name = claims.name;
  }

  async say(sessionId, message, extra = {}) {
    const sent = { sessionId, message, type: 'text', clientMessageId: randomUUID(), ...extra };
    return line(this.sent(sent, await this.granted('staff:message', sent)));
  }

  sessionOf({ sessionId }) {
    return sessionId;
  }

  sent(payload, ack) {
    return { ...payload, ...ack, direction: 'out', agentName: this.name };
  }

  claim(sessionId) {
    return this.granted('staff:connect_to_session', { sessionId });
  }

  history(sessionId) {
    return this.pages('staff:history', { sessionId });
  }

  /** All pages of the list; other tests may have left sessions of theirs in it. */
  async sessions(filter) {
    const sessions = [];
    let cursor;
    do {
      const page = await this.granted('staff:sessions', { ...filter, cursor, limit: 50 });
      sessions.push(...page.sessions);
      cursor = page.cursor;
    } while (cursor);
    return sessions;
  }
}

/** What a person sees of a message: side, author, order, time (P7). */
export function line({ messageId, seq, message, type, direction, guestName, agentName, timestamp }) {
  return { messageId, seq, text: message, type, side: direction, author: direction === 'in' ? guestName : agentName, timestamp };
}

function lineOf(sessionId, message) {
  return { sessionId, ...line(message) };
}

function transports() {
  // `default` leaves the option out: that is what most applications run with.
  return settings.mode === 'default' ? {} : { transports: [settings.mode] };
}

export function claimsOf(token) {
  try {
    return JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString());
  } catch {
    return { sub: '?', name: '(unreadable token)' };
  }
}

function list(variable) {
  return required(variable).split(',');
}

function required(variable) {
  const value = process.env[variable];
  if (!value) throw new Error(`${variable} is not set: these tests are started by the Rust suite, which starts the servers`);
  return value;
}
