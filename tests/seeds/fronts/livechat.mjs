// Seed 002: an inbox on the default path, by WebSocket alone, that hears of the rooms it has joined. Its helpers emit
// without asking for an acknowledgement, and it sends over HTTP.

import { Client, claimsOf, line } from '../../e2e/support/clients.mjs';
import { send } from './rest.mjs';
import { Screen } from './screen.mjs';

export class Livechat extends Client {
  #processedMessages = new Set();

  /** The seed's own options, and `auth`: without a token nobody comes in. */
  constructor(who, url, auth, options) {
    super(`${who} (002)`, url, '/', { transports: ['websocket'], autoConnect: true, auth, ...options });
    this.screen = new Screen(this.who);
    this.handleNewMessage = (message) => {
      if (this.#processedMessages.has(message.id)) return;
      this.#processedMessages.add(message.id);
      this.screen.show(message.contact_id, lineOf(message));
    };
    this.socket.on('new_message', this.handleNewMessage);
  }

  joinContactRoom(contactId) {
    this.socket.emit('join_contact', { contactId });
  }

  joinWorkspace(workspaceId) {
    this.socket.emit('join_workspace', { workspaceId });
  }

  /** What its component does on unmount. */
  unmount() {
    this.socket.off('new_message', this.handleNewMessage);
  }

  /** The rows as they came, of one contact, with what came twice. */
  rows(contactId) {
    return this.events.named('new_message', ({ payload }) => payload.contact_id === contactId).map(({ payload }) => payload);
  }
}

export class Inbox extends Livechat {
  constructor(url, token, options) {
    const { name, workspace } = claimsOf(token);
    super(`operator ${name}`, url, { token }, options);
    this.url = url;
    this.token = token;
    this.name = name;
    this.workspaceId = workspace;
    this.socket.on('connect', () => this.joinWorkspace(this.workspaceId));
  }

  /** Joining again changes nothing, and its answer comes after that of the first. */
  async comeIn() {
    await this.connected();
    await this.granted('join_workspace', { workspaceId: this.workspaceId });
  }

  /** The room it has joined brings what it has sent as well, as to everybody in it. */
  async write(sessionId, text) {
    await send(this.url, this.token, sessionId, text);
    await this.screen.until(text);
  }
}

function lineOf({ id, seq, body, msg_type, direction, sender, created_at }) {
  const side = direction === 'inbound' ? 'in' : 'out';
  return line({
    messageId: id, seq, message: body, type: msg_type, direction: side, guestName: sender, agentName: sender, timestamp: created_at,
  });
}
