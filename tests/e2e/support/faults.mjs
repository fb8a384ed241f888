// What a network does to those who trust it: it stands still, loses one end of a connection without telling the
// other, or ends in the middle of a word. The proxy passes everything through here.

import { Transform } from 'node:stream';

const ANY = Symbol('any sid');

export class Faults {
  #thawed = Promise.resolve();
  #thaw = () => {};
  isFrozen = false;
  /** sid -> the servers' ends of its connections: {open, said, settle} */
  #severed = new Map();
  #upstreams = new Map();
  /** sid -> what is to be cut in the middle: {what, cut} */
  #short = new Map();

  freeze() {
    this.isFrozen = true;
    this.#thawed = new Promise((resolve) => (this.#thaw = resolve));
  }

  thaw() {
    this.isFrozen = false;
    this.#thaw();
  }

  afterThaw(action) {
    this.#thawed.then(action);
  }

  isSevered(sid) {
    return this.#severed.has(sid);
  }

  sever(sid) {
    return new Promise((settle) => {
      this.#severed.set(sid, { said: '', settle });
      this.#settle(sid);
    });
  }

  /** Resolves when it has happened. */
  cutShort(sid, what) {
    return new Promise((cut) => this.#short.set(sid, { what, cut }));
  }

  cutShortNext(what) {
    return this.cutShort(ANY, what);
  }

  /** A server's end of a connection of this sid. */
  watch(sid, upstream) {
    if (!sid) return;
    if (!this.#upstreams.has(sid)) this.#upstreams.set(sid, new Set());
    const open = this.#upstreams.get(sid);
    open.add(upstream);
    upstream.on('close', () => {
      open.delete(upstream);
      this.#settle(sid);
    });
  }

  #settle(sid) {
    const severed = this.#severed.get(sid);
    if (severed && !this.#upstreams.get(sid)?.size) severed.settle(severed.said);
  }

  /** The client's end is gone: so is the server's, unless it is not to hear of it. */
  leave(sid, upstream) {
    this.afterThaw(() => this.isSevered(sid) || upstream.destroy());
  }

  toServer() {
    return this.#gate((chunk) => chunk);
  }

  /** `sid` may become known later; `end` cuts the client off. */
  toClient(sid, end) {
    const sidNow = typeof sid === 'function' ? sid : () => sid;
    return this.#gate((chunk) => {
      const severed = this.#severed.get(sidNow());
      if (severed) severed.said += chunk.toString('latin1');
      if (severed) return null;
      const text = chunk.toString('latin1');
      const named = [sidNow(), ANY].find((it) => this.#short.get(it)?.what.test(text));
      if (!named) return chunk;
      const { what, cut } = this.#short.get(named);
      this.#short.delete(named);
      // What is before it, and the beginning of it, is still written.
      setImmediate(() => {
        end();
        cut();
      });
      const [found] = what.exec(text);
      return chunk.subarray(0, text.indexOf(found) + found.length / 2);
    });
  }

  #gate(pass) {
    return new Transform({
      transform: (chunk, _encoding, done) => this.afterThaw(() => done(null, pass(chunk))),
      flush: (done) => this.afterThaw(() => done()),
    });
  }
}
