import { createClient, type Message } from '#rocketmq';
import type { Load } from './load.ts';
import { messageKeys } from './message-keys.ts';
import { measureSends } from './send-loop.ts';
import { serveRounds } from './serve-rounds.ts';

/** This project's client by its public API, with its default options: `send` for single messages, `sendAll` for batches. */
await serveRounds(async ({ nameServerAddrs, topic }) => {
  const client = createClient({ nameServerAddrs });
  const producer = client.producer({ group: 'bench-this' });
  const nextKey = messageKeys();
  const message = (body: Buffer): Message => ({ topic, body, tag: 'bench', keys: [nextKey()] });
  return {
    run(load: Load) {
      const body = Buffer.alloc(load.bodyBytes, 'x');
      if (load.batch === 1) return measureSends(load, () => producer.send(message(body)));
      return measureSends(load, async () => {
        // By a loop: `Array.from({ length })` was 5 % of this client's CPU time.
        const messages: Message[] = [];
        for (let count = 0; count < load.batch; count++) messages.push(message(body));
        const outcomes = await producer.sendAll(messages);
        // As with the other clients, a batch that is not stored as a whole is a send that failed.
        for (const outcome of outcomes) if (outcome.status === 'failed') throw outcome.error;
      });
    },
  };
});
