/** The element with this id or, inside `root`, with this data-part; the page is wrong if there is none. */
export function part<T extends HTMLElement>(name: string, type: new () => T, root?: ParentNode): T {
  const found = root ? root.querySelector(`[data-part="${name}"]`) : document.getElementById(name);
  if (found instanceof type) return found;
  throw new Error(`the page has no ${type.name} named ${name}`);
}

/** A new element. Text goes in as text only: what others wrote never becomes markup. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = '',
  ...inside: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...inside);
  return element;
}
