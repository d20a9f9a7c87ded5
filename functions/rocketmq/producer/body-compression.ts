import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { OptionsError } from '../errors.ts';
import { MessageSysFlag } from '../protocol/message-sys-flag.ts';

/** How bodies are compressed. Every consumer reads `ZLIB`; `ZSTD` needs consumers from 4.9.4 on. */
export type CompressionType = 'ZLIB' | 'ZSTD';

const deflateBody = promisify(zlib.deflate);

/** A body as it is sent, and the sysFlag bits that say how. */
export interface CompressedBody {
  readonly body: Uint8Array;
  readonly sysFlag: number;
}

/**
 * Compresses a body; undefined when that does not make it smaller. Works on a copy, off the main thread. Equal input gives
 * equal bytes, so that every attempt sends the same.
 * @param level ZLIB level 1 to 9; ZSTD uses its own default.
 * @throws OptionsError for ZSTD on a Node that has none
 */
export async function compressBody(
  body: Uint8Array,
  type: CompressionType,
  level: number,
): Promise<CompressedBody | undefined> {
  const compressed = type === 'ZLIB' ? await deflateBody(body, { level }) : await zstdBody(body);
  if (compressed.length >= body.length) return undefined;
  const typeFlag = type === 'ZLIB' ? MessageSysFlag.COMPRESSION_ZLIB : MessageSysFlag.COMPRESSION_ZSTD;
  return { body: compressed, sysFlag: MessageSysFlag.COMPRESSED | typeFlag };
}

/** Looked up at use: by name, this file and all that is loaded with it could not be imported on Node 20. */
async function zstdBody(body: Uint8Array): Promise<Uint8Array> {
  const { zstdCompress }: Partial<typeof zlib> = zlib;
  if (zstdCompress !== undefined) return promisify<Uint8Array, Buffer>(zstdCompress)(body);
  throw new OptionsError('option "compression"', ['ZSTD needs Node 22.15 or later']);
}
