import type { ExtFields } from '../protocol/ext-fields.ts';

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
