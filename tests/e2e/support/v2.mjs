// The same people with the official client of version 2, which has none of `auth`, `onAny`, `timeout` and recovery.

import assert from 'node:assert/strict';
import io from 'socket.io-client-v2';
import { Guest, Operator } from './clients.mjs';
import { PATIENCE_MS } from './journal.mjs';

/** All that the server tells; there is no listening to whatever comes. */
const TOLD = [
  'ready', 'new-message', 'guest:message', 'guest:typing', 'message:react', 'message:read', 'message:status', 'operator:offline', 'operator:online',
  'operator:status', 'session:agent_joined', 'session:agent_left', 'session:created', 'session:ended', 'session:queue',
  'session:started', 'session:updated', 'staff:message', 'staff:message:sent', 'staff:transfer_closed', 'staff:transfer_offer',
  'staff:typing',
];
const MESSAGES = ['guest:message', 'staff:message'];

export const v2 = (Base) =>
  class extends Base {
    /** What newer clients show in `auth` is in the query. */
    open(url, namespace, { auth, query, ...others }) {
      return io(url + namespace, { ...others, query: { ...auth, ...query } });
    }

    record() {
      const { socket, life, who } = this;
      for (const name of TOLD) {
        socket.on(name, (...args) => {
          assert.equal(args.length, 1, `${who}: ${name} has a position, which its listeners take for an argument`);
          this.events.add({ name, args, payload: args[0] });
          if (MESSAGES.includes(name)) this.seeLive(args[0]);
        });
      }
      socket.on('connect', () => {
        const sid = socket.io.engine.id;
        this.sids.push(sid);
        this.seen.anew.push(this.seen.live.length);
        life.add({ name: 'connect', args: [sid] });
      });
      // An `error` is a refusal, or what went wrong with something that nobody waits for.
      for (const name of ['disconnect', 'connect_error', 'error', 'pong']) {
        socket.on(name, (...args) => life.add({ name, args: args.map(String), error: args[0] }));
      }
      socket.io.on('open', () => {
        const { engine } = socket.io;
        for (const name of ['upgrade', 'upgradeError']) {
          engine.on(name, (what) => life.add({ name, args: [engine.id, what.name ?? String(what)] }));
        }
      });
    }

    /** With all of its namespaces: the others would keep the connection, and bring it back. */
    close() {
      super.close();
      this.socket.io.close();
    }

    ask(event, payload, within = PATIENCE_MS) {
      return new Promise((resolve, reject) => {
        const late = () => reject(new Error(`${this.who}: no answer to ${event} within ${within} ms`));
        const timer = setTimeout(late, within);
        this.socket.emit(event, payload, (...answers) => {
          clearTimeout(timer);
          assert.equal(answers.length, 1, `${this.who}: ${event} is answered by one argument`);
          resolve(this.noted(event, payload, answers[0]));
        });
      });
    }
  };

export const GuestV2 = v2(Guest);
export const OperatorV2 = v2(Operator);
