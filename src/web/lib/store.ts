/**
 * sessionStorage as a convenience: one value per tab that survives a reload. A browser may forbid storage
 * altogether; the page then works until it is reloaded.
 */
export function load<T>(key: string): T | undefined {
  try {
    const text = sessionStorage.getItem(key);
    return text === null ? undefined : (JSON.parse(text) as T);
  } catch {
    return undefined;
  }
}

export function save(key: string, value: unknown): void {
  try {
    if (value === undefined) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Full or forbidden: nothing that the reader of this page could do about it.
  }
}
