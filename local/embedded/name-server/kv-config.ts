/** Key-value pairs of a name server by namespace (Java: `KVConfigManager`). Order configuration lives here. */
export class KvConfig {
  readonly #namespaces = new Map<string, Map<string, string>>();

  get(namespace: string, key: string): string | undefined {
    return this.#namespaces.get(namespace)?.get(key);
  }

  put(namespace: string, key: string, value: string): void {
    const pairs = this.#namespaces.get(namespace) ?? new Map<string, string>();
    this.#namespaces.set(namespace, pairs.set(key, value));
  }

  delete(namespace: string, key: string): void {
    this.#namespaces.get(namespace)?.delete(key);
  }

  /** All pairs of a namespace; `undefined` when nothing was ever put there. */
  namespace(namespace: string): Record<string, string> | undefined {
    const pairs = this.#namespaces.get(namespace);
    return pairs && Object.fromEntries(pairs);
  }
}
