import { writeEntries } from './binary-header.ts';
import { ByteWriter } from './byte-writer.ts';
import type { ExtFields, SharedFields } from './ext-fields.ts';

/** Encodes fields for many requests. @throws RemotingCommandError for an empty value. */
export function sharedFields(fields: ExtFields): SharedFields {
  const writer = new ByteWriter();
  writeEntries(writer, fields);
  return { fields, entries: writer.take() };
}
