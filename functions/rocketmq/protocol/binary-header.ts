import type { Buffer } from 'node:buffer';
import { RemotingCommandError } from '../errors.ts';
import type { ByteWriter } from './byte-writer.ts';
import type { CommandHeader } from './command-header.ts';
import type { ExtFields } from './ext-fields.ts';
import { languageNames } from './language-code.ts';

/** Code, language, version, opaque, flag, remark length and ext length. */
const FIXED_BYTES = 21;

/**
 * Writes the binary header (Java: `RocketMQSerializable`):
 * `code i16 · language i8 · version i16 · opaque i32 · flag i32 · remark (i32 + bytes) · ext length i32 · entries`,
 * an entry being `key (i16 + bytes) · value (i32 + bytes)`. An empty value would be read back as null by every server,
 * and then spoil the signature, so a field must be absent instead.
 * @throws RemotingCommandError for an empty ext value.
 */
export function writeBinaryHeader(writer: ByteWriter, header: CommandHeader): void {
  writer.i16(header.code);
  writer.i8(header.language);
  writer.i16(header.version);
  writer.i32(header.opaque);
  writer.i32(header.flag);
  const remarkAt = writer.skipI32();
  writer.fillI32(remarkAt, header.remark === undefined ? 0 : writer.utf8(header.remark));
  const extAt = writer.skipI32();
  const extStart = writer.byteLength;
  if (header.sharedFields !== undefined) writer.bytes(header.sharedFields.entries);
  writeEntries(writer, header.extFields);
  writer.fillI32(extAt, writer.byteLength - extStart);
}

/** Writes the entries of a binary header. @throws RemotingCommandError for an empty value. */
export function writeEntries(writer: ByteWriter, extFields: ExtFields): void {
  for (const name in extFields) {
    const value = extFields[name];
    if (value === undefined) continue;
    if (value === '')
      throw new RemotingCommandError(`ext field "${name}" is empty in a binary header`, 0, undefined, 'out');
    // Field names are ASCII by protocol.
    writer.entry(name, value);
  }
}

/**
 * Reads a binary header, as part of the command whose body is given. A key may come twice (Java clients do so when they sign); the last one counts.
 */
export function readBinaryHeader<Body>(
  buffer: Buffer,
  start: number,
  end: number,
  body: Body,
): CommandHeader & { readonly body: Body } {
  if (end - start < FIXED_BYTES) throw new RemotingCommandError('binary header shorter than its fixed part', start);
  const language = buffer.readInt8(start + 2);
  const remarkBytes = buffer.readInt32BE(start + 13);
  const remarkStart = start + 17;
  const extAt = remarkStart + remarkBytes;
  if (remarkBytes < 0 || extAt + 4 > end) throw new RemotingCommandError('remark longer than its header', start + 13);
  const extStart = extAt + 4;
  const extBytes = buffer.readInt32BE(extAt);
  if (extBytes < 0 || extStart + extBytes > end) throw new RemotingCommandError('ext longer than its header', extAt);
  return {
    code: buffer.readInt16BE(start),
    language: language < languageNames.length ? language : -1,
    version: buffer.readInt16BE(start + 3),
    opaque: buffer.readInt32BE(start + 5),
    flag: buffer.readInt32BE(start + 9),
    remark: remarkBytes === 0 ? undefined : buffer.toString('utf8', remarkStart, extAt),
    extFields: readExtFields(buffer, extStart, extStart + extBytes),
    body,
  };
}

function readExtFields(buffer: Buffer, start: number, end: number): ExtFields {
  const fields: Record<string, string | undefined> = Object.create(null);
  let at = start;
  while (at < end) {
    if (at + 2 > end) throw new RemotingCommandError('ext entry cut in its key length', at);
    const keyBytes = buffer.readInt16BE(at);
    const keyStart = at + 2;
    const valueAt = keyStart + keyBytes;
    if (keyBytes < 0 || valueAt + 4 > end) throw new RemotingCommandError('ext key longer than its block', at);
    const valueBytes = buffer.readInt32BE(valueAt);
    const valueStart = valueAt + 4;
    if (valueBytes < 0 || valueStart + valueBytes > end) {
      throw new RemotingCommandError('ext value longer than its block', valueAt);
    }
    if (keyBytes > 0) {
      const key = buffer.toString('utf8', keyStart, valueAt);
      fields[key] = valueBytes === 0 ? undefined : buffer.toString('utf8', valueStart, valueStart + valueBytes);
    }
    at = valueStart + valueBytes;
  }
  return fields;
}
