import { io, type Socket } from 'socket.io-client';
import { NoAnswer, Refused, type Events, type Refusal, type Requests } from './protocol';

/** Longer than the relay's own limit for an ack (10 s), so that its answer is preferred to our giving up. */
const ACK_TIMEOUT_MS = 15_000;

export type Transport = 'default' | 'websocket' | 'polling';

export type State =
  | { kind: 'closed' }
  | { kind: 'connecting' }
  | { kind: 'up'; recovered: boolean; again: boolean }
  | { kind: 'down' }
  | { kind: 'refused'; why: string };

type Listener<K extends keyof Events> = { event: K; handler: Events[K] };

/**
 * One Socket.IO client of its own (`forceNew`: both panes of a page must not share a connection), with its
 * state told as one value and its requests as promises.
 */
export class Connection {
  onState: (state: State) => void = () => {};
  /** The transport in use: first what the handshake took, then what an upgrade changed it to. */
  onTransport: (name: string) => void = () => {};

  private readonly socket: Socket;
  private wasUp = false;

  constructor(namespace: string, auth: () => object) {
    this.socket = io(namespace, {
      auth: (give) => give(auth()),
      autoConnect: false,
      forceNew: true,
      reconnectionDelay: 1_000,
      reconnectionDelayMax: 30_000,
      randomizationFactor: 0.5,
    });
    this.socket.on('connect', () => {
      this.onState({ kind: 'up', recovered: this.socket.recovered, again: this.wasUp });
      this.wasUp = true;
    });
    this.socket.on('disconnect', (reason) => this.wentDown(reason));
    this.socket.on('connect_error', (error) => {
      if (this.socket.active) this.onState({ kind: 'down' });
      else this.onState({ kind: 'refused', why: error.message });
    });
    this.socket.io.on('open', () => this.watchTransport());
    addEventListener('offline', () => this.lostNetwork());
    addEventListener('online', () => this.hurry());
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && this.hurry());
  }

  get up(): boolean {
    return this.socket.connected;
  }

  on<K extends keyof Events>(...[event, handler]: [Listener<K>['event'], Listener<K>['handler']]): void {
    this.socket.on(event as string, handler as (...args: unknown[]) => void);
  }

  open(transport: Transport): void {
    this.socket.io.opts.transports = transport === 'default' ? undefined : [transport];
    this.onState({ kind: 'connecting' });
    this.socket.connect();
  }

  close(): void {
    this.socket.disconnect();
    this.wasUp = false;
    this.onState({ kind: 'closed' });
  }

  /** Leaves and comes back at once on other transports. The server sees a client that left and one that came. */
  use(transport: Transport): void {
    if (!this.socket.active) return;
    this.socket.disconnect();
    this.open(transport);
  }

  async request<K extends keyof Requests>(event: K, payload: Requests[K][0]): Promise<Requests[K][1]> {
    let answer: ({ ok: true } & Requests[K][1]) | { ok: false; error: Refusal };
    try {
      answer = await this.socket.timeout(ACK_TIMEOUT_MS).emitWithAck(event, payload);
    } catch {
      throw new NoAnswer();
    }
    if (!answer.ok) throw new Refused(answer.error);
    return answer;
  }

  /** For what is worth sending only now, and not worth an answer: typing and receipts. */
  tell<K extends keyof Requests>(event: K, payload: Requests[K][0]): void {
    if (this.up) this.socket.volatile.emit(event, payload);
  }

  private wentDown(reason: Socket.DisconnectReason): void {
    if (reason === 'io client disconnect') return;
    // The client does not come back by itself when the server told it to go.
    if (reason === 'io server disconnect') this.onState({ kind: 'refused', why: 'The server ended this connection.' });
    else this.onState({ kind: 'down' });
  }

  private watchTransport(): void {
    const engine = this.socket.io.engine;
    this.onTransport(engine.transport.name);
    // One that was left while it changed may tell of that when the next one is there.
    engine.on('upgrade', (transport) => engine === this.socket.io.engine && this.onTransport(transport.name));
  }

  /**
   * Going offline ends a connection at once instead of after the ping timeout. The client does so itself, but of
   * several connections of a page it passes over every second one; on localhost the network does not matter.
   */
  private lostNetwork(): void {
    if (this.up && location.hostname !== 'localhost') this.socket.io.engine.close();
  }

  /** Waking up or being online again ends the wait for the next attempt, which may be half a minute long. */
  private hurry(): void {
    if (this.socket.connected || !this.socket.active) return;
    this.socket.disconnect().connect();
  }
}
