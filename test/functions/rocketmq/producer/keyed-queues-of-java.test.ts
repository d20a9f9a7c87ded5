import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';
import { BrokerAbsences } from '../../../../functions/rocketmq/client/broker-absences.ts';
import { KeyedQueues } from '../../../../functions/rocketmq/producer/keyed-queues.ts';
import { runJava } from '../../../../local/real/run-java.ts';
import { needsRealRocketMQ } from '../../../local/real/needs-real-rocketmq.ts';
import { publishInfo } from './publish-info.ts';

const QUEUE_COUNTS = Array.from({ length: 16 }, (_, index) => index + 1);

/** By key: for 1 to 16 queues, one hex digit each, the queue that Java chose. Written by JavaPlacements.java. */
const text = readFileSync(new URL('java-placements.json', import.meta.url), 'utf8');
const captured = JSON.parse(text) as Readonly<Record<string, string>>;

test('1,000 sharding keys of every script go to the queue that Java puts them on, for 1 to 16 queues', () => {
  const keys = Object.keys(captured);
  expect(keys).toHaveLength(1000);
  const ours: Record<string, string> = {};
  const infos = QUEUE_COUNTS.map((count) => publishInfo({ 'broker-a': count }));
  for (const key of keys) {
    const queueIds = infos.map(
      (info) => new KeyedQueues(new BrokerAbsences(), 'fail').queueOf(info, key)?.queueId ?? -1,
    );
    ours[key] = queueIds.map((queueId) => queueId.toString(16)).join('');
  }
  expect(ours).toEqual(captured);
});

describe('the captured placements', () => {
  beforeEach(needsRealRocketMQ);

  test.each(['5.5.0', '4.9.5'] as const)(
    'are what Java %s says',
    async (version) => {
      const source = fileURLToPath(new URL('JavaPlacements.java', import.meta.url));
      const { stdout } = await runJava(version, source, [], { javaArgs: ['-Dfile.encoding=UTF-8'] });
      expect(stdout).toBe(text);
    },
    120_000,
  );
});
