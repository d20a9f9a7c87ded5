import type { SQSEvent } from 'aws-lambda';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { readBack } from '../../local/run/run-cluster.ts';
import {
  CLUSTER_START_LIMIT_MS,
  type ContractCluster,
  contractKinds,
  freshTopic,
  openContractCluster,
} from './clusters.ts';
import { buildFunction, failuresOf, metricsOf, reportedBy, startFunction } from './function-under-test.ts';
import { newEvent, sampleEvent } from './sqs-events.ts';

const built = buildFunction('sqs');
afterAll(() => built[Symbol.dispose]());

/** A new event of a standard queue with these bodies. */
function eventOf(...bodies: readonly unknown[]): SQSEvent {
  const { Records } = newEvent(bodies.length);
  return { Records: Records.map((record, index) => ({ ...record, body: JSON.stringify(bodies[index]) })) };
}

describe.each(contractKinds)('on %s, the sqs function with a mapping', (kind) => {
  let cluster: ContractCluster;
  let topic = '';

  beforeEach(async (context) => {
    cluster ??= await openContractCluster(kind, context);
    topic = await freshTopic(cluster);
  }, CLUSTER_START_LIMIT_MS);
  afterAll(() => cluster?.stop());

  const start = (mapping: object) =>
    startFunction(built, {
      topic,
      nameServers: cluster.nameServerAddrs,
      environment: { ROCKETMQ_MAPPING: JSON.stringify(mapping) },
    });

  test('sends each record to the topic that it says, with what it says, and leaves out what nobody wants', async () => {
    const other = await freshTopic(cluster);
    await using host = start({
      topic: 'body.topic',
      body: '{id: body.id, total: body.total}',
      tag: 'body.kind',
      keys: ['body.id', 'body.customer'],
      shardingKey: 'body.customer',
      properties: { total: 'body.total' },
      filter: "body.kind != 'draft'",
    });
    const record = (id: string, to: string, kind: string) => ({ id, topic: to, kind, customer: 'anna', total: 12.5 });
    const event = eventOf(record('o-1', topic, 'paid'), record('o-2', topic, 'draft'), record('o-3', other, 'new'));
    const result = await host.invoke(event);
    expect(reportedBy(result)).toEqual([]);
    expect(metricsOf(result)).toMatchObject({ MessagesSent: 2, RecordsFiltered: 1, RecordsDropped: 0 });
    const [first, ...more] = await readBack(cluster.admin, topic, 1);
    expect(more).toEqual([]);
    expect(first?.body.toString()).toBe('{"id":"o-1","total":12.5}');
    expect(first?.properties).toMatchObject({
      TAGS: 'paid',
      KEYS: `${event.Records[0]?.messageId} o-1 anna`,
      __SHARDINGKEY: 'anna',
      total: '12.5',
    });
    const [third] = await readBack(cluster.admin, other, 1);
    expect(third?.body.toString()).toBe('{"id":"o-3","total":12.5}');
  });

  test('opens notifications of S3 within those of SNS, and stores a message for each object', async () => {
    await using host = start({ unwrap: ['sns', 's3'] });
    const result = await host.invoke(sampleEvent('s3-in-sns-in-sqs'));
    expect(reportedBy(result)).toEqual([]);
    expect(metricsOf(result)).toMatchObject({ MessagesSent: 2, RecordsFiltered: 1 });
    const stored = await readBack(cluster.admin, topic, 2);
    expect(stored.map(({ properties }) => properties['aws.key']).toSorted()).toEqual([
      'a+b c%2F.txt',
      'invoices/Größe XL (1).pdf',
    ]);
  });

  test('drops what can never be stored, and nothing else', async () => {
    await using host = start({ topic: 'body.topic', onPermanentError: 'drop' });
    const event = eventOf({ topic }, { topic: 'no topic' }, { topic: 7 }, { topic: `${topic}-is-not-there` });
    const result = await host.invoke(event);
    // A topic that is not there may be created yet: that record comes again.
    expect(reportedBy(result)).toEqual([event.Records[3]?.messageId]);
    expect(failuresOf(result)).toMatchObject([{ code: 'ROCKETMQ_TOPIC_NOT_FOUND', retryable: true }]);
    expect(metricsOf(result)).toMatchObject({ MessagesSent: 1, RecordsDropped: 2 });
    expect(await readBack(cluster.admin, topic, 1)).toHaveLength(1);
  });

  test('delays what it says, where brokers can; where they cannot, the record is reported, and never dropped', async () => {
    await using host = start({ delayMs: 'body.waitMs', onPermanentError: 'drop' });
    const event = eventOf({ waitMs: 1000 }, {});
    const result = await host.invoke(event);
    const isTooOld = kind === '4.9.5';
    expect(reportedBy(result)).toEqual(isTooOld ? [event.Records[0]?.messageId] : []);
    expect(metricsOf(result)).toMatchObject({ MessagesSent: isTooOld ? 1 : 2, RecordsDropped: 0 });
    if (isTooOld) expect(failuresOf(result)).toMatchObject([{ reason: expect.stringContaining('5.0.0') }]);
    const expected = isTooOld ? 1 : 2;
    expect(await readBack(cluster.admin, topic, expected)).toHaveLength(expected);
  });
});
