// Seed 001: a page that connects once, listens for what staff says in its conversation, and sends by HTTP. Two lines are
// not the seed's: it shows the id that it has stored when it connects, and names its socket with its lead.

import assert from 'node:assert/strict';
import { Client } from '../../e2e/support/clients.mjs';
import { v2 } from '../../e2e/support/v2.mjs';
import { Screen } from './screen.mjs';

const ORG = 'default';
const ACCOUNT = '7';

export class WidgetPage extends Client {
  /** As in its localStorage. */
  conversationId;
  skipped = [];

  constructor(url, name, { conversationId, ...options } = {}) {
    const stored = () => (widget.conversationId ? { conv_id: widget.conversationId } : {});
    super(`widget ${name} (001)`, url, '/', { query: { orgId: ORG, accountId: ACCOUNT }, auth: (send) => send(stored()), ...options });
    const widget = this;
    this.url = url;
    this.name = name;
    this.screen = new Screen(this.who);
    this.use(conversationId);
  }

  async comeIn() {
    await this.hear('ready');
  }

  /** The second effect of the seed: the listener is another one, the socket the same. */
  use(conversationId) {
    // Without a listener, version 2 would take away another one.
    if (this.listener) this.socket.off('new-message', this.listener);
    this.conversationId = conversationId;
    this.listener = (payload) => {
      if (payload.direction === 'out' && payload.conv_id === conversationId) {
        this.screen.show(conversationId, { messageId: payload.id, text: payload.text, side: 'out', sender: payload.sender });
      } else {
        this.skipped.push(payload);
      }
    };
    this.socket.on('new-message', this.listener);
  }

  /** The first message of a visitor makes its conversation. */
  async lead(text, extra) {
    const body = { name: this.name, message: text, org_id: ORG, account_id: ACCOUNT, socket_id: this.socket.id, ...extra };
    const { status, answer } = await request(this.url, '/api/widget/lead', { body });
    assert.equal(status, 200, JSON.stringify(answer));
    this.use(answer.conv_id);
    return answer;
  }

  /** What it has to do once it goes on with a conversation that its socket does not hear. */
  async reconnect() {
    const nth = this.life.named('connect').length + 1;
    this.socket.disconnect().connect();
    return this.connected({ nth });
  }

  /** `id`: one of the forms that it may have stored. */
  write(text, id = this.conversationId) {
    return request(this.url, `/api/conversations/${encodeURIComponent(id)}/messages`, { body: { text } });
  }

  async stored() {
    return (await request(this.url, `/api/conversations/${encodeURIComponent(this.conversationId)}/messages?limit=200`)).answer.messages;
  }
}

/** With a client of version 2, which shows what it has stored in its query, and sets that before it comes back. */
export class WidgetPageV2 extends v2(WidgetPage) {
  record() {
    super.record();
    this.socket.on('reconnect_attempt', () => {
      const { opts } = this.socket.io;
      if (this.conversationId) opts.query = { ...opts.query, conv_id: this.conversationId };
    });
  }
}

/** The dashboard answers by the conversation that it knows, with its operator's token. */
export async function reply(url, token, sessionId, text) {
  const { status, answer } = await request(url, `/api/conversations/widget:${ORG}:${sessionId}/messages`, { body: { text }, token });
  assert.equal(status, 200, JSON.stringify(answer));
  return answer.message;
}

export async function request(url, path, { body, token } = {}) {
  const answer = await fetch(url + path, {
    method: body ? 'POST' : 'GET',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: body && JSON.stringify(body),
  });
  return { status: answer.status, answer: await answer.json() };
}
