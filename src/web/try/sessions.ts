import { make, part } from '../lib/dom';
import type { Message, Session, Status } from '../lib/protocol';

type Written = Pick<Message, 'sessionId' | 'message' | 'direction' | 'timestamp'>;

const RANK: Record<Status, number> = { waiting: 0, active: 1, ended: 2 };
const WORDS: Record<Status, string> = { waiting: 'waiting', active: 'active', ended: 'ended' };

/** The list of sessions: waiting ones first, the one that waits longest on top. */
export class SessionList {
  onOpen: (sessionId: string) => void = () => {};

  private readonly list = part('sessions', HTMLUListElement);
  private readonly none = part('sessions-none', HTMLElement);
  private readonly sessions = new Map<string, Session>();
  private open = '';

  get(sessionId: string): Session | undefined {
    return this.sessions.get(sessionId);
  }

  replace(sessions: Session[]): void {
    this.sessions.clear();
    this.put(...sessions);
  }

  put(...sessions: Session[]): void {
    for (const session of sessions) this.sessions.set(session.sessionId, session);
    this.render();
  }

  /** A message, unless a `session:updated` was faster and has counted it: times come from one clock, as ISO text. */
  wrote({ sessionId, message, direction, timestamp }: Written): void {
    const session = this.sessions.get(sessionId);
    if (!session || (session.lastMessage && session.lastMessage.timestamp >= timestamp)) return;
    // Who answers has read.
    const unread = direction === 'in' ? session.unread + 1 : 0;
    this.put({ ...session, lastMessage: { message, direction, timestamp }, unread });
  }

  readAll(sessionId: string): void {
    const session = this.sessions.get(sessionId);
    if (session && session.unread > 0) this.put({ ...session, unread: 0 });
  }

  select(sessionId: string): void {
    this.open = sessionId;
    this.render();
  }

  private render(): void {
    const focused = document.activeElement?.closest('[data-session]')?.getAttribute('data-session');
    const sorted = [...this.sessions.values()].sort(
      (a, b) => RANK[a.status] - RANK[b.status] || a.createdAt.localeCompare(b.createdAt),
    );
    this.none.hidden = sorted.length > 0;
    this.list.replaceChildren(...sorted.map((session) => make('li', '', this.row(session))));
    // The rows are new, so the keyboard's place has to be found again.
    if (focused) this.list.querySelector<HTMLElement>(`[data-session="${CSS.escape(focused)}"]`)?.focus();
  }

  private row(session: Session): HTMLElement {
    const name = make('span', 'name', session.guest.name || 'Guest');
    const badge = make('span', `badge ${session.status}`, WORDS[session.status]);
    const last = make('span', 'last', session.lastMessage?.message ?? '');
    const button = make('button', 'session', name, badge, last);
    button.type = 'button';
    button.dataset['session'] = session.sessionId;
    button.setAttribute('aria-current', String(session.sessionId === this.open));
    // An open one is being read, whether or not the relay knows that.
    if (session.unread > 0 && session.sessionId !== this.open) {
      const count = make('span', 'unread', String(session.unread));
      count.append(make('span', 'unseen', ' unread'));
      button.append(count);
    }
    button.addEventListener('click', () => this.onOpen(session.sessionId));
    return button;
  }
}
