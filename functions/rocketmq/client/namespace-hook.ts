import type { RpcHook } from '../remoting/rpc-hook.ts';

/** Marks requests as of a namespace of the second kind; names are left as they are (Java: `NamespaceRpcHook`). */
export function namespaceHook(namespace: string): RpcHook {
  return { beforeRequest: (_addr, { extFields }) => ({ ...extFields, nsd: 'true', ns: namespace }) };
}
