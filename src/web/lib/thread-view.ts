import { make, part } from './dom';
import type { Attachment } from './protocol';
import type { Row, Thread, Tick } from './thread';

/** How near to the end still counts as being there, in pixels. */
const SNAP = 48;
/** Longest side of a picture in the log, in pixels. */
const THUMBNAIL = 240;

const TICKS: Record<Tick, { mark: string; label: string }> = {
  sending: { mark: '◷', label: 'Sending' },
  failed: { mark: '!', label: 'Not sent' },
  stored: { mark: '✓', label: 'Sent and stored' },
  delivered: { mark: '✓✓', label: 'Delivered' },
  read: { mark: '✓✓', label: 'Read' },
};

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

/** Shows one thread as a log: adds what is new, changes ticks in place, and leaves the view where the reader put it. */
export class ThreadView {
  /** The reader is at the end: what is shown can count as seen. */
  onEnd: () => void = () => {};
  onRetry: (key: string) => void = () => {};
  onEarlier: () => void = () => {};

  private readonly log: HTMLElement;
  private readonly earlier: HTMLButtonElement;
  private readonly latest: HTMLButtonElement;
  private readonly typing: HTMLElement;
  private readonly rows = new Map<string, HTMLElement>();
  private thread: Thread | undefined;
  private missed = 0;
  private quiet = false;

  constructor(root: HTMLElement) {
    this.log = part('log', HTMLElement, root);
    this.earlier = part('earlier', HTMLButtonElement, root);
    this.latest = part('latest', HTMLButtonElement, root);
    this.typing = part('typing', HTMLElement, root);
    this.log.addEventListener('scroll', () => this.atEnd && this.arrived());
    this.latest.addEventListener('click', () => this.toEnd());
    this.earlier.addEventListener('click', () => this.onEarlier());
  }

  get atEnd(): boolean {
    return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < SNAP;
  }

  show(thread: Thread): void {
    if (thread === this.thread) return;
    if (this.thread) this.thread.onChange = () => {};
    this.thread = thread;
    for (const row of this.rows.values()) row.remove();
    this.rows.clear();
    thread.onChange = (quiet) => (quiet ? this.quietly(() => this.render()) : this.render());
    this.quietly(() => this.render());
    this.toEnd();
  }

  /** Earlier messages come in above the view, which does not move. */
  earlierCame(add: () => void): void {
    const below = this.log.scrollHeight - this.log.scrollTop;
    add();
    this.log.scrollTop = this.log.scrollHeight - below;
  }

  /** History is not news: a screen reader should not read all of it out, and it does not count as missed. */
  private quietly(change: () => void): void {
    this.log.setAttribute('aria-live', 'off');
    this.quiet = true;
    change();
    this.quiet = false;
    requestAnimationFrame(() => requestAnimationFrame(() => this.log.removeAttribute('aria-live')));
  }

  private render(): void {
    const wasAtEnd = this.atEnd;
    const rows = this.thread?.rows() ?? [];
    const added = this.reconcile(rows);
    this.earlier.hidden = !this.thread?.more;
    this.typing.textContent = this.thread?.typing ? `${this.thread.typing} is typing…` : '';
    if (wasAtEnd || added.some((row) => row.tick === 'sending')) this.toEnd();
    else if (!this.quiet) this.missed += added.filter((row) => row.kind === 'other').length;
    this.latest.hidden = this.missed === 0;
    this.latest.textContent = this.missed === 1 ? '1 new message ↓' : `${this.missed} new messages ↓`;
  }

  private reconcile(rows: Row[]): Row[] {
    const added: Row[] = [];
    const keys = new Set(rows.map((row) => row.key));
    for (const [key, element] of this.rows) {
      if (keys.has(key)) continue;
      element.remove();
      this.rows.delete(key);
    }
    const lastOwn = rows.findLast((row) => row.kind === 'own');
    let before: Element | null = null;
    for (const row of rows.toReversed()) {
      let element = this.rows.get(row.key);
      if (!element) {
        element = this.draw(row);
        this.rows.set(row.key, element);
        added.push(row);
      }
      this.refresh(element, row, row === lastOwn);
      // Moving a node that is in place already would make a screen reader read it again.
      if (element.parentElement !== this.log || element.nextElementSibling !== before) this.log.insertBefore(element, before);
      before = element;
    }
    return added;
  }

  private draw(row: Row): HTMLElement {
    if (row.kind === 'note') return make('p', 'note', row.text);
    const element = make('div', `message ${row.kind}`);
    if (row.author) element.append(make('span', 'author', row.author));
    const inside = row.file ? [attached(row.file), ...(row.text ? [row.text] : [])] : [row.text];
    element.append(make('div', 'bubble', ...inside), make('div', 'meta'));
    return element;
  }

  private refresh(element: HTMLElement, row: Row, last: boolean): void {
    if (row.kind === 'note') return;
    const state = [row.tick, row.why, row.at?.getTime(), last].join(' ');
    if (element.dataset['state'] === state) return;
    element.dataset['state'] = state;
    const meta = element.querySelector('.meta');
    meta?.replaceChildren(...this.meta(row, last));
  }

  private meta(row: Row, last: boolean): Node[] {
    const nodes: Node[] = [];
    if (row.at) nodes.push(time(row.at));
    if (row.tick) nodes.push(...tick(row.tick, last));
    if (row.why) nodes.push(make('span', 'why', row.why));
    if (row.tick === 'failed') {
      const again = make('button', 'link', 'Send again');
      again.type = 'button';
      again.addEventListener('click', () => this.onRetry(row.key));
      nodes.push(again);
    }
    return nodes;
  }

  private toEnd(): void {
    this.log.scrollTop = this.log.scrollHeight;
    this.arrived();
  }

  private arrived(): void {
    this.missed = 0;
    this.latest.hidden = true;
    this.onEnd();
  }
}

/** A picture, in a place as large as it will be, or the name of a file; opened apart, since its address is not this page's. */
function attached(file: Attachment): HTMLElement {
  const link = make('a', 'file');
  link.href = file.url;
  link.target = '_blank';
  link.rel = 'noreferrer';
  if (!file.mimeType.startsWith('image/')) {
    link.append(`${file.name} (${Math.ceil(file.size / 1000)} kB)`);
    return link;
  }
  const picture = make('img');
  picture.src = file.thumbnailUrl ?? file.url;
  picture.alt = file.name;
  const scale = Math.min(1, THUMBNAIL / Math.max(file.width ?? THUMBNAIL, file.height ?? THUMBNAIL));
  picture.width = Math.round((file.width ?? THUMBNAIL) * scale);
  picture.height = Math.round((file.height ?? THUMBNAIL) * scale);
  link.append(picture);
  return link;
}

function time(at: Date): HTMLElement {
  const element = make('time', '', clock.format(at));
  element.dateTime = at.toISOString();
  element.title = at.toLocaleString();
  return element;
}

/** The state as a sign and in words; the words are shown under the last own message, and always read out. */
function tick(state: Tick, last: boolean): Node[] {
  const { mark, label } = TICKS[state];
  const sign = make('span', `tick ${state}`, mark);
  sign.setAttribute('aria-hidden', 'true');
  return [sign, make('span', last || state === 'failed' ? '' : 'unseen', label)];
}
