import { Buffer } from 'node:buffer';
import type { KinesisStreamEvent, SQSEvent } from 'aws-lambda';
import { afterAll, describe, expect, test } from 'vitest';
import { peakRssBytes } from '../../bench/measure/process-tree.ts';
import { RequestCode } from '../../functions/rocketmq/protocol/request-code.ts';
import { bundledFunction, sample } from './bundled-function.ts';

const RECORDS = 10_000;
/** Keys of the records that have an order. */
const KEYS = 500;
const MEMORY_BYTES = 256 * 1024 * 1024;

/** A record of its own for each index; its body begins with the index. */
interface LargeBatch {
  readonly Records: readonly object[];
  /** What the answer calls a record, by its index. */
  readonly identifiers: readonly string[];
}

/** So that no attempt is given up for the slowness of a busy machine, and made again. */
const PATIENT = { ROCKETMQ_ATTEMPT_TIMEOUT_MS: '30000', ROCKETMQ_SEND_TIMEOUT_MS: '60000' };

const bodyOf = (index: number) => `${index} ${'x'.repeat(100)}`;
const indices = Array.from({ length: RECORDS }, (_, index) => index);

function sqsBatch(): LargeBatch {
  const [template] = sample<SQSEvent>('sqs', 'standard').Records;
  const identifiers = indices.map((index) => `message-${index}`);
  return { identifiers, Records: indices.map((n) => ({ ...template, messageId: identifiers[n], body: bodyOf(n) })) };
}

function kinesisBatch(): LargeBatch {
  const [template] = sample<KinesisStreamEvent>('kinesis', 'plain').Records;
  const identifiers = indices.map((index) => `${100_000 + index}`);
  const Records = indices.map((index) => ({
    ...template,
    eventID: `shardId-000000000006:${identifiers[index]}`,
    kinesis: {
      ...template?.kinesis,
      partitionKey: `key-${index % KEYS}`,
      sequenceNumber: identifiers[index],
      data: Buffer.from(bodyOf(index)).toString('base64'),
    },
  }));
  return { identifiers, Records };
}

describe.each<[string, LargeBatch]>([
  ['sqs', sqsBatch()],
  ['kinesis', kinesisBatch()],
])('10,000 records of %s in one event', { timeout: 120_000 }, (source, { Records, identifiers }) => {
  const bundled = bundledFunction(source);
  afterAll(() => bundled[Symbol.dispose]());

  test('are stored once each, in less than 256 MB of memory, and in the order of their keys', async () => {
    await using started = await bundled.start(PATIENT, { timeoutMs: 90_000 });
    const result = await started.host.invoke({ Records });
    expect(result).toMatchObject({ status: 'ok', payload: { batchItemFailures: [] } });
    expect(peakRssBytes(started.host.pid ?? 0)).toBeLessThan(MEMORY_BYTES);
    const stored = await started.readBack();
    expect(stored).toHaveLength(RECORDS);
    const last = new Map<string | undefined, number>();
    for (const { properties, body } of stored) {
      const index = Number.parseInt(body.toString(), 10);
      const { __SHARDINGKEY: key = `no key: ${index}` } = properties;
      expect(index).toBeGreaterThan(last.get(key) ?? -1);
      last.set(key, index);
    }
    expect(last.size).toBe(source === 'kinesis' ? KEYS : RECORDS);
  });

  test('of which the time of the invocation is enough for some are stored or reported, each of them', async () => {
    // Three seconds to send in, and time enough for the answer on a machine that is busy with other things.
    await using started = await bundled.start({ ROCKETMQ_DEADLINE_RESERVE_MS: '17000' }, { timeoutMs: 20_000 });
    const codes = [RequestCode.SEND_MESSAGE_V2, RequestCode.SEND_BATCH_MESSAGE];
    for (const broker of started.cluster.brokers) broker.faults.add({ kind: 'delay', until: 300, codes });
    const result = await started.host.invoke({ Records });
    expect(result.status).toBe('ok');
    expect(result.log.length).toBeLessThan(300);
    const { batchItemFailures } = (result.status === 'ok' ? result.payload : {}) as {
      batchItemFailures: readonly { itemIdentifier: string }[];
    };
    const stored = new Set((await started.readBack()).map(({ body }) => Number.parseInt(body.toString(), 10)));
    expect(stored.size).toBeGreaterThan(0);
    expect(batchItemFailures.length).toBeGreaterThan(0);
    const reported = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    // What was sent and not answered in time may be stored as well: it is reported, and comes again under its id.
    const lost = indices.filter((index) => !stored.has(index) && !reported.has(identifiers[index] ?? ''));
    expect(lost).toEqual([]);
    expect(peakRssBytes(started.host.pid ?? 0)).toBeLessThan(MEMORY_BYTES);
  });
});
