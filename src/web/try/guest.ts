import { Connection, type State } from '../lib/connection';
import { Conversation } from '../lib/conversation';
import { make, part } from '../lib/dom';
import { Outbox } from '../lib/outbox';
import { Refused, type Started, type Status } from '../lib/protocol';
import { Receipts } from '../lib/receipts';
import { load, save } from '../lib/store';
import { catchUp, Thread } from '../lib/thread';
import { typing } from '../lib/typing';

const KEY = 'switchboard.guest';
const PAGE = 30;
const PAUSE_MS = 3_000;

interface Saved {
  name: string;
  email: string;
  /** What resumes the session; a secret of this guest, so it stays in this tab. */
  token?: string;
}

const form = part('guest-form', HTMLFormElement);
const nameField = part('guest-name', HTMLInputElement);
const emailField = part('guest-email', HTMLInputElement);
const error = part('guest-error', HTMLElement);
const about = part('guest-about', HTMLElement);
const chat = part('guest-chat', HTMLElement);
const endButton = part('guest-end', HTMLButtonElement);
const againButton = part('guest-again', HTMLButtonElement);

export function startGuest(): void {
  new Guest().begin();
}

class Guest {
  private saved = load<Saved>(KEY);
  private sessionId = '';
  private status: Status = 'waiting';
  private joinedHere = false;
  private thread = new Thread('in');
  private readonly connection = new Connection('/public-portal', () => ({}));
  private readonly conversation = new Conversation(chat, 'Conversation with the operator', this.connection);
  private readonly outbox = new Outbox(
    `${KEY}.outbox`,
    ({ clientMessageId, text }) => this.connection.request('guest:message', { message: text, type: 'text', clientMessageId }),
    {
      stored: (item, stored) => this.thread.stored(item, stored),
      failed: (item, why) => this.thread.waits(item.clientMessageId, true, why),
      delayed: (item, why) => this.thread.waits(item.clientMessageId, false, why),
    },
  );
  private readonly receipts = new Receipts(
    () => ({ seq: this.thread.lastReceived, inView: this.conversation.view.atEnd && !chat.hidden }),
    (mark, seq) => this.connection.tell(`guest:${mark}`, { seq }),
  );

  begin(): void {
    this.listenToPage();
    this.listenToRelay();
    this.showForm(this.saved === undefined);
    if (this.saved) this.conversation.connect();
  }

  private listenToPage(): void {
    const { view, composer } = this.conversation;
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.submit();
    });
    endButton.addEventListener('click', () => void this.end());
    againButton.addEventListener('click', () => this.forget());
    composer.onSend = (text) => this.thread.write(this.outbox.add(this.sessionId, text));
    composer.onTyping = (isTyping) => this.connection.tell('guest:typing', { isTyping });
    view.onEnd = () => this.receipts.check();
    view.onRetry = (key) => {
      this.thread.waits(key, false);
      this.outbox.retry(key);
    };
    view.onEarlier = () => void this.earlier();
  }

  private listenToRelay(): void {
    const { connection } = this;
    connection.onState = (state) => this.changed(state);
    connection.on('staff:message', (message) => {
      typing(this.thread, undefined);
      this.thread.add(message);
      this.receipts.check();
    });
    connection.on('staff:typing', ({ isTyping, agentName }) => typing(this.thread, isTyping ? agentName : undefined));
    connection.on('session:agent_joined', ({ agentName }) => {
      this.show('active', `${agentName} is here`);
      this.thread.note(`${agentName} joined the conversation`);
    });
    connection.on('session:agent_left', ({ agentName }) => {
      this.show('waiting', 'Waiting for an operator');
      this.thread.note(`${agentName} left the conversation`);
    });
    connection.on('session:queue', ({ position }) => this.show('waiting', inQueue(position)));
    connection.on('session:ended', () => this.ended());
    connection.on('message:status', ({ status, seq }) => this.thread.mark(status, seq));
  }

  private submit(): void {
    const name = nameField.value.trim();
    nameField.setAttribute('aria-invalid', String(name === ''));
    error.textContent = name === '' ? 'Please give a name.' : '';
    if (name === '') return nameField.focus();
    this.keep({ name, email: emailField.value.trim() });
    this.showForm(false);
    this.conversation.connect();
    this.conversation.composer.focus();
  }

  private changed(state: State): void {
    this.conversation.showState(state);
    if (state.kind !== 'up') return this.outbox.pause();
    // A recovered connection is as it was, and what it missed is on its way as ordinary events.
    this.joinedHere &&= state.recovered;
    if (this.joinedHere) this.outbox.resume();
    else void this.join();
  }

  private async join(): Promise<void> {
    const known = this.thread.resumeFrom;
    try {
      const started = await this.connection.request('guest:start', { ...this.saved, page: location.pathname });
      this.joined(started);
      await catchUp(this.thread, known, (beforeSeq) => this.page(beforeSeq));
      this.joinedHere = true;
      if (this.status !== 'ended') this.outbox.resume();
      this.receipts.reset();
    } catch (problem) {
      this.notJoined(problem);
    }
  }

  private joined(started: Started): void {
    if (started.sessionId !== this.sessionId) {
      this.sessionId = started.sessionId;
      this.thread = new Thread('in');
      this.outbox.of(this.sessionId).forEach((item) => this.thread.write(item));
      this.conversation.view.show(this.thread);
      this.conversation.composer.use(`${KEY}.draft`, true);
    }
    if (this.saved) this.keep({ ...this.saved, token: started.token });
    if (started.status === 'ended') this.ended();
    else if (started.status === 'active') this.show('active', 'An operator is here');
    else this.show('waiting', inQueue(started.queuePosition));
  }

  private notJoined(problem: unknown): void {
    if (!this.connection.up) return;
    if (problem instanceof Refused && !problem.passes) {
      // The form again; what was written before stays in it.
      const { name = '', email = '' } = this.saved ?? {};
      this.forget();
      nameField.value = name;
      emailField.value = email;
      error.textContent = problem.message;
      if (problem.refusal.field === 'email') emailField.setAttribute('aria-invalid', 'true');
      return;
    }
    about.textContent = problem instanceof Error ? problem.message : '';
    const pause = problem instanceof Refused ? problem.refusal.retryAfterMs : undefined;
    setTimeout(() => this.connection.up && void this.join(), pause ?? PAUSE_MS);
  }

  private page(beforeSeq?: number) {
    return this.connection.request('guest:history', { beforeSeq, limit: PAGE });
  }

  private async earlier(): Promise<void> {
    const { messages, more } = await this.page(this.thread.firstSeq);
    this.thread.more = more;
    this.conversation.view.earlierCame(() => this.thread.addPage(messages, true));
  }

  private async end(): Promise<void> {
    try {
      await this.connection.request('guest:end', {});
      this.ended();
    } catch (problem) {
      about.textContent = problem instanceof Error ? problem.message : '';
    }
  }

  private ended(): void {
    if (this.status === 'ended') return;
    this.outbox.pause();
    this.thread.note('The conversation has ended');
    this.show('ended', 'Ended');
  }

  private show(status: Status, words: string): void {
    this.status = status;
    about.replaceChildren(make('span', `badge ${status}`, words));
    endButton.hidden = status === 'ended';
    againButton.hidden = status !== 'ended';
    this.conversation.composer.use(`${KEY}.draft`, status !== 'ended');
  }

  /** Back to the form; the session stays with the operators. */
  private forget(): void {
    this.connection.close();
    this.outbox.pause();
    this.outbox.clear();
    this.keep(undefined);
    this.sessionId = '';
    this.status = 'waiting';
    this.showForm(true);
  }

  private showForm(show: boolean): void {
    form.hidden = !show;
    chat.hidden = show;
    about.textContent = '';
    endButton.hidden = true;
    againButton.hidden = true;
    error.textContent = '';
    this.conversation.composer.use(`${KEY}.draft`, false);
  }

  private keep(saved: Saved | undefined): void {
    this.saved = saved;
    save(KEY, saved);
  }
}

function inQueue(position: number | undefined): string {
  if (position === undefined) return 'Waiting for an operator';
  return position <= 1 ? 'Next in the queue' : `Number ${position} in the queue`;
}
