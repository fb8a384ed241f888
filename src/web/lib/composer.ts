import { part } from './dom';
import { load, save } from './store';

/** A typing signal is worth this long to the other side, so it is repeated less often than that. */
const REPEAT_MS = 3_000;

/** Where a message is written. Enter sends, Shift+Enter starts a line; the draft survives a reload. */
export class Composer {
  onSend: (text: string) => void = () => {};
  onTyping: (isTyping: boolean) => void = () => {};

  private readonly form: HTMLFormElement;
  private readonly field: HTMLTextAreaElement;
  private readonly button: HTMLButtonElement;
  private draft = '';
  private toldAt = 0;

  constructor(root: HTMLElement) {
    this.form = part('composer', HTMLFormElement, root);
    this.field = part('text', HTMLTextAreaElement, root);
    this.button = part('send', HTMLButtonElement, root);
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.send();
    });
    this.field.addEventListener('input', () => this.wrote());
    this.field.addEventListener('keydown', (event) => {
      // While an input method composes, Enter takes its suggestion.
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.send();
    });
  }

  /** Shows the draft kept under this key; writing is possible unless the session is over. */
  use(draftKey: string, enabled: boolean): void {
    if (this.draft !== draftKey) {
      this.draft = draftKey;
      this.field.value = load<string>(draftKey) ?? '';
    }
    this.field.disabled = !enabled;
    this.button.disabled = !enabled;
  }

  focus(): void {
    this.field.focus();
  }

  private send(): void {
    const text = this.field.value.trim();
    if (text === '' || this.field.disabled) return;
    this.field.value = '';
    save(this.draft, undefined);
    this.tell(false);
    this.onSend(text);
  }

  private wrote(): void {
    save(this.draft, this.field.value || undefined);
    this.tell(this.field.value !== '');
  }

  private tell(isTyping: boolean): void {
    const now = performance.now();
    if (isTyping && this.toldAt > 0 && now - this.toldAt < REPEAT_MS) return;
    if (!isTyping && this.toldAt === 0) return;
    this.toldAt = isTyping ? now : 0;
    this.onTyping(isTyping);
  }
}
