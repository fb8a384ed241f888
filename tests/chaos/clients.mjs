// Official clients of `loadtest chaos`, several in this process. The first line of the input says who they
// are, the others what they are to do; what they see goes to the output, one JSON object a line. They behave
// as those in Rust do: loadtest/src/chaos/peer.

import { createInterface } from 'node:readline';
import { io } from 'socket.io-client';

// Longer than the relay holds a request or an ack.
const ANSWER_MS = 5_000;
const PACE_MS = 500;
const PAUSE_MS = 200;
const PAGE = 100;
const EAGERNESS = 0.5;
// A tenth of what the official client waits by itself: a minute has to hold many faults.
const RECONNECT = { reconnectionDelay: 100, reconnectionDelayMax: 1_000, timeout: 5_000 };

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const around = (ms) => ms * (0.5 + Math.random());

class Client {
  sessions = new Map();
  behind = true;
  #floors = new Map();
  #tops = new Map();
  #epoch;
  #said = 0;
  #pending;
  #due = 0;
  #idle = false;

  constructor(url, { who, role, workspace, transports, token }) {
    Object.assign(this, { who, role, workspace });
    this.note('hello', { role, workspace });
    const namespace = role === 'guest' ? '/public-portal' : '/';
    const options = { ...(transports && { transports }), ...(token && { auth: { token } }) };
    this.socket = io(url + namespace, { ...options, ...RECONNECT, forceNew: true, query: { who } });
    this.socket.on('connect', () => this.#connected());
    this.socket.on('disconnect', (reason) => this.note('disconnect', { reason }));
    this.socket.onAny((name, payload) => this.#heard(name, payload));
  }

  note(kind, more = {}) {
    console.log(JSON.stringify({ who: this.who, at: Date.now(), kind, ...more }));
  }

  async run() {
    while (phase !== 'leave') await this.#retried(() => this.turn());
    while (!(await this.#retried(() => this.last())));
    this.socket.disconnect();
    this.note('left');
  }

  async #retried(action) {
    try {
      await action();
      return true;
    } catch {
      await sleep(around(PAUSE_MS));
      return false;
    }
  }

  #connected() {
    const { recovered } = this.socket;
    this.note('connect', { recovered });
    if (recovered) return;
    if (!this.behind) this.#floors = new Map(this.#tops);
    this.behind = true;
  }

  #heard(name, payload) {
    if (name === 'guest:message' || name === 'staff:message') {
      this.note('heard', { session: payload.sessionId, ...messageOf(payload) });
      this.#rise(payload.sessionId, payload.seq);
    } else if (payload?.session) {
      this.learn(payload.session);
    } else if (name === 'ready' && payload.epoch !== this.#epoch) {
      // What was heard may not be what is stored: all is read again.
      this.#epoch = payload.epoch;
      this.#floors.clear();
      this.#tops.clear();
    }
  }

  learn({ sessionId, status }) {
    this.sessions.set(sessionId, status === 'waiting');
  }

  #rise(session, seq) {
    this.#tops.set(session, Math.max(seq, this.#tops.get(session) ?? 0));
  }

  /** Whoever is not connected waits until it is: what is buffered by the client could not be given up. */
  async ask(event, payload) {
    while (!this.socket.connected) await sleep(PAUSE_MS);
    return this.socket.timeout(ANSWER_MS).emitWithAck(event, payload);
  }

  async granted(event, payload) {
    const answer = await this.ask(event, payload);
    if (!answer.ok) throw new Error(`${event}: ${JSON.stringify(answer.error)}`);
    return answer;
  }

  /** Reads what it has not got of a session; all of it at the `last`. */
  async load(event, selector, session, last) {
    const floor = last ? 0 : (this.#floors.get(session) ?? 0);
    const messages = [];
    for (;;) {
      const page = await this.granted(event, { ...selector, limit: PAGE, beforeSeq: messages[0]?.seq });
      messages.unshift(...page.messages);
      if (!page.more || page.messages.length === 0 || page.messages[0].seq <= floor + 1) break;
    }
    this.#rise(session, messages.at(-1)?.seq ?? 0);
    this.note('loaded', { session, messages: messages.map(messageOf), last });
  }

  /** If it is not behind again by the time that it has read everything. */
  async catchUp(read) {
    const id = this.socket.id;
    await read();
    if (this.socket.id !== id) throw new Error('another connection');
    this.behind = false;
  }

  async say(event, session) {
    if (!this.#pending && phase === 'talk') {
      this.#said += 1;
      this.#pending = { cid: `${this.who}:${this.#said}`, session };
    }
    if (!this.#pending) {
      if (!this.#idle) this.note('idle');
      this.#idle = true;
      return;
    }
    const { cid, session: sessionId } = this.#pending;
    this.note('sent', { cid, session: sessionId });
    const answer = await this.ask(event, { sessionId, message: cid, type: 'text', clientMessageId: cid });
    if (!answer.ok) {
      this.note('refused', { cid, code: answer.error.code });
      throw new Error(answer.error.code);
    }
    this.note('acked', { cid, id: answer.messageId, seq: answer.seq });
    this.#pending = undefined;
    this.#due = Date.now() + around(PACE_MS);
  }

  async listen() {
    const wait = phase === 'talk' ? this.#due - Date.now() : PAUSE_MS;
    if (wait > 0) await sleep(wait);
  }
}

class Guest extends Client {
  async turn() {
    if (this.behind) await this.catchUp(() => this.read());
    await this.listen();
    await this.say('guest:message', this.session);
  }

  async read() {
    await this.start();
    await this.load('guest:history', {}, this.session, false);
  }

  async start() {
    const started = await this.granted('guest:start', { name: this.who, workspace: this.workspace, token: this.token });
    this.session = started.sessionId;
    this.token = started.token ?? this.token;
    this.note('started', { session: this.session });
  }

  async last() {
    if (this.behind) await this.catchUp(() => this.read());
    await this.load('guest:history', {}, this.session, true);
  }
}

class Operator extends Client {
  async turn() {
    if (this.behind) await this.catchUp(() => this.read());
    await this.listen();
    await this.take();
    const sessions = [...this.sessions.keys()];
    if (sessions.length > 0) await this.say('staff:message', sessions[Math.floor(Math.random() * sessions.length)]);
  }

  async read() {
    let cursor;
    do {
      const page = await this.granted('staff:sessions', { limit: 50, cursor });
      if (page.incomplete) throw new Error('the list is incomplete');
      for (const session of page.sessions) this.learn(session);
      cursor = page.cursor;
    } while (cursor);
    for (const sessionId of [...this.sessions.keys()]) await this.load('staff:history', { sessionId }, sessionId, false);
  }

  async take() {
    const [sessionId] = [...this.sessions].find(([, waits]) => waits) ?? [];
    if (!sessionId || phase !== 'talk' || Math.random() > EAGERNESS) return;
    const answer = await this.ask('staff:connect_to_session', { sessionId });
    if (answer.ok) this.learn(answer.session);
  }

  async last() {
    if (this.behind) await this.catchUp(() => this.read());
  }
}

function messageOf({ message, messageId, seq }) {
  return { cid: message, id: messageId, seq };
}

let phase = 'talk';
let clients;
for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line);
  if (order.clients) {
    clients = order.clients.map((one) => new (one.role === 'guest' ? Guest : Operator)(order.url, one));
    // What was written last may still be on its way.
    const end = () => process.stdout.write('', () => process.exit(0));
    Promise.all(clients.map((client) => client.run())).then(end);
  }
  phase = order.phase ?? phase;
  if (order.kick) clients.find(({ who }) => who === order.kick)?.socket.io.engine?.close();
}
process.exit(1);
