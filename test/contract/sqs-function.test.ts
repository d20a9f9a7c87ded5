import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RESERVED_PROPERTIES } from '#rocketmq';
import type { LambdaHost } from '../../local/lambda/lambda-host.ts';
import { readBack } from '../../local/run/run-cluster.ts';
import { startSsmEndpoint } from '../../local/ssm/ssm-endpoint.ts';
import {
  CLUSTER_START_LIMIT_MS,
  type ContractCluster,
  contractKinds,
  freshTopic,
  openContractCluster,
} from './clusters.ts';
import { buildFunction, failuresOf, metricsOf, PARAMETER, reportedBy, startFunction } from './function-under-test.ts';
import { newEvent, sampleEvent } from './sqs-events.ts';

const built = buildFunction('sqs');
afterAll(() => built[Symbol.dispose]());

describe.each(contractKinds)('on %s, the sqs function', (kind) => {
  let cluster: ContractCluster;
  let host: LambdaHost | undefined;
  let topic = '';

  beforeEach(async (context) => {
    cluster ??= await openContractCluster(kind, context);
    topic = await freshTopic(cluster, 8);
  }, CLUSTER_START_LIMIT_MS);
  afterEach(() => host?.stop());
  afterAll(() => cluster?.stop());

  function start(): LambdaHost {
    host = startFunction(built, { topic, nameServers: cluster.nameServerAddrs });
    return host;
  }

  test('stores the records of a standard queue with their bodies, keys and attributes', async () => {
    const event = sampleEvent('standard');
    const result = await start().invoke(event);
    expect(reportedBy(result)).toEqual([]);
    expect(metricsOf(result)).toMatchObject({
      MessagesSent: event.Records.length,
      PossibleDuplicates: 0,
      ColdStart: 1,
      ConnectionsOpened: 2,
    });
    const stored = await readBack(cluster.admin, topic, event.Records.length);
    expect(stored).toHaveLength(event.Records.length);
    const byKey = new Map(stored.map((message) => [message.properties.KEYS, message]));
    for (const { messageId, body, messageAttributes } of event.Records) {
      const message = byKey.get(messageId);
      expect(message?.body.toString()).toBe(body);
      for (const [name, { stringValue, binaryValue }] of Object.entries(messageAttributes)) {
        const property = RESERVED_PROPERTIES.has(name) ? `aws.${name}` : name;
        expect(message?.properties[property]).toBe(stringValue ?? binaryValue);
      }
    }
  });

  test('finds its name servers in SSM when the environment has no seed', async () => {
    await using ssm = await startSsmEndpoint({ parameters: { [PARAMETER]: cluster.nameServerAddrs.join(';') } });
    await using seedless = startFunction(built, { topic, ssmUrl: ssm.url });
    const cold = await seedless.invoke(newEvent(3));
    const warm = await seedless.invoke(newEvent(3));
    expect([reportedBy(cold), reportedBy(warm)]).toEqual([[], []]);
    expect(await readBack(cluster.admin, topic, 6)).toHaveLength(6);
    expect(ssm.calls).toMatchObject([{ action: 'GetParameters', names: [PARAMETER], withDecryption: true }]);
    expect(metricsOf(warm)).toMatchObject({ ConnectionsOpened: 0, ColdStart: 0 });
  });

  test('keeps each message group of a FIFO queue in order and in one queue', async () => {
    const samples = sampleEvent('fifo-three-groups');
    const many = newEvent(200, { groups: 5 });
    const records = [...samples.Records, ...many.Records];
    const running = start();
    expect(reportedBy(await running.invoke(samples))).toEqual([]);
    expect(reportedBy(await running.invoke(many))).toEqual([]);
    const stored = await readBack(cluster.admin, topic, records.length);
    expect(stored).toHaveLength(records.length);
    for (const group of new Set(records.map(({ attributes }) => attributes.MessageGroupId))) {
      const sent = records.filter(({ attributes }) => attributes.MessageGroupId === group);
      const ofGroup = stored.filter(({ properties }) => properties.__SHARDINGKEY === group);
      expect(ofGroup.map(({ properties }) => properties.KEYS)).toEqual(sent.map(({ messageId }) => messageId));
      expect(new Set(ofGroup.map(({ queueId }) => queueId)).size).toBe(1);
    }
  });

  test('reports a record that no broker stores as meant, and stores the others', async () => {
    const event = sampleEvent('poison');
    const result = await start().invoke(event);
    const [, poison] = event.Records;
    expect(reportedBy(result)).toEqual([poison?.messageId]);
    expect(failuresOf(result)).toMatchObject([
      { recordId: poison?.messageId, code: 'ROCKETMQ_MESSAGE_ILLEGAL', outcome: 'notSent', retryable: false },
    ]);
    const stored = await readBack(cluster.admin, topic, 2);
    const others = event.Records.filter((record) => record !== poison);
    expect(new Set(stored.map(({ properties }) => properties.KEYS))).toEqual(
      new Set(others.map(({ messageId }) => messageId)),
    );
  });

  test('stops a message group at its first failure and goes on with the others', async () => {
    const event = sampleEvent('fifo-poison');
    const result = await start().invoke(event);
    const [anna1, bert1, anna2, bert2, anna3] = event.Records.map(({ messageId }) => messageId);
    expect(reportedBy(result)).toEqual([anna2, anna3]);
    expect(failuresOf(result).map(({ recordId, code }) => [recordId, code])).toEqual([
      [anna2, 'ROCKETMQ_MESSAGE_ILLEGAL'],
      [anna3, 'ROCKETMQ_ORDER_BLOCKED'],
    ]);
    const stored = await readBack(cluster.admin, topic, 3);
    expect(new Set(stored.map(({ properties }) => properties.KEYS))).toEqual(new Set([anna1, bert1, bert2]));
  });

  test('gives a record the same message id on every delivery, also in another sandbox', async () => {
    const event = sampleEvent('standard');
    // One of its records says that it is delivered again.
    const environment = { ROCKETMQ_DEDUPLICATE: 'off' };
    await using running = startFunction(built, { topic, nameServers: cluster.nameServerAddrs, environment });
    expect(reportedBy(await running.invoke(event))).toEqual([]);
    expect(reportedBy(await running.invoke(event))).toEqual([]);
    await using other = startFunction(built, { topic, nameServers: cluster.nameServerAddrs, environment });
    expect(reportedBy(await other.invoke(event))).toEqual([]);
    const count = event.Records.length * 3;
    await expect.poll(async () => (await cluster.admin.readAll(topic)).length).toBe(count);
    const stored = await cluster.admin.readAll(topic);
    for (const { messageId } of event.Records) {
      const copies = stored.filter(({ properties }) => properties.KEYS === messageId);
      expect(copies).toHaveLength(3);
      expect(new Set(copies.map(({ properties }) => properties.UNIQ_KEY)).size).toBe(1);
    }
    expect(new Set(stored.map(({ properties }) => properties.UNIQ_KEY)).size).toBe(event.Records.length);
  });

  test('reports every record of a topic that does not exist, naming the topic, and leaves nothing behind', async () => {
    await using lost = startFunction(built, { topic: `${topic}-missing`, nameServers: cluster.nameServerAddrs });
    const event = newEvent(3);
    const result = await lost.invoke(event);
    expect(reportedBy(result)).toEqual(event.Records.map(({ messageId }) => messageId));
    expect(failuresOf(result)[0]).toMatchObject({ code: 'ROCKETMQ_TOPIC_NOT_FOUND', outcome: 'notSent' });
    expect(result.leftBehind).toEqual([]);
  });
});
