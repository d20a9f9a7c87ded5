import { Buffer } from 'node:buffer';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { RemotingCommandError } from '../errors.ts';
import { MessageSysFlag } from '../protocol/message-sys-flag.ts';

const inflateBody = promisify<Uint8Array, Buffer>(zlib.inflate);

/**
 * A body as its sender had it, whatever it was compressed by.
 * @throws RemotingCommandError for LZ4, which Node cannot read, and for ZSTD on a Node that cannot
 */
export async function plainBody(body: Uint8Array, sysFlag: number): Promise<Buffer> {
  if ((sysFlag & MessageSysFlag.COMPRESSED) === 0) return Buffer.from(body);
  switch (sysFlag & MessageSysFlag.COMPRESSION_TYPE_MASK) {
    case MessageSysFlag.COMPRESSION_ZSTD:
      return unzstdBody(body);
    case MessageSysFlag.COMPRESSION_LZ4:
      throw new RemotingCommandError('a body compressed with LZ4 cannot be read', 0);
    default:
      return inflateBody(body);
  }
}

/** Looked up at use: by name, this file and all that is loaded with it could not be imported on Node 20. */
async function unzstdBody(body: Uint8Array): Promise<Buffer> {
  const { zstdDecompress }: Partial<typeof zlib> = zlib;
  if (zstdDecompress !== undefined) return promisify<Uint8Array, Buffer>(zstdDecompress)(body);
  throw new RemotingCommandError('to read a body compressed with ZSTD needs Node 22.15 or later', 0);
}
