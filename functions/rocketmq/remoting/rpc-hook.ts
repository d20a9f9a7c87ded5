import type { ExtFields } from '../protocol/ext-fields.ts';
import type { RemotingCommand } from '../protocol/remoting-command.ts';
import { type OutgoingRequest, type RequestParts, wholeRequest } from './outgoing-request.ts';

/**
 * Looks at every request on its way out and at every answer (Java: `RPCHook`). Hooks run in their order; signing comes
 * last, because nothing may change a signed request. What a hook throws fails the request.
 */
export interface RpcHook {
  /** Header fields to send in place of the request's; undefined leaves them as they are. */
  beforeRequest?(addr: string, request: OutgoingRequest): ExtFields | undefined;
  /** Told of the answer before the caller is. */
  afterResponse?(addr: string, request: OutgoingRequest, answer: RemotingCommand): void;
}

/** The request as the hooks want it sent. */
export function hookedRequest(hooks: readonly RpcHook[], addr: string, request: RequestParts): OutgoingRequest {
  let hooked = wholeRequest(request);
  for (const hook of hooks) {
    const extFields = hook.beforeRequest?.(addr, hooked);
    if (extFields !== undefined) hooked = { ...hooked, extFields };
  }
  return hooked;
}
