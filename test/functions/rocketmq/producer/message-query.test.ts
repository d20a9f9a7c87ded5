import { describe, expect, test } from 'vitest';
import { createClient, type Message } from '#rocketmq';
import { MQVersion } from '../../../../functions/rocketmq/protocol/mq-version.ts';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import type { EmbeddedCluster } from '../../../../local/embedded/embedded-cluster.ts';
import { GivenClock } from '../remoting/given-clock.ts';
import { rejectionOf, startProducer, TOPIC, TWO_BROKERS } from './start-producer.ts';

const QUERY = RequestCode.QUERY_MESSAGE;

function message(msgId: string, more: Partial<Message> = {}): Message {
  return { topic: TOPIC, body: msgId, msgId, ...more };
}

/** Questions that each broker got. */
function questions(cluster: EmbeddedCluster): number[] {
  return cluster.brokers.map(({ requests }) => requests.count(QUERY));
}

describe('a message asked for by its id', () => {
  test('is found where it was stored, and not stored again', async () => {
    await using started = await startProducer();
    const { cluster, producer } = started;
    const sent = await producer.send(message('id-1'));
    await producer.send(message('id-2'));
    expect(await producer.queryMessageByUniqKey(message('id-1'))).toEqual({
      stored: { ...sent, attempts: 0 },
      unanswered: [],
    });
    expect(cluster.messages(TOPIC)).toHaveLength(2);
  });

  test('is not found when it was never stored, when it is in another topic, and when its id is only a key', async () => {
    await using started = await startProducer({
      cluster: {
        topics: [
          { name: TOPIC, queues: 1 },
          { name: 'other', queues: 1 },
        ],
      },
    });
    const { producer } = started;
    await producer.send(message('id-1', { topic: 'other' }));
    await producer.send(message('id-2', { keys: ['id-3'] }));
    for (const id of ['id-0', 'id-1', 'id-3']) {
      expect(await producer.queryMessageByUniqKey(message(id)), id).toEqual({ stored: undefined, unanswered: [] });
    }
  });

  test('is found among messages that have its id as a key', async () => {
    await using started = await startProducer();
    const { producer } = started;
    await producer.send(message('id-1', { keys: ['id-2'] }));
    const { queue, queueOffset } = await producer.send(message('id-2'));
    const { stored } = await producer.queryMessageByUniqKey(message('id-2'));
    expect(stored).toMatchObject({ queue, queueOffset, msgId: 'id-2' });
  });

  test('of many with the same id is found at the first', async () => {
    await using started = await startProducer();
    const { producer } = started;
    const { offsetMsgId } = await producer.send(message('id-1'));
    await producer.send(message('id-1'));
    expect((await producer.queryMessageByUniqKey(message('id-1'))).stored).toMatchObject({ offsetMsgId });
  });

  test('is found as a member of a batch', async () => {
    await using started = await startProducer();
    const { producer } = started;
    const outcomes = await producer.sendAll(['id-1', 'id-2', 'id-3'].map((id) => message(id)));
    for (const outcome of outcomes) {
      if (outcome.status === 'failed') throw outcome.error;
      const { stored } = await producer.queryMessageByUniqKey(message(outcome.result.msgId));
      // Brokers tell the region in their answer to a batch, and do not store it with its members.
      expect(stored).toEqual({ ...outcome.result, attempts: 0, regionId: undefined });
    }
  });

  test.each([{ delayLevel: 3 }, { delayMs: 10_000 }, { deliverAt: 1_700_000_010_000 }])(
    'is found with %o while it waits, and when it was delivered',
    async (delay) => {
      const clock = new GivenClock();
      await using started = await startProducer({ cluster: { clock }, client: { clock } });
      const { cluster, producer } = started;
      const { queue } = await producer.send(message('id-1', delay));
      expect(cluster.messages(TOPIC)).toHaveLength(0);
      expect((await producer.queryMessageByUniqKey(message('id-1', delay))).stored).toMatchObject({ queue });
      clock.advance(12_000);
      expect(cluster.messages(TOPIC)).toHaveLength(1);
      expect((await producer.queryMessageByUniqKey(message('id-1', delay))).stored).toMatchObject({ queue });
      await producer.send(message('id-2', delay));
      expect((await producer.queryMessageByUniqKey(message('id-3', delay))).stored).toBeUndefined();
    },
  );

  test('is found with its namespace, and told of without it', async () => {
    await using started = await startProducer({
      cluster: { topics: [{ name: `ns%${TOPIC}`, queues: 1 }] },
      client: { namespace: 'ns' },
    });
    const { producer } = started;
    const { queue } = await producer.send(message('id-1'));
    expect(queue.topic).toBe(TOPIC);
    expect((await producer.queryMessageByUniqKey(message('id-1'))).stored).toMatchObject({ queue });
  });

  test('is looked for only in the time that it can have been stored in', async () => {
    const clock = new GivenClock(5000);
    await using started = await startProducer({ cluster: { clock } });
    const { cluster, producer } = started;
    await producer.send(message('id-1'));
    expect((await producer.queryMessageByUniqKey(message('id-1'), { storedSince: 5000 })).stored).toBeDefined();
    expect((await producer.queryMessageByUniqKey(message('id-1'), { storedSince: 5001 })).stored).toBeUndefined();
    const fields = cluster.broker().requests.last(QUERY).at(-1)?.extFields;
    expect(fields).toMatchObject({ beginTimestamp: '5001', endTimestamp: '9223372036854775807', key: 'id-1' });
  });

  test('without an id cannot be asked for', async () => {
    await using started = await startProducer();
    const error = await rejectionOf(started.producer.queryMessageByUniqKey({ topic: TOPIC, body: 'x' }));
    expect(error).toMatchObject({ code: 'ROCKETMQ_MESSAGE_ILLEGAL', field: 'msgId' });
  });

  test('of a topic without a route fails as a send does', async () => {
    await using started = await startProducer();
    const error = await rejectionOf(started.producer.queryMessageByUniqKey(message('id-1', { topic: 'gone' })));
    expect(error).toMatchObject({ code: 'ROCKETMQ_TOPIC_NOT_FOUND' });
  });
});

describe('of several brokers', () => {
  test('all masters are asked for a message without a key, each once', async () => {
    await using started = await startProducer({ cluster: TWO_BROKERS });
    const { cluster, producer } = started;
    for (const [index, broker] of ['broker-a', 'broker-b'].entries()) {
      const queue = { topic: TOPIC, brokerName: broker, queueId: 2 };
      await producer.send(message(broker), { queue });
      expect((await producer.queryMessageByUniqKey(message(broker))).stored).toMatchObject({ queue });
      expect(questions(cluster)).toEqual([index + 1, index + 1]);
    }
    expect((await producer.queryMessageByUniqKey(message('nowhere'))).stored).toBeUndefined();
    expect(questions(cluster)).toEqual([3, 3]);
  });

  test('only that of its queue is asked for a message with a key', async () => {
    await using started = await startProducer({ cluster: TWO_BROKERS });
    const { cluster, producer } = started;
    for (let index = 0; index < 16; index++) {
      const keyed = message(`id-${index}`, { shardingKey: `key-${index}` });
      const { queue } = await producer.send(keyed);
      const before = questions(cluster);
      expect((await producer.queryMessageByUniqKey(keyed)).stored).toMatchObject({ queue });
      const asked = questions(cluster).map((count, at) => count - (before[at] ?? 0));
      expect(asked).toEqual(cluster.brokers.map(({ name }) => (name === queue.brokerName ? 1 : 0)));
    }
    expect(questions(cluster).every((count) => count > 0)).toBe(true);
  });

  test('all are asked for a message with a key that may have moved between them', async () => {
    await using started = await startProducer({ cluster: TWO_BROKERS, producer: { onQueueLost: 'rehash' } });
    const { cluster, producer } = started;
    await producer.queryMessageByUniqKey(message('id-1', { shardingKey: 'k' }));
    expect(questions(cluster)).toEqual([1, 1]);
  });

  test('all are asked for a message of a static topic, whose queues move', async () => {
    const staticQueues = [
      { broker: 'broker-a', queueId: 0 },
      { broker: 'broker-b', queueId: 0 },
    ];
    const topics = [{ name: TOPIC, queues: 1, staticQueues }];
    await using started = await startProducer({ cluster: { ...TWO_BROKERS, topics } });
    const { cluster, producer } = started;
    const keyed = message('id-1', { shardingKey: 'k' });
    await producer.send(keyed);
    expect((await producer.queryMessageByUniqKey(keyed)).stored).toMatchObject({ msgId: 'id-1' });
    expect(questions(cluster)).toEqual([1, 1]);
  });

  test('one that takes no messages any more is asked too', async () => {
    await using started = await startProducer({ cluster: TWO_BROKERS });
    const { cluster, client, producer } = started;
    const queue = { topic: TOPIC, brokerName: 'broker-b', queueId: 0 };
    await producer.send(message('id-1'), { queue });
    cluster.broker('broker-b').setPerm(TOPIC, 4);
    await client.shutdown();
    await using fresh = startProducerOn(cluster);
    expect((await fresh.producer.queryMessageByUniqKey(message('id-1'))).stored).toMatchObject({ queue });
  });

  test('a slave is asked while its master is away', async () => {
    const brokers = [{ name: 'broker-a' }, { name: 'broker-a', slave: true }];
    await using started = await startProducer({ cluster: { brokers, topics: [{ name: TOPIC, queues: 1 }] } });
    const { cluster, client, producer } = started;
    await producer.send(message('id-1'));
    await client.shutdown();
    await cluster.broker().stop();
    await using fresh = startProducerOn(cluster);
    const { stored, unanswered } = await fresh.producer.queryMessageByUniqKey(message('id-1'));
    expect(unanswered).toEqual([]);
    expect(stored).toMatchObject({ msgId: 'id-1' });
  });
});

describe('a broker that does not answer', () => {
  test('within the time of an attempt is told of, while another one is heard', async () => {
    await using started = await startProducer({ cluster: TWO_BROKERS, producer: { attemptTimeoutMs: 250 } });
    const { cluster, client, producer } = started;
    const queue = { topic: TOPIC, brokerName: 'broker-b', queueId: 0 };
    await producer.send(message('id-1'), { queue });
    cluster.broker('broker-a').faults.add({ kind: 'no-answer', isStored: false, codes: [QUERY] });
    const { stored, unanswered } = await producer.queryMessageByUniqKey(message('id-1'));
    expect(stored).toMatchObject({ queue });
    expect(unanswered).toMatchObject([{ code: 'ROCKETMQ_TIMEOUT', addr: cluster.broker('broker-a').addr }]);
    expect(client.pendingCount).toBe(0);
  });

  test('is asked by those who ask at once, and by nobody else for 30 s', async () => {
    const clock = new GivenClock();
    await using started = await startProducer({ client: { clock }, producer: { attemptTimeoutMs: 500 } });
    const { cluster, producer } = started;
    await producer.send(message('other'));
    const { remove } = cluster.broker().faults.add({ kind: 'no-answer', isStored: false, codes: [QUERY] });
    const ask = () => producer.queryMessageByUniqKey(message('id-1'));
    const silence = { stored: undefined, unanswered: [expect.objectContaining({ code: 'ROCKETMQ_TIMEOUT' })] };
    expect(await Promise.all([ask(), ask()])).toEqual([silence, silence]);
    expect(questions(cluster)).toEqual([2]);
    expect(await ask()).toEqual(silence);
    clock.advance(29_999);
    expect(await ask()).toEqual(silence);
    expect(questions(cluster)).toEqual([2]);
    remove();
    clock.advance(1);
    expect(await ask()).toEqual({ stored: undefined, unanswered: [] });
    expect(questions(cluster)).toEqual([3]);
    clock.advance(-60_000);
    expect(await ask()).toEqual({ stored: undefined, unanswered: [] });
  });

  test('in hardly any time is asked again', async () => {
    await using started = await startProducer();
    const { cluster, producer } = started;
    cluster.broker().faults.add({ kind: 'no-answer', isStored: false, codes: [QUERY], times: 1 });
    const deadline = { remainingMs: () => 20 };
    // The route is known before, so that the time goes into the question.
    await producer.send(message('id-1'));
    expect((await producer.queryMessageByUniqKey(message('id-1'), { deadline })).unanswered).toHaveLength(1);
    expect((await producer.queryMessageByUniqKey(message('id-1'))).stored).toBeDefined();
  });

  test('because it is gone, is told of', async () => {
    await using started = await startProducer({ cluster: TWO_BROKERS });
    const { cluster, producer } = started;
    await producer.send(message('id-1'), { queue: { topic: TOPIC, brokerName: 'broker-b', queueId: 0 } });
    const { addr } = cluster.broker('broker-a');
    await cluster.broker('broker-a').stop();
    const { stored, unanswered } = await producer.queryMessageByUniqKey(message('id-1'));
    expect(stored).toBeDefined();
    expect(unanswered).toMatchObject([{ code: 'ROCKETMQ_CONNECT', addr }]);
  });

  test.each(['FIN', 'RST'] as const)('because it was stopped (%s) is asked as soon as it is back', async (how) => {
    await using started = await startProducer();
    const { cluster, producer } = started;
    await producer.send(message('id-1'));
    await cluster.broker().stop(how);
    expect((await producer.queryMessageByUniqKey(message('id-1'))).unanswered).toHaveLength(1);
    await cluster.broker().start();
    const { stored, unanswered } = await producer.queryMessageByUniqKey(message('id-1'));
    expect(unanswered).toEqual([]);
    expect(stored).toMatchObject({ msgId: 'id-1' });
  });

  test('because each connection to it breaks is asked as soon as none does', async () => {
    await using started = await startProducer();
    const { cluster, producer } = started;
    await producer.send(message('id-1'));
    const { remove } = cluster.broker().faults.add({ kind: 'close', how: 'RST', isStored: false, codes: [QUERY] });
    const { unanswered } = await producer.queryMessageByUniqKey(message('id-1'));
    expect(unanswered).toMatchObject([{ code: 'ROCKETMQ_CONNECTION_CLOSED' }]);
    remove();
    expect((await producer.queryMessageByUniqKey(message('id-1'))).stored).toMatchObject({ msgId: 'id-1' });
  });

  test.each([
    [3, ' request type 12 not supported', 'ROCKETMQ_BROKER'],
    [2, '[TIMEOUT_CLEAN_QUEUE]broker busy', 'ROCKETMQ_BROKER'],
    [16, 'User:x has no permission to access Topic:orders', 'ROCKETMQ_ACCESS_DENIED'],
    [1, 'org.apache.rocketmq.acl.common.AclException: No default permission', 'ROCKETMQ_ACCESS_DENIED'],
    [1, 'java.lang.NullPointerException', 'ROCKETMQ_BROKER'],
  ])('but %d "%s" is told of', async (code, remark, errorCode) => {
    await using started = await startProducer();
    const { cluster, producer } = started;
    cluster.broker().faults.add({ kind: 'answer', code, remark, codes: [QUERY] });
    const { stored, unanswered } = await producer.queryMessageByUniqKey(message('id-1'));
    expect(stored).toBeUndefined();
    expect(unanswered).toMatchObject([{ code: errorCode, addr: cluster.broker().addr, remark }]);
  });

  test('as a proxy does not, is told of', async () => {
    await using started = await startProducer({ cluster: { proxy: true, topics: [{ name: TOPIC, queues: 1 }] } });
    const addr = started.cluster.proxyRemotingAddr ?? '';
    await using behind = startProducerOn({ nameServerAddrs: [addr] });
    await behind.producer.send(message('id-1'));
    const { stored, unanswered } = await behind.producer.queryMessageByUniqKey(message('id-1'));
    expect(stored).toBeUndefined();
    expect(unanswered).toMatchObject([{ addr, responseCode: 3 }]);
  });
});

describe.each([MQVersion.V5_5_0, MQVersion.V4_9_5])('access control of version %d', (version) => {
  const credentials = { accessKey: 'sender', secretKey: 'senderSecret' };
  const acl = (...rights: ('PUB' | 'SUB')[]) => ({ users: [{ ...credentials, topics: { [TOPIC]: rights } }] });

  test('takes a signed question of who may read the topic, the flag beside what is signed', async () => {
    const cluster = { version, acl: acl('PUB', 'SUB'), topics: [{ name: TOPIC, queues: 1 }] };
    await using started = await startProducer({ cluster, client: { credentials } });
    const { producer } = started;
    await producer.send(message('id-1'));
    const { stored, unanswered } = await producer.queryMessageByUniqKey(message('id-1'));
    expect(unanswered).toEqual([]);
    expect(stored).toMatchObject({ msgId: 'id-1' });
    const [asked] = started.cluster.broker().requests.last(QUERY);
    expect(asked).toMatchObject({ version: MQVersion.V4_9_3, extFields: { _UNIQUE_KEY_QUERY: 'true' } });
  });

  test('denies it to who may only write', async () => {
    const cluster = { version, acl: acl('PUB'), topics: [{ name: TOPIC, queues: 1 }] };
    await using started = await startProducer({ cluster, client: { credentials } });
    const { producer } = started;
    await producer.send(message('id-1'));
    const { stored, unanswered } = await producer.queryMessageByUniqKey(message('id-1'));
    expect(stored).toBeUndefined();
    expect(unanswered).toMatchObject([{ code: 'ROCKETMQ_ACCESS_DENIED' }]);
  });
});

test('a denial is asked about once more when the credentials have changed', async () => {
  let fetched = 0;
  const fetchSecurity = async () => ({ credentials: { accessKey: `key-${fetched++}`, secretKey: 'secret' } });
  await using started = await startProducer({ client: { fetchSecurity } });
  const { cluster, producer } = started;
  await producer.send(message('id-1'));
  const fault = { code: 16, remark: 'User:key-0 is not found.', codes: [QUERY], times: 1 };
  cluster.broker().faults.add({ kind: 'answer', ...fault });
  expect((await producer.queryMessageByUniqKey(message('id-1'))).stored).toBeDefined();
  const asked = cluster.broker().requests.last(QUERY);
  expect(asked.map(({ extFields }) => extFields.AccessKey)).toEqual(['key-0', 'key-1']);
});

test('a denial that lasts is asked about once, and credentials are not fetched for it again', async () => {
  const clock = new GivenClock();
  let fetched = 0;
  const fetchSecurity = async () => {
    fetched++;
    return { credentials: { accessKey: 'sender', secretKey: 'secret' } };
  };
  await using started = await startProducer({ client: { clock, fetchSecurity } });
  const { cluster, producer } = started;
  const fault = { code: 16, remark: 'User:sender has no permission to access Topic:orders', codes: [QUERY] };
  cluster.broker().faults.add({ kind: 'answer', ...fault });
  const denied = { stored: undefined, unanswered: [expect.objectContaining({ code: 'ROCKETMQ_ACCESS_DENIED' })] };
  expect(await producer.queryMessageByUniqKey(message('id-1'))).toEqual(denied);
  expect(fetched).toBe(2);
  for (const round of [2, 3]) {
    clock.advance(60_000);
    expect(await producer.queryMessageByUniqKey(message('id-1'))).toEqual(denied);
    expect(questions(cluster)).toEqual([round]);
  }
  expect(fetched).toBe(2);
});

test('a denial does not count any more when the credentials have changed since, for a send', async () => {
  const clock = new GivenClock();
  let accessKey = 'old';
  const fetchSecurity = async () => ({ credentials: { accessKey, secretKey: 'secret' } });
  await using started = await startProducer({ client: { clock, fetchSecurity } });
  const { cluster, producer } = started;
  const fault = { code: 16, remark: 'User:old is not found.', times: 1 };
  cluster.broker().faults.add({ kind: 'answer', ...fault, codes: [QUERY] });
  const { unanswered } = await producer.queryMessageByUniqKey(message('id-1'));
  expect(unanswered).toMatchObject([{ code: 'ROCKETMQ_ACCESS_DENIED' }]);
  accessKey = 'new';
  clock.advance(10_000);
  cluster.broker().faults.add({ kind: 'answer', ...fault, codes: [RequestCode.SEND_MESSAGE_V2] });
  await producer.send(message('id-1'));
  expect((await producer.queryMessageByUniqKey(message('id-1'))).stored).toBeDefined();
});

/** Another client and producer on name servers that are there. */
function startProducerOn({ nameServerAddrs }: { readonly nameServerAddrs: readonly string[] }) {
  const client = createClient({ nameServerAddrs });
  const producer = client.producer({ group: 'another-producer' });
  return { producer, [Symbol.asyncDispose]: () => client.shutdown() };
}
