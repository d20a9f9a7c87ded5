import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { type Deadline, settledBy } from '../deadline.ts';
import { DeadlineError, OptionsError } from '../errors.ts';
import { MessageSysFlag } from '../protocol/message-sys-flag.ts';

/** How bodies are compressed. Every consumer reads `ZLIB`; `ZSTD` needs consumers from 4.9.4 on. */
export type CompressionType = 'ZLIB' | 'ZSTD';

const deflateBody = promisify(zlib.deflate);

/** Bodies compressed at once. Each takes 0.25 MB, and more than Node has threads for only wait with theirs. */
const MOST_AT_ONCE = 16;
let underWay = 0;
const waiting: (() => void)[] = [];

/** A body as it is sent, and the sysFlag bits that say how. */
export interface CompressedBody {
  readonly body: Uint8Array;
  readonly sysFlag: number;
}

/**
 * Compresses a body; undefined when that does not make it smaller. Works on a copy, off the main thread. Equal input gives
 * equal bytes, so that every attempt sends the same.
 * @param level ZLIB level 1 to 9; ZSTD uses its own default.
 * @param deadline how long it may take, behind others that are compressed first. Without one, until it is done.
 * @throws DeadlineError when it was not done in time; OptionsError for ZSTD on a Node that has none
 */
export async function compressBody(
  body: Uint8Array,
  type: CompressionType,
  level: number,
  deadline?: Deadline,
): Promise<CompressedBody | undefined> {
  const compressing = inTurn(() => (type === 'ZLIB' ? deflateBody(body, { level }) : zstdBody(body)), deadline);
  const compressed = deadline === undefined ? await compressing : await settledBy(compressing, deadline, late);
  if (compressed.length >= body.length) return undefined;
  const typeFlag = type === 'ZLIB' ? MessageSysFlag.COMPRESSION_ZLIB : MessageSysFlag.COMPRESSION_ZSTD;
  return { body: compressed, sysFlag: MessageSysFlag.COMPRESSED | typeFlag };
}

async function inTurn<T>(compress: () => Promise<T>, deadline: Deadline | undefined): Promise<T> {
  if (underWay < MOST_AT_ONCE) underWay++;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    if (deadline !== undefined && deadline.remainingMs() <= 0) throw late();
    return await compress();
  } finally {
    const next = waiting.shift();
    if (next === undefined) underWay--;
    else next();
  }
}

function late(): DeadlineError {
  return new DeadlineError('send (its body is not compressed yet)', 0, 1);
}

/** Looked up at use: by name, this file and all that is loaded with it could not be imported on Node 20. */
async function zstdBody(body: Uint8Array): Promise<Uint8Array> {
  const { zstdCompress }: Partial<typeof zlib> = zlib;
  if (zstdCompress !== undefined) return promisify<Uint8Array, Buffer>(zstdCompress)(body);
  throw new OptionsError('option "compression"', ['ZSTD needs Node 22.15 or later']);
}
