import { NoAnswer, Refused, type Stored } from './protocol';
import { uuid } from './ids';
import { load, save } from './store';

/** Pause before an attempt when the refusal does not name one. */
const PAUSE_MS = 3_000;

export interface Item {
  clientMessageId: string;
  sessionId: string;
  text: string;
  /** Why it was refused for good. It stays, for the author to send again or to copy. */
  failed?: string;
}

export interface OutboxEvents {
  stored(item: Item, stored: Stored): void;
  failed(item: Item, why: string): void;
  /** Not sent yet, and will be tried again. */
  delayed(item: Item, why: string): void;
}

/**
 * What was written and is not acknowledged. One message is in flight at a time, so that order is kept; what got
 * no answer is sent again under the same clientMessageId, by which the relay knows it. Kept over a reload.
 */
export class Outbox {
  private items: Item[];
  private ready = false;
  private running = false;

  constructor(
    private readonly key: string,
    private readonly send: (item: Item) => Promise<Stored>,
    private readonly events: OutboxEvents,
  ) {
    this.items = load<Item[]>(key) ?? [];
  }

  of(sessionId: string): Item[] {
    return this.items.filter((item) => item.sessionId === sessionId);
  }

  add(sessionId: string, text: string): Item {
    const item = { clientMessageId: uuid(), sessionId, text };
    this.keep([...this.items, item]);
    void this.run();
    return item;
  }

  retry(clientMessageId: string): void {
    this.keep(this.items.map((item) => (item.clientMessageId === clientMessageId ? { ...item, failed: undefined } : item)));
    void this.run();
  }

  clear(): void {
    this.keep([]);
  }

  /** Sending is possible from now on: connected, and known to the relay. */
  resume(): void {
    this.ready = true;
    void this.run();
  }

  pause(): void {
    this.ready = false;
  }

  private async run(): Promise<void> {
    if (this.running) return;
    this.running = true;
    for (let item = this.next(); item; item = this.next()) await this.attempt(item);
    this.running = false;
  }

  private next(): Item | undefined {
    return this.ready ? this.items.find((item) => item.failed === undefined) : undefined;
  }

  private async attempt(item: Item): Promise<void> {
    try {
      const stored = await this.send(item);
      this.keep(this.items.filter((other) => other !== item));
      this.events.stored(item, stored);
    } catch (error) {
      if (error instanceof NoAnswer) return;
      const why = error instanceof Error ? error.message : String(error);
      if (error instanceof Refused && error.passes) {
        this.events.delayed(item, why);
        await new Promise((wake) => setTimeout(wake, error.refusal.retryAfterMs ?? PAUSE_MS));
      } else {
        this.keep(this.items.map((other) => (other === item ? { ...item, failed: why } : other)));
        this.events.failed(item, why);
      }
    }
  }

  private keep(items: Item[]): void {
    this.items = items;
    save(this.key, items.length > 0 ? items : undefined);
  }
}
