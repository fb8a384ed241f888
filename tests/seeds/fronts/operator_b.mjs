// The two front ends of seed 004: as those of 003, but the visitor says its `name`, the dashboard shows its token in
// the handshake, and names and payloads of what comes are others.

import { Client, claimsOf } from '../../e2e/support/clients.mjs';
import { Screen } from './screen.mjs';

export class VisitorB extends Client {
  typing = [];

  constructor(url, name, options) {
    super(`guest ${name} (004)`, url, '/', { path: '/chat', ...options });
    this.name = name;
    this.screen = new Screen(this.who);
    const { socket } = this;
    socket.on('connect', () => socket.emit('join', { role: 'client', name, token: this.token }));
    socket.on('session:started', ({ sessionId, token }) => Object.assign(this, { sessionId, token }));
    socket.on('operatorMessage', (message) => this.screen.show(this.sessionId, lineOf(message, 'out', message.operatorName)));
    socket.on('operatorTyping', (typing) => this.typing.push(typing));
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

  /** The visitor ends the chat, which is another thing than going away. */
  end() {
    this.socket.emit('chatEnded');
  }
}

export class DashboardB extends Client {
  /** clientId -> name */
  chats = new Map();
  typing = [];
  ended = [];

  constructor(url, token, { hint, ...options } = {}) {
    const { sub, name } = claimsOf(token);
    const auth = hint ? { token, dialect: 'operator-b' } : { token };
    super(`operator ${name} (004)`, url, '/', { path: '/chat', auth, ...options });
    this.user = { id: /^\d+$/.test(sub) ? Number(sub) : sub, name };
    this.token = token;
    this.screen = new Screen(this.who);
    const { socket, user } = this;
    this.introduce = () => socket.emit('join', { role: 'operator', name, operatorId: user.id });
    socket.on('connect', this.introduce);
    socket.on('newChat', ({ clientId, username }) => this.chats.set(clientId, username));
    socket.on('incomingMessage', ({ from, ...message }) => this.screen.show(from, lineOf(message, 'in', this.chats.get(from))));
    socket.on('operatorBroadcast', ({ clientId, ...message }) => this.screen.show(clientId, lineOf(message, 'out', message.operatorName)));
    socket.on('clientTyping', (typing) => this.typing.push(typing));
    socket.on('chatEnded', ({ clientId }) => this.ended.push(clientId));
  }

  /** It is an operator since the handshake, before its `join`. */
  async comeIn() {
    await this.hear('ready');
  }

  write(clientId, text, extra) {
    const { id, name } = this.user;
    this.socket.emit('operatorMessage', { to: clientId, type: 'text', message: text, operatorId: id, operatorName: name, ...extra });
    this.screen.show(clientId, { text, type: 'text', side: 'out', author: name });
  }

  type(clientId, isTyping) {
    this.socket.emit('operatorTyping', { to: clientId, isTyping, operatorName: this.user.name });
  }
}

function lineOf({ id, seq, type, message, timestamp }, side, author) {
  return { messageId: id, seq, text: message, type, side, author, timestamp };
}
