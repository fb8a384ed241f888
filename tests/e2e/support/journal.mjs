// What a client went through, in order, and a way to wait for a part of it without guessing times.

/** Generous for a busy machine, far below what a person would call lost. */
export const PATIENCE_MS = 15_000;

export class Journal {
  #entries = [];
  #watchers = new Set();
  #owner;

  constructor(owner) {
    this.#owner = owner;
  }

  get entries() {
    return [...this.#entries];
  }

  add(entry) {
    this.#entries.push(entry);
    for (const look of [...this.#watchers]) look();
  }

  named(name, matches = () => true) {
    return this.#entries.filter((entry) => entry.name === name && matches(entry));
  }

  /** Resolves with the `nth` entry of this name that matches, be it past or still to come. */
  wait(name, matches = () => true, { nth = 1, within = PATIENCE_MS } = {}) {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = this.named(name, matches)[nth - 1];
        if (found) settle(() => resolve(found));
      };
      const timer = setTimeout(() => settle(() => reject(this.#missing(name, matches, nth, within))), within);
      const settle = (outcome) => {
        clearTimeout(timer);
        this.#watchers.delete(look);
        outcome();
      };
      this.#watchers.add(look);
      look();
    });
  }

  /** Resolves with whatever comes next. */
  next(within = PATIENCE_MS) {
    const known = this.#entries.length;
    return new Promise((resolve, reject) => {
      const look = () => settle(() => resolve(this.#entries[known]));
      const timer = setTimeout(() => settle(() => reject(new Error(`${this.#owner}: nothing came within ${within} ms`))), within);
      // Of several that are raced the others are not waited for.
      timer.unref();
      const settle = (outcome) => {
        clearTimeout(timer);
        this.#watchers.delete(look);
        outcome();
      };
      this.#watchers.add(look);
    });
  }

  #missing(name, matches, nth, within) {
    const seen = this.named(name, matches).length;
    const recent = this.#entries.slice(-12).map((entry) => `${entry.name} ${JSON.stringify(entry.args)}`);
    return new Error(
      `${this.#owner} waited ${within} ms for "${name}" number ${nth} where ${matches}; ` +
        `${seen} came. The last of ${this.#entries.length} entries:\n  ${recent.join('\n  ') || '(none)'}`,
    );
  }
}
