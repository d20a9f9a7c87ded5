import { once } from 'node:events';
import { createConnection } from 'node:net';
import { FrameDecoder } from '../../../functions/rocketmq/protocol/frame-decoder.ts';
import {
  decodeFrame,
  frameSerializeType,
  type RemotingCommand,
  type SerializeType,
} from '../../../functions/rocketmq/protocol/remoting-command.ts';

/** An answer, and how its header was written. */
export interface RawAnswer {
  readonly command: RemotingCommand;
  readonly serializeType: SerializeType;
}

/** Sends bytes on a connection of their own and resolves with the first frame that comes back; `undefined` when the server closes instead. */
export async function rawExchange(addr: string, bytes: Uint8Array): Promise<RawAnswer | undefined> {
  const [host, port] = addr.split(':');
  const socket = createConnection({ host, port: Number(port) });
  const answer = new Promise<RawAnswer>((resolve) => {
    const decoder = new FrameDecoder((buffer, start, end) => {
      resolve({ command: decodeFrame(buffer, start, end), serializeType: frameSerializeType(buffer, start) });
    });
    socket.on('data', (chunk) => decoder.push(chunk));
  });
  socket.on('error', () => undefined);
  const closed = once(socket, 'close').then(() => undefined);
  socket.write(bytes);
  const first = await Promise.race([answer, closed]);
  socket.destroy();
  await closed;
  return first;
}
