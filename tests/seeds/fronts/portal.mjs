// Seed 000: guests in the namespace of the public portal, staff in the main one. The vocabulary is the native one, so
// its clients are those of the other tests, with a screen.

import { Guest, Operator, line } from '../../e2e/support/clients.mjs';
import { Screen } from './screen.mjs';

export class PortalGuest extends Guest {
  constructor(url, name, options) {
    super(url, name, options);
    this.screen = new Screen(this.who);
    this.socket.on('staff:message', (message) => this.screen.show(message.sessionId, line(message)));
  }

  async comeIn() {
    const { name, email, token } = this;
    await this.start(token ? { name, token } : { name, email });
    return this.sessionId;
  }

  async write(text) {
    this.screen.show(this.sessionId, await this.say(text));
  }
}

export class PortalStaff extends Operator {
  constructor(url, token, options) {
    super(url, token, options);
    this.token = token;
    this.screen = new Screen(this.who);
    for (const name of ['guest:message', 'staff:message']) {
      this.socket.on(name, (message) => this.screen.show(message.sessionId, line(message)));
    }
  }

  async comeIn() {
    await this.hear('ready');
  }

  async write(sessionId, text) {
    this.screen.show(sessionId, await this.say(sessionId, text));
  }
}
