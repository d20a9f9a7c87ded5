import { Buffer } from 'node:buffer';
import { promisify } from 'node:util';
import { inflate, zstdDecompress } from 'node:zlib';
import { RemotingCommandError } from '../errors.ts';
import { MessageSysFlag } from '../protocol/message-sys-flag.ts';

const inflateBody = promisify<Uint8Array, Buffer>(inflate);
const unzstdBody = promisify<Uint8Array, Buffer>(zstdDecompress);

/** A body as its sender had it, whatever it was compressed by. @throws RemotingCommandError for LZ4, which Node cannot read */
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
