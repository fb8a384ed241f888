// A conversation of many while the servers behind a proxy are replaced one after the other. It talks until it is
// told `end` on its standard input, and then prints what became of it.

import { createInterface } from 'node:readline';
import { io } from 'socket.io-client';

const { URL: url, TOKENS, POLLING, WEBSOCKETS } = process.env;
const tokens = TOKENS.split(',');
const EVERY_MS = 150;
// Each repeats by itself what got no answer, one message at a time.
const STUBBORN = { forceNew: true, retries: 50, ackTimeout: 5_000, reconnectionDelay: 200, reconnectionDelayMax: 1_000 };

/** By session: the messages acknowledged to their senders, which is all that were sent. */
const said = new Map();
let over = false;

class Client {
  disconnects = [];
  errors = [];
  recovered = [];
  sids = [];
  heard = [];

  constructor(who, namespace, transport, options) {
    [this.who, this.transport] = [who, transport];
    this.socket = io(url + namespace, { ...STUBBORN, transports: [transport], ...options });
    const { socket } = this;
    socket.on('connect', () => {
      this.sids.push(socket.io.engine.id);
      if (this.sids.length > 1) this.recovered.push(socket.recovered);
    });
    socket.on('disconnect', (reason, details) => this.disconnects.push({ at: Date.now(), why: `${reason} ${details?.description ?? ''}` }));
    socket.on('connect_error', (error) => this.errors.push(`${error.message} ${error.description?.status ?? error.context?.status ?? ''}`));
    for (const event of ['guest:message', 'staff:message']) socket.on(event, (message) => this.heard.push(message));
  }

  ask(event, payload) {
    return new Promise((resolve, reject) => {
      this.socket.emit(event, payload, (failure, answer) => {
        if (!failure && answer?.ok) resolve(answer);
        else reject(new Error(`${this.who}: ${event}: ${failure?.message ?? JSON.stringify(answer)}`));
      });
    });
  }

  async say(event, sessionId, number) {
    const clientMessageId = `${this.who} ${sessionId} ${number}`;
    const payload = { sessionId, message: clientMessageId, type: 'text', clientMessageId };
    const { messageId, seq } = await this.ask(event, payload);
    said.get(sessionId).push({ messageId, seq, event });
  }

  report() {
    const { who, transport, disconnects, errors, recovered, sids } = this;
    return { who, transport, disconnects, errors, recovered, sids };
  }
}

const operators = [
  new Client('Ann', '/', 'websocket', { auth: { token: tokens[0] } }),
  new Client('Bob', '/', 'polling', { auth: { token: tokens[1] } }),
];
const guests = [];
for (const [transport, count] of [['polling', POLLING], ['websocket', WEBSOCKETS]]) {
  for (let i = 0; i < Number(count); i += 1) guests.push(new Client(`${transport} ${i}`, '/public-portal', transport, {}));
}
// An operator hears what is said from when it is there.
await Promise.all(operators.map(({ socket }) => new Promise((resolve) => socket.on('ready', resolve))));
for (const guest of guests) {
  guest.session = (await guest.ask('guest:start', { name: guest.who })).sessionId;
  said.set(guest.session, []);
  await operators[0].ask('staff:connect_to_session', { sessionId: guest.session });
}
const talks = guests.map(async (guest, i) => {
  await pause(EVERY_MS * Math.random());
  for (let number = 0; !over; number += 1) {
    await guest.say('guest:message', guest.session, number);
    await pause(EVERY_MS);
  }
});
talks.push((async () => {
  for (let number = 0; !over; number += 1) {
    await operators[0].say('staff:message', guests[number % guests.length].session, number);
    await pause(5);
  }
})());
console.log('ready');

for await (const line of createInterface({ input: process.stdin })) if (line === 'end') break;
over = true;
await Promise.all(talks);
await settled();
console.log(JSON.stringify(judge()));
process.exit(0);

/** Until everybody has heard as much as was said, or nothing more comes. */
async function settled() {
  for (let quiet = 0, before = -1; quiet < 40; quiet += 1) {
    const { lost } = judge();
    if (lost.length === 0) return;
    if (lost.length !== before) [quiet, before] = [0, lost.length];
    await pause(250);
  }
}

function judge() {
  const [lost, doubled, disordered] = [[], [], []];
  let acknowledged = 0;
  const listeners = [...operators.map((client) => [client, [...said.keys()]]), ...guests.map((client) => [client, [client.session]])];
  for (const messages of said.values()) acknowledged += messages.length;
  for (const [client, sessions] of listeners) {
    const bySession = new Map(sessions.map((session) => [session, []]));
    for (const message of client.heard) bySession.get(message.sessionId)?.push(message);
    for (const [session, heard] of bySession) {
      const ids = new Set(heard.map(({ messageId }) => messageId));
      if (ids.size !== heard.length) doubled.push(`${client.who}: ${heard.length - ids.size} in ${session}`);
      if (heard.some(({ seq }, at) => at > 0 && seq < heard[at - 1].seq)) disordered.push(`${client.who} in ${session}`);
      for (const { messageId, seq, event } of said.get(session)) {
        if (isFor(client, event) && !ids.has(messageId)) lost.push(`${client.who}: ${seq} of ${session}`);
      }
    }
  }
  return { acknowledged, lost, doubled, disordered, clients: [...operators, ...guests].map((client) => client.report()) };
}

/** Nobody hears itself. */
function isFor(client, event) {
  if (operators.includes(client)) return event === 'guest:message' || client !== operators[0];
  return event === 'staff:message';
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
