import { createClient, deadlineAfter } from '#rocketmq';
import { FrameBlaster } from './blaster/frame-blaster.ts';
import type { Target } from './contenders/load.ts';
import { TOPIC_QUEUES } from './contenders/topic-queues.ts';

const SENDS_MS = 5000;
const CLIENTS = 2000;
/** Rounds of due work: what one client asks in three and a half days. */
const DUE_ROUNDS = 10_000;
/** Makes all due work due but the SSM lookup: more than its periods (30 s), less than the idle limit of connections (100 s). */
export const CLOCK_JUMP_MS = 45_000;
const ROUND_LIMIT_MS = 10_000;

/**
 * Lets a fresh cluster meet what it will be measured with, until its JVMs have compiled it: a load of sends, clients that
 * come, send a message and go, and one that stays and asks for routes and sends heartbeats again and again. Servers that users
 * have ran for weeks.
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
  await repeatDueWork(nameServerAddrs, topic);
}

async function repeatDueWork(nameServerAddrs: readonly string[], topic: string): Promise<void> {
  let aheadMs = 0;
  const client = createClient({ nameServerAddrs: [...nameServerAddrs], clock: { now: () => Date.now() + aheadMs } });
  await client.producer({ group: 'bench-warm' }).send({ topic, body: 'x' });
  for (let round = 0; round < DUE_ROUNDS; round++) {
    aheadMs += CLOCK_JUMP_MS;
    const upkeep = await client.beginInvocation(deadlineAfter(ROUND_LIMIT_MS));
    await upkeep.end();
  }
  const failed = client.dueWorkReport().find(({ failures }) => failures > 0);
  await client.shutdown();
  if (failed !== undefined) throw new Error(`${failed.name} failed ${failed.failures} times: ${failed.lastError}`);
}
