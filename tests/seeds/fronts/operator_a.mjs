// The two front ends of seed 003, as its guide has them: on /chat, `join` from the `connect` listener, no acknowledgement
// anywhere. The visitor says its name as `username`; the panel shows its token in `join`.

import { Client, claimsOf } from '../../e2e/support/clients.mjs';
import { Screen } from './screen.mjs';

export class VisitorA extends Client {
  typing = [];

  constructor(url, username, options) {
    super(`guest ${username} (003)`, url, '/', { path: '/chat', ...options });
    this.name = username;
    this.screen = new Screen(this.who);
    const { socket } = this;
    socket.on('connect', () => socket.emit('join', { role: 'client', username, token: this.token }));
    // The one thing that its page has to keep to be the same visitor after a reload.
    socket.on('session:started', ({ sessionId, token }) => Object.assign(this, { sessionId, token }));
    socket.on('incomingOperatorMessage', (message) => this.screen.show(this.sessionId, lineOf(message, 'out', message.operatorName)));
    socket.on('operatorTyping', ({ isTyping }) => this.typing.push(isTyping));
  }

  async comeIn() {
    const { payload } = await this.hear('session:started');
    return payload.sessionId;
  }

  write(text) {
    this.socket.emit('clientMessage', { type: 'text', message: text });
    this.screen.show(this.sessionId, { text, type: 'text', side: 'in', author: this.name });
  }

  type(isTyping) {
    this.socket.emit('clientTyping', { isTyping });
  }
}

export class PanelA extends Client {
  /** clientId -> username */
  chats = new Map();
  /** clientId of whose chat is open */
  viewing = null;
  /** What pops up: who has written to a visitor that is not looked at. */
  toasts = [];
  /** Of visitors: {from, isTyping} */
  typing = [];
  ended = [];

  /** Without `hint` it is an operator like those of 004, since their `join` is the same. */
  constructor(url, token, { hint, ...options } = {}) {
    const { sub, name } = claimsOf(token);
    const query = hint ? { query: { dialect: 'operator-a' } } : {};
    super(`operator ${name} (003)`, url, '/', { path: '/chat', ...query, ...options });
    this.user = { id: /^\d+$/.test(sub) ? Number(sub) : sub, name };
    this.token = token;
    this.screen = new Screen(this.who);
    this.#listen();
  }

  #listen() {
    const { socket, user } = this;
    socket.on('connect', () => socket.emit('join', this.introduction()));
    socket.on('newChat', ({ clientId, username }) => this.chats.set(clientId, username));
    socket.on('incomingMessage', ({ from, ...message }) => this.screen.show(from, lineOf(message, 'in', this.chats.get(from))));
    socket.on('operatorMessageBroadcast', ({ clientId, message, operatorId, operatorName }) => {
      // Another page of the same operator shows what it has sent by itself.
      if (operatorId === user.id) return;
      this.screen.show(clientId, broadcast(message));
      if (clientId !== this.viewing) this.toasts.push(`${operatorName} → ${this.chats.get(clientId)}`);
    });
    socket.on('clientTyping', (typing) => this.typing.push(typing));
    socket.on('chatEnded', ({ clientId }) => this.ended.push(clientId));
  }

  introduction() {
    return { role: 'operator', name: this.user.name, operatorId: this.user.id, token: this.token };
  }

  /** The list of operators is asked for behind the `join`, so whoever is in it has joined. */
  async comeIn() {
    await this.connected();
    const operators = await this.operators();
    if (!operators.some(({ operatorId }) => operatorId === this.user.id)) throw new Error(`${this.who} is not in ${JSON.stringify(operators)}`);
  }

  /** Those that are connected. */
  async operators() {
    const known = this.events.named('connectedOperatorsList').length;
    this.socket.emit('getConnectedOperators');
    const { payload } = await this.hear('connectedOperatorsList', undefined, { nth: known + 1 });
    return payload;
  }

  write(clientId, text, extra) {
    const { id, name } = this.user;
    this.socket.emit('operatorMessage', { to: clientId, type: 'text', message: text, operatorId: id, operatorName: name, ...extra });
    this.screen.show(clientId, { text, type: 'text', side: 'out', author: name });
  }

  type(clientId, isTyping) {
    this.socket.emit('operatorTyping', { to: clientId, isTyping });
  }
}

function lineOf({ id, seq, type, message, timestamp }, side, author) {
  return { messageId: id, seq, text: message, type, side, author, timestamp };
}

function broadcast({ id, seq, text, timestamp, operatorName }) {
  return { messageId: id, seq, text, type: 'text', side: 'out', author: operatorName, timestamp };
}
