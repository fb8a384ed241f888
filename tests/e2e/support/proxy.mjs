// A load balancer without stickiness, made as unkind as the promises allow: two consecutive requests
// of one connection never reach the same server, the upgrade included. A test that passes through it
// shows that no server keeps a connection to itself (P4). A server that takes no connections any more is
// passed over; a request that it may have read is not sent again, since the client alone knows what it means.

import http from 'node:http';
import net from 'node:net';
import { Faults } from './faults.mjs';

// They belong to one TCP connection, not to the message.
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding']);

// Servers may close idle connections without a word. Ours go first, so that no request is written
// into a connection that is just being closed: the official client takes that as the end of its sid.
const IDLE_BACKEND_MS = 2_000;

// The OPEN packet is the first thing a server sends and is shorter than this.
const OPEN_PACKET_WINDOW = 4_096;

/** Starts a proxy on a free port. `backends` are `host:port` strings. */
export async function startProxy(backends) {
  const proxy = new AlternatingProxy(backends);
  await proxy.listen();
  return proxy;
}

class AlternatingProxy {
  #backends;
  #server = http.createServer();
  #turn = 0;
  #down = new Set();
  /** sid -> which backend was last, and how often each one served it */
  #routes = new Map();
  /** sid -> client sockets that carry a request or a tunnel of it right now */
  #live = new Map();
  #clientSockets = new Set();
  #cutOnArrival = new Set();
  #refusing = null;
  /** what an upgrade is answered with instead of being let through */
  #upgradeAnswer = null;
  /** faults that wait for their request: {sid, method, how, hit} */
  #awaited = new Set();
  #gate = Promise.resolve();
  #breakProbe = false;
  #faults = new Faults();

  constructor(backends) {
    this.#backends = backends.map((address) => {
      const [host, port] = address.split(':');
      return { host, port: Number(port), agent: new http.Agent({ keepAlive: true, timeout: IDLE_BACKEND_MS }) };
    });
    // A parked GET is a long request by design.
    this.#server.requestTimeout = 0;
    this.#server.on('connection', (socket) => this.#onConnection(socket));
    this.#server.on('request', (request, response) => this.#forward(request, response));
    this.#server.on('upgrade', (request, socket, head) => this.#tunnel(request, socket, head));
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  listen() {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', resolve);
    });
  }

  async close() {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.cut('all');
    for (const backend of this.#backends) backend.agent.destroy();
    await closed;
  }

  /**
   * Per sid: the backend of its handshake, requests by backend (`served`, handshake and upgrade included), `upgrades`
   * by backend, and how many were answered here (`refused`).
   */
  report() {
    const rows = [...this.#routes].map(([sid, route]) => [
      sid,
      { first: route.first, served: [...route.served], upgrades: [...route.upgrades], refused: route.refused },
    ]);
    return Object.fromEntries(rows);
  }

  /**
   * Destroys the TCP connections of one sid, or `'all'`. A polling client may be between two requests
   * at this moment; then its next one is destroyed instead, so that a cut is always noticed.
   */
  cut(sidOrAll = 'all') {
    const sockets = sidOrAll === 'all' ? this.#clientSockets : (this.#live.get(sidOrAll) ?? new Set());
    if (sidOrAll !== 'all' && sockets.size === 0) this.#cutOnArrival.add(sidOrAll);
    for (const socket of [...sockets]) socket.destroy();
  }

  /**
   * `'websocket'`: upgrades get a quick 403, as from a proxy that forbids them.
   * `'everything'`: every new connection is destroyed, as if the network were gone.
   */
  refuse(kind) {
    if (!['websocket', 'everything'].includes(kind)) throw new Error(`cannot refuse ${kind}`);
    this.#refusing = kind;
  }

  /** Ends `refuse` and `answerUpgrades`. */
  accept() {
    this.#refusing = null;
    this.#upgradeAnswer = null;
  }

  /** As proxies do that know no WebSocket: a status, `'reset'`, or `'hang'`, which swallows it. */
  answerUpgrades(how) {
    this.#upgradeAnswer = how;
  }

  /**
   * The next request of this sid by this method goes wrong. A status: that is the answer, and no server sees
   * the request. `'reset'`: no answer. `{status, body}`: the request is served, and this is told instead.
   * `'truncate'`: half of the server's answer. Resolves once it has happened.
   */
  faultNext(sid, method, how) {
    return new Promise((hit) => this.#awaited.add({ sid, method, how, hit }));
  }

  /** Keeps upgrades waiting until the returned function is called. */
  holdUpgrades() {
    let release;
    this.#gate = new Promise((resolve) => (release = resolve));
    return release;
  }

  /** Nothing gets through in either direction, and nothing is closed, until `thaw`: the client is asleep. */
  freeze() {
    this.#faults.freeze();
  }

  thaw() {
    this.#faults.thaw();
  }

  /**
   * The client loses its TCP connections of this sid and the servers do not hear of it. Resolves with what a
   * server said last, once the servers have ended all of them.
   */
  async sever(sid) {
    const ended = this.#faults.sever(sid);
    for (const socket of [...(this.#live.get(sid) ?? [])]) socket.destroy();
    return ended;
  }

  /** The next of `what` that a server sends to this sid (a RegExp) is cut in its middle, with its connection. */
  cutShort(sid, what) {
    return this.#faults.cutShort(sid, what);
  }

  /** The same, on whichever connection comes next with it. */
  cutShortNext(what) {
    return this.#faults.cutShortNext(what);
  }

  /** The next probing WebSocket dies with the server's `3probe` on its way. */
  breakNextProbe() {
    this.#breakProbe = true;
  }

  #onConnection(socket) {
    socket.on('error', () => {});
    if (this.#refusing === 'everything') return socket.destroy();
    this.#clientSockets.add(socket);
    socket.on('close', () => this.#clientSockets.delete(socket));
  }

  #isCut(sid) {
    return this.#refusing === 'everything' || this.#cutOnArrival.delete(sid);
  }

  #route(sid) {
    if (!this.#routes.has(sid)) {
      const zeros = () => this.#backends.map(() => 0);
      this.#routes.set(sid, { last: -1, served: zeros(), upgrades: zeros(), refused: 0 });
    }
    return this.#routes.get(sid);
  }

  #pick(sid) {
    const known = sid && this.#routes.get(sid);
    let index = known ? this.#after(known.last) : this.#turn % this.#backends.length;
    // A client asleep gives up one handshake after the other: they are all for the next server, or the one that
    // it takes in the end would as well be for the last.
    if (!known && !this.#faults.isFrozen) this.#turn += 1;
    while (this.#down.has(index) && this.#down.size < this.#backends.length) index = this.#after(index);
    if (sid) this.#served(sid, index);
    return index;
  }

  #after(index) {
    return (index + 1) % this.#backends.length;
  }

  /** True if nobody can have read what was to be sent, and somebody else is there to get it. */
  #passesOver(index, error) {
    if (error.code !== 'ECONNREFUSED') return false;
    this.#down.add(index);
    return this.#down.size < this.#backends.length;
  }

  #served(sid, index) {
    const route = this.#route(sid);
    route.first ??= index;
    route.last = index;
    route.served[index] += 1;
  }

  #track(sid, socket) {
    if (!sid) return () => {};
    if (!this.#live.has(sid)) this.#live.set(sid, new Set());
    const sockets = this.#live.get(sid);
    sockets.add(socket);
    return () => sockets.delete(socket);
  }

  /** A handshake has no sid yet; the answer names it, so that the next request can go elsewhere. */
  #learnSid(stream, onSid) {
    let seen = '';
    const look = (chunk) => {
      seen += chunk.toString('latin1');
      const open = /"sid":"([^"]+)"/.exec(seen);
      if (open) onSid(open[1]);
      if (open || seen.length > OPEN_PACKET_WINDOW) stream.off('data', look);
    };
    stream.on('data', look);
  }

  #forward(request, response) {
    const sid = sidOf(request);
    if (this.#isCut(sid) || this.#faults.isSevered(sid)) return request.socket.destroy();
    const fault = this.#faultOf(sid, request.method);
    if (fault === 'reset') return request.socket.resetAndDestroy();
    if (typeof fault === 'number') {
      request.resume();
      response.writeHead(fault, { 'content-length': 0 });
      return response.end();
    }
    const index = this.#pick(sid);
    const release = this.#track(sid, request.socket);
    const { host, port, agent } = this.#backends[index];
    const { method, url: path } = request;
    const upstream = http.request({ host, port, agent, method, path, headers: endToEnd(request.headers) });

    upstream.on('response', (answer) => {
      if (!sid) this.#learnSid(answer, (fresh) => this.#served(fresh, index));
      if (fault) return this.#spoil(answer, response, fault);
      response.writeHead(answer.statusCode, endToEnd(answer.headers));
      answer.pipe(this.#faults.toClient(sid, () => response.destroy())).pipe(response);
      // An answer cut short must not look complete to the client.
      answer.on('close', () => answer.complete || response.destroy());
      answer.on('error', () => response.destroy());
    });
    upstream.on('error', (error) => {
      if (this.#passesOver(index, error)) return this.#forward(request, response);
      if (response.headersSent) return response.destroy();
      response.writeHead(502, { 'content-type': 'text/plain' });
      response.end(`${host}:${port}: ${error.message}`);
    });
    this.#faults.watch(sid, upstream);
    response.on('close', () => {
      release();
      if (!response.writableFinished) this.#faults.leave(sid, upstream);
    });
    request.on('error', () => this.#faults.leave(sid, upstream));
    // Not before somebody takes it: what is piped to nobody cannot be piped again.
    const send = () => request.pipe(this.#faults.toServer()).pipe(upstream);
    upstream.on('socket', (socket) => {
      if (!socket.connecting) return send();
      socket.once('connect', send);
    });
  }

  #faultOf(sid, method) {
    const fault = [...this.#awaited].find((one) => one.sid === sid && one.method === method);
    if (!fault) return null;
    this.#awaited.delete(fault);
    fault.hit();
    return fault.how;
  }

  async #spoil(answer, response, fault) {
    const whole = Buffer.concat(await answer.toArray());
    if (fault === 'truncate') {
      response.writeHead(answer.statusCode, { ...endToEnd(answer.headers), 'content-length': whole.length });
      return response.write(whole.subarray(0, whole.length / 2), () => response.destroy());
    }
    response.writeHead(fault.status, { 'content-type': 'text/html' });
    return response.end(fault.body);
  }

  async #tunnel(request, socket, head) {
    const sid = sidOf(request);
    if (this.#isCut(sid) || this.#faults.isSevered(sid)) return socket.destroy();
    if (sid && this.#upgradeAnswer) this.#route(sid).refused += 1;
    if (this.#upgradeAnswer === 'hang') return;
    if (this.#upgradeAnswer === 'reset') return socket.resetAndDestroy();
    if (this.#upgradeAnswer) {
      return socket.end(`HTTP/1.1 ${this.#upgradeAnswer} Proxy\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    }
    if (this.#refusing === 'websocket') {
      return socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    }
    await this.#gate;
    if (socket.destroyed) return;

    const index = this.#pick(sid);
    if (sid) this.#route(sid).upgrades[index] += 1;
    const { host, port } = this.#backends[index];
    const upstream = net.connect(port, host);
    let known = sid;
    let release = this.#track(sid, socket);
    let isPassedOver = false;
    upstream.on('error', (error) => {
      isPassedOver = this.#passesOver(index, error);
      if (isPassedOver) this.#tunnel(request, socket, head);
    });
    upstream.on('close', () => isPassedOver || this.#faults.afterThaw(() => socket.destroy()));
    socket.on('close', () => {
      release();
      this.#faults.leave(known, upstream);
    });
    if (!sid) {
      this.#learnSid(upstream, (fresh) => {
        known = fresh;
        this.#served(fresh, index);
        this.#faults.watch(fresh, upstream);
        release = this.#track(fresh, socket);
      });
    }
    this.#faults.watch(sid, upstream);
    upstream.on('data', (chunk) => this.#breakIfProbe(chunk, socket));
    const begin = () => {
      upstream.write(headOf(request));
      upstream.write(head);
      socket.pipe(this.#faults.toServer()).pipe(upstream);
      upstream.pipe(this.#faults.toClient(() => known, () => socket.destroy())).pipe(socket);
    };
    upstream.on('connect', () => this.#faults.afterThaw(begin));
  }

  /** Runs before the pipe writes the same chunk, so the client never sees it. */
  #breakIfProbe(chunk, socket) {
    if (!this.#breakProbe || !chunk.includes('3probe')) return;
    this.#breakProbe = false;
    socket.destroy();
  }
}

function sidOf(request) {
  return new URL(request.url, 'http://proxy').searchParams.get('sid');
}

function endToEnd(headers) {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name)));
}

function headOf(request) {
  const lines = [`${request.method} ${request.url} HTTP/1.1`];
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    lines.push(`${request.rawHeaders[i]}: ${request.rawHeaders[i + 1]}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}
