import { Buffer } from 'node:buffer';
import { RemotingCommandError } from '../errors.ts';
import { type Encodable, putI32 } from './byte-writer.ts';

/** One message inside a batch request: everything else (topic, queue, born time) is the request header's. */
export interface BatchMember {
  readonly flag: number;
  readonly body: Uint8Array;
  /** Encoded properties (`encodeProperties`), with the member's own UNIQ_KEY. */
  readonly properties: string;
}

const FIXED_BYTES = 22;

/** Exact bytes a member takes in a batch body. */
export function batchMemberBytes(bodyBytes: number, propertiesBytes: number): number {
  return FIXED_BYTES + bodyBytes + propertiesBytes;
}

/**
 * Batch body (Java: `MessageDecoder.encodeMessages`), encoded straight into its frame: members back to back, each
 * `total size i32 (itself included) · magic i32 0 · CRC i32 0 · flag i32 · body (i32 + bytes) · properties (i16 + bytes)`.
 *
 * The properties of all members are measured and written as one text: one by one, that took a sixth of a batch's CPU time.
 */
export class BatchBody implements Encodable {
  readonly length: number;
  readonly #members: readonly BatchMember[];
  readonly #allProperties: string;
  readonly #allPropertiesBytes: number;

  constructor(members: readonly BatchMember[]) {
    let bytes = 0;
    let allProperties = '';
    for (const { body, properties } of members) {
      bytes += batchMemberBytes(body.length, 0);
      allProperties += properties;
    }
    this.#allProperties = allProperties;
    this.#allPropertiesBytes = Buffer.byteLength(allProperties);
    this.length = bytes + this.#allPropertiesBytes;
    this.#members = members;
  }

  encodeInto(block: Buffer, at: number): void {
    const isAscii = this.#allPropertiesBytes === this.#allProperties.length;
    // Written where the last member ends, and moved from there to the front: what is still to be moved is never written over.
    let textAt = at + this.length - this.#allPropertiesBytes;
    block.write(this.#allProperties, textAt, 'utf8');
    let memberAt = at;
    for (const { flag, body, properties } of this.#members) {
      const propertiesAt = memberAt + FIXED_BYTES + body.length;
      const propertiesBytes = isAscii ? properties.length : Buffer.byteLength(properties);
      putI32(block, memberAt, batchMemberBytes(body.length, propertiesBytes));
      putI32(block, memberAt + 4, 0);
      putI32(block, memberAt + 8, 0);
      putI32(block, memberAt + 12, flag);
      putI32(block, memberAt + 16, body.length);
      block.set(body, memberAt + 20);
      block[propertiesAt - 2] = propertiesBytes >> 8;
      block[propertiesAt - 1] = propertiesBytes;
      block.copyWithin(propertiesAt, textAt, textAt + propertiesBytes);
      textAt += propertiesBytes;
      memberAt = propertiesAt + propertiesBytes;
    }
  }
}

/** Reads a batch body as a broker does: the size word is not used, everything else must fit exactly. */
export function decodeBatch(batch: Buffer): BatchMember[] {
  const members: BatchMember[] = [];
  let at = 0;
  while (at < batch.length) {
    if (at + 20 > batch.length) throw new RemotingCommandError('batch member cut in its fixed part', at);
    const flag = batch.readInt32BE(at + 12);
    const bodyBytes = batch.readInt32BE(at + 16);
    const propertiesAt = at + 20 + bodyBytes;
    if (bodyBytes < 0 || propertiesAt + 2 > batch.length)
      throw new RemotingCommandError('batch member cut in its body', at);
    const propertiesStart = propertiesAt + 2;
    const end = propertiesStart + batch.readInt16BE(propertiesAt);
    if (end < propertiesStart || end > batch.length)
      throw new RemotingCommandError('batch member cut in its properties', at);
    members.push({
      flag,
      body: batch.subarray(at + 20, propertiesAt),
      properties: batch.toString('utf8', propertiesStart, end),
    });
    at = end;
  }
  return members;
}
