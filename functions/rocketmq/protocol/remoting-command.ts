import { Buffer } from 'node:buffer';
import { RemotingCommandError } from '../errors.ts';
import { readBinaryHeader, writeBinaryHeader } from './binary-header.ts';
import { ByteWriter, type Encodable } from './byte-writer.ts';
import type { CommandHeader } from './command-header.ts';
import { readJsonHeader, writeJsonHeader } from './json-header.ts';

/** How a header is written. A server answers in the one it likes; every answer is decoded by its own fourth byte. */
export type SerializeType = 'JSON' | 'ROCKETMQ';

/** Bit 0 of `flag`: this is an answer. */
export const RESPONSE_FLAG = 1;
/** Bit 1 of `flag`: nobody waits for an answer. */
export const ONEWAY_FLAG = 2;

/** A request or a response (Java: `RemotingCommand`). */
export interface RemotingCommand extends CommandHeader {
  /** Empty when there is none. One that `decodeFrame` gives is a view into the bytes that it was given. */
  readonly body: Uint8Array;
}

/** Body of a frame without one. */
export const EMPTY_BODY: Uint8Array = Buffer.alloc(0);

const JSON_TYPE = 0;
const ROCKETMQ_TYPE = 1;
const LARGEST_BINARY_CODE = 32_767;

export function isResponse(command: RemotingCommand): boolean {
  return (command.flag & RESPONSE_FLAG) !== 0;
}

export function isOneway(command: RemotingCommand): boolean {
  return (command.flag & ONEWAY_FLAG) !== 0;
}

/**
 * Appends one whole frame:
 * `length i32 · serialize type i8 · header length u24 · header · body`, where length counts all that follows it.
 * Codes above 32767 do not fit a binary header and go as JSON whatever was asked for (Java: `RemotingCommand.encode`).
 */
export function writeFrame(
  writer: ByteWriter,
  header: CommandHeader,
  body: Uint8Array | Encodable,
  serializeType: SerializeType,
): void {
  const lengthAt = writer.skipI32();
  const headerLengthAt = writer.skipI32();
  const headerStart = writer.byteLength;
  const isBinary = serializeType === 'ROCKETMQ' && header.code <= LARGEST_BINARY_CODE;
  if (isBinary) writeBinaryHeader(writer, header);
  else writeJsonHeader(writer, header);
  const headerBytes = writer.byteLength - headerStart;
  writer.fillI32(headerLengthAt, ((isBinary ? ROCKETMQ_TYPE : JSON_TYPE) << 24) | headerBytes);
  if (!(body instanceof Uint8Array)) writer.encoded(body);
  else if (body.length > 0) writer.bytes(body);
  writer.fillI32(lengthAt, writer.byteLength - lengthAt - 4);
}

/** One frame in a buffer of its own. */
export function encodeFrame(command: RemotingCommand, serializeType: SerializeType): Buffer {
  const writer = new ByteWriter(512 + command.body.length);
  writeFrame(writer, command, command.body, serializeType);
  return writer.take();
}

/**
 * Decodes the frame between two positions of a buffer, length word included, as `FrameDecoder` delivers it.
 * @throws RemotingCommandError when the header is broken; the connection it came on cannot be trusted any more.
 */
export function decodeFrame(buffer: Buffer, start = 0, end = buffer.length): RemotingCommand {
  if (end - start < 8) throw new RemotingCommandError('frame shorter than its two length words', start);
  const typeAndLength = buffer.readInt32BE(start + 4);
  const serializeType = typeAndLength >>> 24;
  const headerStart = start + 8;
  const headerEnd = headerStart + (typeAndLength & 0xffffff);
  if (headerEnd > end) throw new RemotingCommandError('header longer than its frame', start + 4);
  const body = headerEnd === end ? EMPTY_BODY : buffer.subarray(headerEnd, end);
  if (serializeType === JSON_TYPE) return readJsonHeader(buffer, headerStart, headerEnd, body);
  if (serializeType === ROCKETMQ_TYPE) return readBinaryHeader(buffer, headerStart, headerEnd, body);
  throw new RemotingCommandError(`unknown serialize type ${serializeType}`, start + 4);
}

/** The serialization a received frame was written in, by its fourth byte. */
export function frameSerializeType(buffer: Buffer, start = 0): SerializeType {
  return buffer[start + 4] === ROCKETMQ_TYPE ? 'ROCKETMQ' : 'JSON';
}
