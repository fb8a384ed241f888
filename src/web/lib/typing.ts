import type { Thread } from './thread';

/** A signal that is not repeated ends by itself: the other side may be gone without saying so. */
const EXPIRE_MS = 6_000;

const timers = new WeakMap<Thread, number>();

export function typing(thread: Thread, who: string | undefined): void {
  clearTimeout(timers.get(thread));
  if (who !== undefined) timers.set(thread, setTimeout(() => typing(thread, undefined), EXPIRE_MS));
  if (thread.typing === who) return;
  thread.typing = who;
  thread.onChange();
}
