import { describe, expect, test } from 'vitest';
import { FrameBlaster } from '../../../bench/blaster/frame-blaster.ts';
import { startEmbeddedCluster } from '../../../local/embedded/embedded-cluster.ts';

const TOPIC = 'blasted';

describe.each(['ROCKETMQ', 'JSON'] as const)('the frame blaster with %s headers', (serializeType) => {
  test.each([
    ['single sends', 1],
    ['batches', 5],
  ])('has every message of its %s stored, over all queues, and counts the answers', async (_, batch) => {
    await using cluster = await startEmbeddedCluster({ topics: [{ name: TOPIC, queues: 4 }] });
    const blaster = await FrameBlaster.connect(cluster.broker().addr);
    const load = { window: 8, bodyBytes: 100, batch, warmupMs: 0, durationMs: 0, sends: 40 };
    const round = await blaster.run(load, { serializeType, topic: TOPIC, queues: 4 });
    blaster.close();
    expect(round).toMatchObject({ messages: 40 * batch, failed: 0 });
    const stored = cluster.messages(TOPIC);
    expect(stored).toHaveLength(40 * batch);
    expect(new Set(stored.map(({ queueId }) => queueId))).toEqual(new Set([0, 1, 2, 3]));
    expect(stored[0]?.body).toHaveLength(100);
    expect(stored[0]?.properties).toMatchObject({ TAGS: 'bench', KEYS: 'key-0' });
  });

  test('counts what the broker refuses as failed', async () => {
    await using cluster = await startEmbeddedCluster();
    const blaster = await FrameBlaster.connect(cluster.broker().addr);
    const load = { window: 1, bodyBytes: 1, batch: 1, warmupMs: 0, durationMs: 0, sends: 3 };
    const round = await blaster.run(load, { serializeType, topic: 'unknown', queues: 1 });
    blaster.close();
    expect(round).toMatchObject({ messages: 0, failed: 3 });
  });
});
