import { type Encodable, encodedBytes } from '../protocol/byte-writer.ts';
import type { ExtFields, SharedFields } from '../protocol/ext-fields.ts';

/** A request to a server, before it has an opaque. */
export interface OutgoingRequest {
  readonly code: number;
  readonly extFields: ExtFields;
  /** Header fields besides, that no hook sees: what servers leave out of the signed content. */
  readonly unsignedFields?: ExtFields;
  readonly body?: Uint8Array;
  /** Version number to declare, where it has to differ from what all other requests declare. */
  readonly version?: number;
}

/** A request as it is written: what is encoded already, and what is only when it has a frame. Hooks see the whole of it. */
export interface RequestParts extends Omit<OutgoingRequest, 'body'> {
  /** Header fields besides. */
  readonly sharedFields?: SharedFields;
  readonly body?: Uint8Array | Encodable;
}

/** The request with all its header fields in one place and its body in bytes, for hooks. */
export function wholeRequest(request: RequestParts): OutgoingRequest {
  if (isWhole(request)) return request;
  const { sharedFields, body, ...rest } = request;
  return {
    ...rest,
    extFields: sharedFields === undefined ? rest.extFields : { ...sharedFields.fields, ...rest.extFields },
    ...(body === undefined ? {} : { body: body instanceof Uint8Array ? body : encodedBytes(body) }),
  };
}

function isWhole(request: RequestParts): request is OutgoingRequest {
  const { sharedFields, body } = request;
  return sharedFields === undefined && (body === undefined || body instanceof Uint8Array);
}
