import { createRequire } from 'node:module';
import { messageKeys } from './message-keys.ts';
import { measureSends } from './send-loop.ts';
import { serveRounds } from './serve-rounds.ts';

/** What is used of ali-ons, which has no types of its own. */
interface AliOns {
  readonly Producer: new (
    options: object,
  ) => {
    ready(): Promise<void>;
    send(message: object): Promise<{ readonly sendStatus: string }>;
  };
  readonly Message: new (topic: string, tag: string, body: Buffer) => { keys: readonly string[] };
}

// The bench sets NODE_PATH to where it installed the peers.
const { Producer, Message } = createRequire(import.meta.url)('ali-ons') as AliOns;

await serveRounds(async ({ nameServerAddrs, topic }) => {
  // An address list needs no HTTP client, but the constructor insists on one.
  const producer = new Producer({ nameSrv: nameServerAddrs.join(';'), httpclient: {}, producerGroup: 'bench-ali-ons' });
  await producer.ready();
  const nextKey = messageKeys();
  return {
    run(load) {
      if (load.batch !== 1) throw new RangeError('ali-ons has no batches');
      const body = Buffer.alloc(load.bodyBytes, 'x');
      return measureSends(load, async () => {
        const message = new Message(topic, 'bench', body);
        message.keys = [nextKey()];
        const { sendStatus } = await producer.send(message);
        if (sendStatus !== 'SEND_OK') throw new Error(`ali-ons: ${sendStatus}`);
      });
    },
  };
});
