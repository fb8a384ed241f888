// What a page shows of its conversations: each front end writes it in its own listeners, tests wait for it.

import { Journal } from '../../e2e/support/journal.mjs';

export class Screen {
  #lines;

  constructor(who) {
    this.#lines = new Journal(`the screen of ${who}`);
  }

  /** A line is {text, side, author}, and whatever of {messageId, seq, timestamp} its page is told. */
  show(sessionId, line) {
    this.#lines.add({ name: 'line', args: [line], sessionId, line });
  }

  async until(text, options) {
    const { line } = await this.#lines.wait('line', (entry) => entry.line.text === text, options);
    return line;
  }

  of(sessionId) {
    return this.#lines.named('line', (entry) => entry.sessionId === sessionId).map(({ line }) => line);
  }

  texts(sessionId) {
    return this.of(sessionId).map(({ text }) => text);
  }
}
