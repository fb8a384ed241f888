// What each client saw, for the program that started the servers: it compares that with what is stored (P7).

import { writeFileSync } from 'node:fs';

const clients = [];
const file = process.env.SEEN;

// At the very end: what still arrives while a test closes its clients was seen as well.
if (file) process.on('exit', () => writeFileSync(file, JSON.stringify(clients)));

/** Of one client. Lines are what a person sees of a message, with the session it is in. */
export class Seen {
  /** By event, in the order they came. */
  live = [];
  /** How many of them had come whenever it connected anew, and not as the socket it was: it reads the history. */
  anew = [];
  /** Its own that were acknowledged, as often as they were. */
  acknowledged = [];
  /** Whole histories: {sessionId, lines}. */
  read = [];

  constructor(who) {
    this.who = who;
    clients.push(this);
  }
}
