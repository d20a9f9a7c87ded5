import { Buffer } from 'node:buffer';
import { writeEntries } from './binary-header.ts';
import { ByteWriter } from './byte-writer.ts';
import type { ExtFields, SharedFields } from './ext-fields.ts';

/** Encodes fields for many requests. @throws RemotingCommandError for an empty value. */
export function sharedFields(fields: ExtFields): SharedFields {
  const writer = new ByteWriter();
  writeEntries(writer, fields);
  // A copy, which does not keep the whole block of the writer.
  return { fields, entries: Buffer.from(writer.take()) };
}
