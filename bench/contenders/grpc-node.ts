import diagnostics from 'node:diagnostics_channel';
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import { messageKeys } from './message-keys.ts';
import { measureSends } from './send-loop.ts';
import { serveRounds } from './serve-rounds.ts';

/** What is used of rocketmq-client-nodejs. */
interface RocketMQNodeClient {
  readonly Producer: new (
    options: object,
  ) => {
    startup(): Promise<void>;
    send(message: object): Promise<unknown>;
  };
}

// A proxy tells its clients its own address, so a TCP proxy before it sees nothing: bytes are read off the sockets.
const sockets: Socket[] = [];
diagnostics.subscribe('net.client.socket', (message) => sockets.push((message as { socket: Socket }).socket));
const total = (of: (socket: Socket) => number) => sockets.reduce((sum, socket) => sum + of(socket), 0);
const sentBytes = () => total(({ bytesWritten }) => bytesWritten);
const receivedBytes = () => total(({ bytesRead }) => bytesRead);

// The bench sets NODE_PATH to where it installed the peers.
const { Producer } = createRequire(import.meta.url)('rocketmq-client-nodejs') as RocketMQNodeClient;

// Its default logger writes a file under the home directory; none at all is the most favourable for it.
const ignore = () => undefined;
const logger = { info: ignore, debug: ignore, warn: console.error, error: console.error };

await serveRounds(async ({ grpcAddr, topic }) => {
  const producer = new Producer({ endpoints: grpcAddr, namespace: '', topics: [topic], logger });
  await producer.startup();
  const nextKey = messageKeys();
  return {
    async run(load) {
      if (load.batch !== 1) throw new RangeError('rocketmq-client-nodejs has no batches');
      const body = Buffer.alloc(load.bodyBytes, 'x');
      const [sentBefore, receivedBefore] = [sentBytes(), receivedBytes()];
      const send = () => producer.send({ topic, tag: 'bench', keys: [nextKey()], body });
      const round = await measureSends(load, send);
      if (load.sends === undefined) return round;
      return { ...round, sentBytes: sentBytes() - sentBefore, receivedBytes: receivedBytes() - receivedBefore };
    },
  };
});
