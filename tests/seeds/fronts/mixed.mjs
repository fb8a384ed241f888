// Front ends that only a room of different ones needs: a visitor of 001 that is known to nobody by a session, staff of 001,
// which has no socket, and the page of a contact of 002. And what each page loads when it is opened anew.

import assert from 'node:assert/strict';
import { claimsOf, line } from '../../e2e/support/clients.mjs';
import { chatOf } from './actions.mjs';
import { Livechat } from './livechat.mjs';
import { ask, history } from './rest.mjs';
import { reply, request, WidgetPage } from './widget.mjs';

/** A visitor of 001 who just writes: its first text makes the conversation. */
export class Visitor extends WidgetPage {
  /** What it writes it shows by itself, and is told of as everybody in its conversation; what it shows otherwise is of staff. */
  async write(text) {
    if (this.conversationId === undefined) {
      await this.lead(text);
    } else {
      const { status, answer } = await super.write(text);
      assert.equal(status, 200, JSON.stringify(answer));
    }
    await this.hear('new-message', ({ payload }) => payload.text === text);
  }

  /** It is told of everything that is said, and draws what is of staff. */
  assertShows(stored) {
    const told = this.events.named('new-message').map(({ payload }) => payload);
    const heard = told.map(({ id, seq, text, direction, timestamp }) => ({ id, seq, text, direction, timestamp }));
    assert.deepEqual(heard, stored.map(({ messageId, seq, text, side, timestamp }) => ({ id: messageId, seq, text, direction: side, timestamp })));
    const ofStaff = stored.filter(({ side }) => side === 'out');
    assert.deepEqual(
      this.screen.of(this.conversationId),
      ofStaff.map(({ messageId, text }) => ({ messageId, text, side: 'out', sender: 'bot' })),
    );
  }
}

/** The dashboard of 001: it answers and reads by HTTP, in the conversation that is open. */
export class Desk {
  constructor(url, token) {
    const { name } = claimsOf(token);
    Object.assign(this, { url, token, name, who: `operator ${name} (001)` });
  }

  comeIn() {}

  close() {}

  async write(sessionId, text) {
    await reply(this.url, this.token, sessionId, text);
  }

  async reads(sessionId) {
    return linesOf(this.url, `widget:default:${sessionId}`, this.token);
  }
}

/** A contact of 002: it has its token from when it began, joins its own room alone, and sends by HTTP. */
export class Contact extends Livechat {
  constructor(url, name, options) {
    super(`contact ${name}`, url, (send) => contact.begun().then((token) => send({ token, dialect: 'livechat' })), options);
    const contact = this;
    this.url = url;
    this.name = name;
    this.socket.on('connect', () => this.joinContactRoom(this.sessionId));
  }

  async begun() {
    if (this.token === undefined) {
      const { clientId, token } = await post(this.url, '/join', undefined, { role: 'client', name: this.name });
      Object.assign(this, { sessionId: clientId, token });
    }
    return this.token;
  }

  async comeIn() {
    await this.connected();
    await this.granted('join_contact', { contactId: this.sessionId });
    return this.sessionId;
  }

  /** Its room brings what it has said itself as well. */
  async write(text) {
    const said = { clientId: this.sessionId, senderType: 'CLIENT', messageType: 'TEXT', text };
    await post(this.url, '/saveChatMessage', this.token, said);
    await this.screen.until(text);
  }
}

/** How a page of each front end gets at what was said before: by (page, sessionId, url). */
export const LOADS = {
  '000 guest': (page) => page.history(),
  '000': (page, sessionId) => page.history(sessionId),
  '001 guest': (page, _, url) => linesOf(url, page.conversationId),
  '001': (page, sessionId) => page.reads(sessionId),
  '002': ({ token }, sessionId, url) => history(url, token, sessionId),
  // The rows of 004; the pages of 003 have no other way either.
  compat: ({ token }, sessionId, url) => {
    const getChatHistoryAction = ({ clientId, limit }) => ask(url, token, `/compat/getChatHistory?clientId=${clientId}&limit=${limit}`);
    return chatOf({ getChatHistoryAction }, sessionId);
  },
};

/** Everything of a conversation, in the rows of 001. */
async function linesOf(url, id, token) {
  const path = `/api/conversations/${encodeURIComponent(id)}/messages?limit=200`;
  const { status, answer } = await request(url, path, { token });
  assert.equal(status, 200, JSON.stringify(answer));
  return answer.messages.map(({ id: messageId, seq, text, direction, sender_name: author, created_at: timestamp }) => (
    line({ messageId, seq, message: text, type: 'text', direction, guestName: author, agentName: author, timestamp })
  ));
}

function post(url, path, token, body) {
  return ask(url, token, `/compat${path}`, { method: 'POST', body });
}
