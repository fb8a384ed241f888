import { part } from './dom';
import type { State } from './connection';

/** A short break is not worth a word, a flash of red even less. */
const QUIET_MS = 2_000;
const BACK_MS = 3_000;

const TRANSPORTS: Record<string, string> = { websocket: 'WebSocket', polling: 'HTTP long-polling' };

/** Says in one line how the connection is, and which transport it uses. */
export class StatusBar {
  private readonly bar: HTMLElement;
  private readonly words: HTMLElement;
  private readonly transport: HTMLElement;
  private timer: number | undefined;

  constructor(root: HTMLElement) {
    this.bar = part('bar', HTMLElement, root);
    this.words = part('state', HTMLElement, root);
    this.transport = part('transport', HTMLElement, root);
    addEventListener('offline', () => this.bar.dataset['kind'] === 'down' && this.down());
  }

  state(state: State): void {
    const before = this.bar.dataset['kind'];
    this.bar.dataset['kind'] = state.kind;
    switch (state.kind) {
      case 'closed':
        return this.say('Not connected');
      case 'connecting':
        return this.say('Connecting…');
      case 'refused':
        return this.say(state.why);
      case 'up':
        return state.again && before === 'down' ? this.back(state.recovered) : this.say('Connected');
      case 'down':
        // Failed attempts come again and again; the first break started the wait.
        if (before !== 'down') this.later(QUIET_MS, () => this.down());
    }
  }

  using(transport: string): void {
    this.transport.dataset['name'] = transport;
    this.transport.textContent = TRANSPORTS[transport] ?? transport;
  }

  private down(): void {
    this.say(navigator.onLine ? 'Reconnecting… messages will be sent then' : 'Offline, messages will be sent later');
  }

  private back(recovered: boolean): void {
    this.say(recovered ? 'Back online, nothing was missed' : 'Back online');
    this.later(BACK_MS, () => this.say('Connected'));
  }

  private say(words: string): void {
    clearTimeout(this.timer);
    this.bar.dataset['shown'] = this.bar.dataset['kind'] ?? 'closed';
    if (this.words.textContent !== words) this.words.textContent = words;
    if (this.bar.dataset['kind'] !== 'up') {
      this.transport.textContent = '';
      delete this.transport.dataset['name'];
    }
  }

  private later(ms: number, act: () => void): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(act, ms);
  }
}
