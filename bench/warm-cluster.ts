import { createClient } from '#rocketmq';
import { FrameBlaster } from './blaster/frame-blaster.ts';
import type { Target } from './contenders/load.ts';
import { TOPIC_QUEUES } from './contenders/topic-queues.ts';

const SENDS_MS = 5000;
const CLIENTS = 2000;

/**
 * Lets a fresh cluster meet what it will be measured with, until its JVMs have compiled it: a load of sends, and clients that
 * come, send a message and go. Those that users have ran for weeks.
 */
export async function warmCluster({ brokerAddr, nameServerAddrs, topic }: Target): Promise<void> {
  const blaster = await FrameBlaster.connect(brokerAddr);
  const load = { window: 64, bodyBytes: 256, batch: 1, warmupMs: 0, durationMs: SENDS_MS };
  await blaster.run(load, { serializeType: 'ROCKETMQ', topic, queues: TOPIC_QUEUES });
  blaster.close();
  for (let number = 0; number < CLIENTS; number++) {
    const client = createClient({ nameServerAddrs });
    await client.producer({ group: 'bench-warm' }).send({ topic, body: 'x' });
    await client.shutdown();
  }
}
