import { Connection, type State } from '../lib/connection';
import { Conversation } from '../lib/conversation';
import { part } from '../lib/dom';
import { Outbox } from '../lib/outbox';
import type { Message, Session } from '../lib/protocol';
import { Receipts } from '../lib/receipts';
import { load, save } from '../lib/store';
import { catchUp, Thread } from '../lib/thread';
import { typing } from '../lib/typing';
import { SessionList } from './sessions';

const KEY = 'switchboard.operator';
const PAGE = 30;

const form = part('operator-form', HTMLFormElement);
const tokenField = part('operator-token', HTMLInputElement);
const error = part('operator-error', HTMLElement);
const about = part('operator-about', HTMLElement);
const desk = part('operator-desk', HTMLElement);
const outButton = part('operator-out', HTMLButtonElement);
const title = part('operator-session', HTMLElement);
const problem = part('operator-problem', HTMLElement);
const endButton = part('operator-end', HTMLButtonElement);
const moreButton = part('sessions-more', HTMLButtonElement);

/** `token` is what the address of the page brought, if anything; else the one of before the reload counts. */
export function startOperator(token: string | undefined): void {
  new Operator(token ?? load<string>(KEY)).begin();
}

class Operator {
  private open: string | undefined = load<string>(`${KEY}.open`);
  private cursor: string | undefined;
  private loadedHere = false;
  private readonly threads = new Map<string, Thread>();
  private readonly list = new SessionList();
  private readonly connection = new Connection('/', () => ({ token: this.token }));
  private readonly conversation = new Conversation(
    part('operator-chat', HTMLElement),
    'Conversation with the guest',
    this.connection,
  );
  private readonly outbox = new Outbox(
    `${KEY}.outbox`,
    ({ sessionId, clientMessageId, text }) =>
      this.connection.request('staff:message', { sessionId, message: text, type: 'text', clientMessageId }),
    {
      stored: (item, stored) => {
        this.thread(item.sessionId).stored(item, stored);
        this.list.wrote({ sessionId: item.sessionId, message: item.text, direction: 'out', timestamp: stored.timestamp });
      },
      failed: (item, why) => this.thread(item.sessionId).waits(item.clientMessageId, true, why),
      delayed: (item, why) => this.thread(item.sessionId).waits(item.clientMessageId, false, why),
    },
  );
  private readonly receipts = new Receipts(
    () => ({ seq: this.current?.lastReceived ?? 0, inView: this.conversation.view.atEnd && !desk.hidden }),
    (mark, seq) => this.receipt(mark, seq),
  );

  constructor(private token: string | undefined) {}

  begin(): void {
    this.listenToPage();
    this.listenToSessions();
    this.listenToMessages();
    this.connection.onState = (state) => this.changed(state);
    this.conversation.composer.use('', false);
    if (this.token) this.signIn(this.token);
    else this.showForm('');
  }

  private get current(): Thread | undefined {
    return this.open === undefined ? undefined : this.threads.get(this.open);
  }

  private listenToPage(): void {
    const { view, composer } = this.conversation;
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const token = tokenField.value.trim();
      if (token) this.signIn(token);
      else error.textContent = 'Please paste a token.';
    });
    outButton.addEventListener('click', () => this.signOut(''));
    endButton.addEventListener('click', () => void this.end());
    moreButton.addEventListener('click', () => void this.attempt(() => this.loadSessions(this.cursor)));
    this.list.onOpen = (sessionId) => void this.choose(sessionId);
    composer.onSend = (text) => this.open && this.thread(this.open).write(this.outbox.add(this.open, text));
    composer.onTyping = (isTyping) => this.open && this.connection.tell('staff:typing', { sessionId: this.open, isTyping });
    view.onEnd = () => this.receipts.check();
    view.onRetry = (key) => {
      this.current?.waits(key, false);
      this.outbox.retry(key);
    };
    view.onEarlier = () => void this.attempt(() => this.earlier());
  }

  private listenToSessions(): void {
    const changed = ({ session }: { session: Session }) => {
      this.list.put(session);
      this.showSession(session);
    };
    this.connection.on('session:created', changed);
    this.connection.on('session:updated', changed);
    this.connection.on('session:ended', (change) => {
      this.threads.get(change.session.sessionId)?.note('The conversation has ended');
      changed(change);
    });
  }

  private listenToMessages(): void {
    const arrived = (message: Message) => {
      const { sessionId } = message;
      const thread = this.threads.get(sessionId);
      if (thread && message.direction === 'in') typing(thread, undefined);
      thread?.add(message);
      this.list.wrote(message);
      if (sessionId === this.open) this.receipts.check();
    };
    this.connection.on('guest:message', arrived);
    this.connection.on('staff:message', arrived);
    this.connection.on('guest:typing', ({ sessionId, isTyping }) => {
      const thread = this.threads.get(sessionId);
      if (thread) typing(thread, isTyping ? this.list.get(sessionId)?.guest.name || 'The guest' : undefined);
    });
    this.connection.on('message:status', ({ sessionId, status, seq }) => this.threads.get(sessionId)?.mark(status, seq));
  }

  private signIn(token: string): void {
    this.token = token;
    save(KEY, token);
    tokenField.value = '';
    form.hidden = true;
    desk.hidden = false;
    outButton.hidden = false;
    about.textContent = nameIn(token);
    this.conversation.connect();
  }

  private signOut(why: string): void {
    this.connection.close();
    this.outbox.pause();
    this.token = undefined;
    save(KEY, undefined);
    this.showForm(why);
  }

  private showForm(why: string): void {
    form.hidden = false;
    desk.hidden = true;
    outButton.hidden = true;
    about.textContent = '';
    error.textContent = why;
  }

  private changed(state: State): void {
    this.conversation.showState(state);
    if (state.kind === 'refused') return this.signOut(state.why);
    if (state.kind !== 'up') return this.outbox.pause();
    this.outbox.resume();
    // After a recovery everything missed is on its way; otherwise the lists are read anew.
    this.loadedHere &&= state.recovered;
    if (!this.loadedHere) void this.attempt(() => this.reload());
  }

  private async reload(): Promise<void> {
    const known = this.current?.resumeFrom ?? 0;
    // What was loaded of the other sessions may have holes now, so it is loaded again when one is opened.
    for (const sessionId of this.threads.keys()) if (sessionId !== this.open) this.threads.delete(sessionId);
    await this.loadSessions();
    if (this.open !== undefined && this.list.get(this.open)) await this.enter(this.open, known);
    this.loadedHere = true;
  }

  private async loadSessions(cursor?: string): Promise<void> {
    const page = await this.connection.request('staff:sessions', { cursor, limit: PAGE });
    if (cursor === undefined) this.list.replace(page.sessions);
    else this.list.put(...page.sessions);
    this.cursor = page.cursor;
    moreButton.hidden = page.cursor === undefined;
  }

  private async choose(sessionId: string): Promise<void> {
    await this.attempt(() => this.enter(sessionId, this.thread(sessionId).resumeFrom));
    this.conversation.composer.focus();
  }

  /** Takes the session, unless it is over, and shows it. Who may not take it can still read it. */
  private async enter(sessionId: string, known: number): Promise<void> {
    this.open = sessionId;
    save(`${KEY}.open`, sessionId);
    this.list.select(sessionId);
    this.conversation.view.show(this.thread(sessionId));
    const listed = this.list.get(sessionId);
    if (listed) this.showSession(listed);
    if (listed?.status !== 'ended') {
      await this.attempt(async () => {
        const { session } = await this.connection.request('staff:connect_to_session', { sessionId });
        this.list.put(session);
        this.showSession(session);
      });
    }
    await catchUp(this.thread(sessionId), known, (beforeSeq) => this.page(sessionId, beforeSeq));
    this.receipts.reset();
  }

  private page(sessionId: string, beforeSeq?: number) {
    return this.connection.request('staff:history', { sessionId, beforeSeq, limit: PAGE });
  }

  private async earlier(): Promise<void> {
    const thread = this.current;
    if (!thread || this.open === undefined) return;
    const { messages, more } = await this.page(this.open, thread.firstSeq);
    thread.more = more;
    this.conversation.view.earlierCame(() => thread.addPage(messages, true));
  }

  private async end(): Promise<void> {
    const sessionId = this.open;
    if (sessionId === undefined) return;
    await this.attempt(async () => {
      const { session } = await this.connection.request('staff:end_session', { sessionId });
      this.list.put(session);
      this.showSession(session);
    });
  }

  private receipt(mark: 'delivered' | 'read', seq: number): void {
    if (this.open === undefined) return;
    this.connection.tell(`staff:${mark}`, { sessionId: this.open, seq });
    if (mark === 'read') this.list.readAll(this.open);
  }

  private thread(sessionId: string): Thread {
    let thread = this.threads.get(sessionId);
    if (!thread) {
      thread = new Thread('out');
      for (const item of this.outbox.of(sessionId)) thread.write(item);
      this.threads.set(sessionId, thread);
    }
    return thread;
  }

  private showSession(session: Session): void {
    if (session.sessionId !== this.open) return;
    const { name, email } = session.guest;
    title.textContent = [name || 'Guest', email, session.agent && `with ${session.agent.agentName}`].filter(Boolean).join(' · ');
    endButton.hidden = session.status === 'ended';
    this.conversation.composer.use(`${KEY}.draft.${session.sessionId}`, session.status !== 'ended');
  }

  /** Shows why something did not work, in the relay's own words. */
  private async attempt(act: () => Promise<void>): Promise<void> {
    problem.textContent = '';
    try {
      await act();
    } catch (why) {
      // Without a connection the status bar says so, and reconnecting repeats what matters.
      if (this.connection.up) problem.textContent = why instanceof Error ? why.message : String(why);
    }
  }
}

/** The name inside a JWT, for show only: the relay alone decides who speaks. */
function nameIn(token: string): string {
  try {
    const claims = token.split('.')[1] ?? '';
    const bytes = Uint8Array.from(atob(claims.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
    const { name } = JSON.parse(new TextDecoder().decode(bytes)) as { name?: unknown };
    return typeof name === 'string' ? name : '';
  } catch {
    return '';
  }
}
