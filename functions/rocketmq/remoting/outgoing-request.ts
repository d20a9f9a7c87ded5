import type { ExtFields, SharedFields } from '../protocol/ext-fields.ts';

/** A request to a server, before it has an opaque. */
export interface OutgoingRequest {
  readonly code: number;
  readonly extFields: ExtFields;
  /** Header fields besides, encoded already; hooks see them among the others. */
  readonly sharedFields?: SharedFields;
  /** Header fields besides, that no hook sees: what servers leave out of the signed content. */
  readonly unsignedFields?: ExtFields;
  readonly body?: Uint8Array;
  /** Version number to declare, where it has to differ from what all other requests declare. */
  readonly version?: number;
}

/** The request with all its header fields in one place, for hooks. */
export function wholeRequest(request: OutgoingRequest): OutgoingRequest {
  const { sharedFields, ...rest } = request;
  return sharedFields === undefined ? request : { ...rest, extFields: { ...sharedFields.fields, ...rest.extFields } };
}
