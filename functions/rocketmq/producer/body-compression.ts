import { promisify } from 'node:util';
import { deflate, zstdCompress } from 'node:zlib';
import { MessageSysFlag } from '../protocol/message-sys-flag.ts';

/** How bodies are compressed. Every consumer reads `ZLIB`; `ZSTD` needs consumers from 4.9.4 on. */
export type CompressionType = 'ZLIB' | 'ZSTD';

const deflateBody = promisify(deflate);
const zstdBody = promisify<Uint8Array, Buffer>(zstdCompress);

/** A body as it is sent, and the sysFlag bits that say how. */
export interface CompressedBody {
  readonly body: Uint8Array;
  readonly sysFlag: number;
}

/**
 * Compresses a body; undefined when that does not make it smaller. Works on a copy, off the main thread. Equal input gives
 * equal bytes, so that every attempt sends the same.
 * @param level ZLIB level 1 to 9; ZSTD uses its own default.
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
