import type { ExtFields, SharedFields } from './ext-fields.ts';

/** What the header of a frame says, in either serialization. */
export interface CommandHeader {
  /** Request code, or response code when bit 0 of `flag` is set. */
  readonly code: number;
  /** Binary code of the sender's language (`languageNames`); -1 when the name or code is not known. */
  readonly language: number;
  /** Version number of the sender (`MQVersion`). */
  readonly version: number;
  /** Ties an answer to its request, each direction for itself. */
  readonly opaque: number;
  readonly flag: number;
  readonly remark: string | undefined;
  readonly extFields: ExtFields;
  /** Written besides `extFields`, which name none of them. A header that was read has none. */
  readonly sharedFields?: SharedFields | undefined;
}
