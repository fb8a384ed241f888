/** A message counts as read when it was in view, in the tab in front, for this long. */
const READ_AFTER_MS = 500;

/** Tells the other side how far messages arrived and how far they were read; each mark once, and only upwards. */
export class Receipts {
  private delivered = 0;
  private read = 0;
  private timer: number | undefined;

  constructor(
    /** The last message of the other side, and whether it is in view. */
    private readonly look: () => { seq: number; inView: boolean },
    private readonly tell: (mark: 'delivered' | 'read', seq: number) => void,
  ) {
    document.addEventListener('visibilitychange', () => this.check());
    addEventListener('focus', () => this.check());
  }

  /** Another session, or a relay that may not have heard: marks start anew. */
  reset(): void {
    this.delivered = 0;
    this.read = 0;
    this.check();
  }

  check(): void {
    const { seq } = this.look();
    if (seq > this.delivered) {
      this.delivered = seq;
      this.tell('delivered', seq);
    }
    if (this.timer === undefined && this.readable() > this.read) {
      this.timer = setTimeout(() => this.dwelt(), READ_AFTER_MS);
    }
  }

  private dwelt(): void {
    this.timer = undefined;
    const seq = this.readable();
    if (seq <= this.read) return;
    this.read = seq;
    this.tell('read', seq);
  }

  private readable(): number {
    const { seq, inView } = this.look();
    return inView && document.visibilityState === 'visible' && document.hasFocus() ? seq : 0;
  }
}
