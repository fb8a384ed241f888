import { Composer } from './composer';
import { Connection, type State, type Transport } from './connection';
import { part } from './dom';
import { load, save } from './store';
import { StatusBar } from './status-bar';
import { ThreadView } from './thread-view';

/** The parts that both sides have: the log, the composer, the state of the connection and the choice of transport. */
export class Conversation {
  readonly view: ThreadView;
  readonly composer: Composer;
  private readonly bar: StatusBar;
  private readonly choice: HTMLSelectElement;

  constructor(root: HTMLElement, label: string, private readonly connection: Connection) {
    root.append(part('conversation', HTMLTemplateElement).content.cloneNode(true));
    part('log', HTMLElement, root).setAttribute('aria-label', label);
    this.view = new ThreadView(root);
    this.composer = new Composer(root);
    this.bar = new StatusBar(root);
    this.choice = part('choice', HTMLSelectElement, root);
    this.choice.value = load<string>(`${root.id}.transport`) ?? 'default';
    this.choice.addEventListener('change', () => {
      save(`${root.id}.transport`, this.choice.value);
      connection.use(this.transport);
    });
    connection.onTransport = (name) => this.bar.using(name);
  }

  /** The connection tells one listener; a pane hands on what it hears. */
  showState(state: State): void {
    this.bar.state(state);
  }

  connect(): void {
    this.connection.open(this.transport);
  }

  private get transport(): Transport {
    return this.choice.value as Transport;
  }
}
