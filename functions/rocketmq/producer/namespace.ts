/** Prefixes that stay in front of the namespace (Java: `NamespaceUtil`). */
const KEPT_PREFIXES = ['%RETRY%', '%DLQ%'] as const;
/** Topics that have no namespace. */
const SYSTEM_TOPIC = /^(RMQ_SYS_|rmq_sys_|SCHEDULE_TOPIC_XXXX$|TBW102$)/;

/** A topic or group in a namespace: `namespace%name`. A name that is in it already is left as it is. */
export function wrapNamespace(namespace: string | undefined, name: string): string {
  if (namespace === undefined || SYSTEM_TOPIC.test(name)) return name;
  const prefix = KEPT_PREFIXES.find((kept) => name.startsWith(kept)) ?? '';
  const bare = name.slice(prefix.length);
  return bare.startsWith(`${namespace}%`) ? name : `${prefix}${namespace}%${bare}`;
}

/** The name as its owner knows it, without the namespace. */
export function unwrapNamespace(namespace: string | undefined, name: string): string {
  if (namespace === undefined) return name;
  const prefix = KEPT_PREFIXES.find((kept) => name.startsWith(kept)) ?? '';
  const bare = name.slice(prefix.length);
  return bare.startsWith(`${namespace}%`) ? prefix + bare.slice(namespace.length + 1) : name;
}
