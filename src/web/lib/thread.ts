import type { Attachment, Message, Page, Stored } from './protocol';
import type { Item } from './outbox';

export type Tick = 'sending' | 'failed' | 'stored' | 'delivered' | 'read';

export interface Row {
  /** Stays the same when a message turns from written to stored, so that it is shown (and read out) once. */
  key: string;
  kind: 'own' | 'other' | 'note';
  text: string;
  file?: Attachment;
  author?: string;
  at?: Date;
  tick?: Tick;
  /** Why it failed or waits. */
  why?: string;
}

interface Known {
  key: string;
  message: Message;
}

/** The messages of one session as one side sees them: each once, in the order of seq, own unsent ones last. */
export class Thread {
  /** `quiet`: what came is history, not news. */
  onChange: (quiet?: boolean) => void = () => {};
  /** Whether the relay has messages before the first one here. */
  more = false;
  /** Whether a page of history was read: live messages alone may have older ones before them. */
  loaded = false;
  typing: string | undefined;

  private readonly known = new Map<string, Known>();
  private readonly notes: { key: string; text: string; after: number }[] = [];
  private unsent: { item: Item; why?: string; failed: boolean }[] = [];
  private delivered = 0;
  private read = 0;

  constructor(private readonly own: 'in' | 'out') {}

  get firstSeq(): number {
    return Math.min(...this.seqs());
  }

  get lastSeq(): number {
    return Math.max(0, ...this.seqs());
  }

  /** From where to catch up after a break: nothing yet, or what was seen last. */
  get resumeFrom(): number {
    return this.loaded ? this.lastSeq : 0;
  }

  /** The highest seq written by the other side: what receipts are about. */
  get lastReceived(): number {
    return Math.max(0, ...this.messages().filter((message) => message.direction !== this.own).map((message) => message.seq));
  }

  add(message: Message): void {
    this.addPage([message], false);
  }

  addPage(messages: Message[], quiet: boolean): void {
    for (const message of messages) {
      if (this.known.has(message.messageId)) continue;
      this.known.set(message.messageId, { key: message.messageId, message });
    }
    this.onChange(quiet);
  }

  note(text: string): void {
    this.notes.push({ key: `note-${this.notes.length}`, text, after: this.lastSeq });
    this.onChange();
  }

  write(item: Item): void {
    this.unsent.push({ item, failed: item.failed !== undefined, why: item.failed });
    this.onChange();
  }

  /** The relay may know the message already (an ack that was lost, then a reload): then the unsent row goes. */
  stored(item: Item, stored: Stored): void {
    this.unsent = this.unsent.filter((one) => one.item.clientMessageId !== item.clientMessageId);
    if (!this.known.has(stored.messageId)) {
      const message: Message = { ...stored, sessionId: item.sessionId, message: item.text, type: 'text', direction: this.own };
      this.known.set(stored.messageId, { key: item.clientMessageId, message });
    }
    this.onChange();
  }

  /** A message that is not stored yet waits, failed, or is under way again (no `why`). */
  waits(clientMessageId: string, failed: boolean, why?: string): void {
    this.unsent = this.unsent.map((one) => (one.item.clientMessageId === clientMessageId ? { ...one, failed, why } : one));
    this.onChange();
  }

  mark(status: 'stored' | 'delivered' | 'read', seq: number): void {
    if (status === 'stored') return;
    this.delivered = Math.max(this.delivered, seq);
    if (status === 'read') this.read = Math.max(this.read, seq);
    this.onChange();
  }

  rows(): Row[] {
    const stored = [...this.known.values()]
      .sort((a, b) => a.message.seq - b.message.seq)
      .map(({ key, message }) => ({ seq: message.seq, row: this.row(key, message) }));
    const noted = this.notes.map(({ key, text, after }) => ({ seq: after + 0.5, row: { key, kind: 'note' as const, text } }));
    const rows = [...stored, ...noted].sort((a, b) => a.seq - b.seq).map(({ row }) => row);
    const unsent = this.unsent.map(({ item, failed, why }) => ({
      key: item.clientMessageId,
      kind: 'own' as const,
      text: item.text,
      tick: failed ? ('failed' as const) : ('sending' as const),
      why,
    }));
    return [...rows, ...unsent];
  }

  private row(key: string, message: Message): Row {
    const at = new Date(message.timestamp);
    const { message: text, attachment: file } = message;
    if (message.direction === this.own) return { key, kind: 'own', text, file, at, tick: this.tick(message.seq) };
    const author = message.direction === 'in' ? message.guestName : message.agentName;
    return { key, kind: 'other', text, file, at, author };
  }

  private tick(seq: number): Tick {
    if (seq <= this.read) return 'read';
    return seq <= this.delivered ? 'delivered' : 'stored';
  }

  private messages(): Message[] {
    return [...this.known.values()].map(({ message }) => message);
  }

  private seqs(): number[] {
    return this.messages().map((message) => message.seq);
  }
}

/**
 * Loads what was missed since `known`, the last seq seen before the connection was lost; with nothing seen yet
 * only the newest page, for the reader asks for earlier ones.
 */
export async function catchUp(thread: Thread, known: number, page: (beforeSeq?: number) => Promise<Page>): Promise<void> {
  let before: number | undefined;
  for (;;) {
    const { messages, more } = await page(before);
    const first = messages[0];
    const met = known > 0 && first !== undefined && first.seq <= known + 1;
    if (!met) thread.more = more;
    thread.loaded = true;
    thread.addPage(messages, known === 0);
    if (known === 0 || met || !more || first === undefined) return;
    before = first.seq;
  }
}
