import { RemotingCommandError } from '../errors.ts';

/** Header fields of a request or response: strings by name. An absent field is `undefined`. */
export type ExtFields = Readonly<Record<string, string | undefined>>;

/** Header fields that many requests have alike, such as all sends to one queue: encoded once. */
export interface SharedFields {
  readonly fields: ExtFields;
  /** The fields as a binary header has them. */
  readonly entries: Uint8Array;
}

export const NO_EXT_FIELDS: ExtFields = Object.freeze(Object.create(null));

/** A header field that must be there. @throws RemotingCommandError naming it. */
export function requiredField(ext: ExtFields, name: string): string {
  const value = ext[name];
  if (value === undefined) throw new RemotingCommandError(`request header without ${name}`, 0);
  return value;
}

/** A header field that must be an integer. @throws RemotingCommandError naming it. */
export function requiredInteger(ext: ExtFields, name: string): bigint {
  const value = requiredField(ext, name);
  if (!/^-?\d{1,19}$/.test(value)) throw new RemotingCommandError(`request header with ${name} "${value}"`, 0);
  return BigInt(value);
}
