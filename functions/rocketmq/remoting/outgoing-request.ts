import type { ExtFields } from '../protocol/ext-fields.ts';

/** A request to a server, before it has an opaque. */
export interface OutgoingRequest {
  readonly code: number;
  readonly extFields: ExtFields;
  readonly body?: Uint8Array;
  /** Version number to declare, where it has to differ from what all other requests declare. */
  readonly version?: number;
}
