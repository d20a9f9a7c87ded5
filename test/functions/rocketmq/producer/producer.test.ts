import { randomBytes } from 'node:crypto';
import zlib from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  createClient,
  DeadlineError,
  deadlineAfter,
  type Message,
  MessageError,
  NoWritableQueueError,
  OptionsError,
  type Producer,
} from '#rocketmq';
import { decodeOffsetMessageId } from '../../../../functions/rocketmq/protocol/message-id.ts';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import { topicConfig } from '../../../../functions/rocketmq/protocol/topic-config.ts';
import { AdminClient } from '../../../../local/admin-client.ts';
import { GivenClock } from '../remoting/given-clock.ts';
import { rejectionOf, startProducer, TOPIC, TWO_BROKERS } from './start-producer.ts';

const SEND = RequestCode.SEND_MESSAGE_V2;
const EVERY_BYTE = Uint8Array.from({ length: 1024 }, (_, index) => index % 256);

describe('a message sent', () => {
  test('is read back byte for byte and property for property', async () => {
    await using started = await startProducer();
    const { cluster, producer } = started;
    const sentAt = Date.now();
    const result = await producer.send({
      topic: TOPIC,
      body: EVERY_BYTE,
      tag: 'placed',
      keys: ['o-1', '客户-7'],
      properties: { colour: 'grün', 'with blanks': ' 😀 ', 42: 'a number as name' },
      shardingKey: 'anna',
      flag: -7,
    });
    await using admin = new AdminClient({ nameServerAddrs: cluster.nameServerAddrs });
    const stored = await admin.readAll(TOPIC);
    expect(stored).toHaveLength(1);
    const [message] = stored;
    expect(message?.body.equals(EVERY_BYTE)).toBe(true);
    expect(message).toMatchObject({ topic: TOPIC, flag: -7, sysFlag: 0, reconsumeTimes: 0 });
    expect(message?.bornAt).toBeGreaterThanOrEqual(sentAt);
    // What the broker adds itself is left out.
    const { CLUSTER: _cluster, MSG_REGION: _region, TRACE_ON: _trace, ...own } = { ...message?.properties };
    expect(own).toEqual({
      colour: 'grün',
      'with blanks': ' 😀 ',
      42: 'a number as name',
      KEYS: 'o-1 客户-7',
      TAGS: 'placed',
      __SHARDINGKEY: 'anna',
      UNIQ_KEY: result.msgId,
      WAIT: 'true',
    });
  });

  test('is told with status, ids, queue, offset and attempts', async () => {
    await using started = await startProducer({ cluster: { topics: [{ name: TOPIC, queues: 1 }] } });
    const { cluster, producer } = started;
    await producer.send({ topic: TOPIC, body: 'first' });
    const result = await producer.send({ topic: TOPIC, body: 'second' });
    const [, second] = cluster.messages(TOPIC);
    expect(result).toEqual({
      status: 'SEND_OK',
      msgId: second?.properties.UNIQ_KEY,
      offsetMsgId: expect.any(String),
      queue: { topic: TOPIC, brokerName: 'broker-a', queueId: 0 },
      queueOffset: 1,
      attempts: 1,
      isPossibleDuplicate: false,
      regionId: 'DefaultRegion',
    });
    const { host, port } = second?.storeHost ?? { host: '', port: 0 };
    expect(decodeOffsetMessageId(result.offsetMsgId)).toEqual({
      host,
      port,
      commitLogOffset: second?.commitLogOffset,
    });
  });

  test('carries the id it brings', async () => {
    await using started = await startProducer();
    const msgId = 'F'.repeat(32);
    expect((await started.producer.send({ topic: TOPIC, body: 'x', msgId })).msgId).toBe(msgId);
    expect(started.cluster.messages(TOPIC)[0]?.properties.UNIQ_KEY).toBe(msgId);
  });

  test('is left as it was, also when it is frozen all through', async () => {
    await using started = await startProducer();
    const message: Message = {
      topic: TOPIC,
      body: EVERY_BYTE.slice(),
      keys: ['a', 'b'],
      tag: 't',
      properties: { a: '1' },
      shardingKey: 's',
    };
    const before = structuredClone(message);
    Object.freeze(message.keys);
    Object.freeze(message.properties);
    const options = Object.freeze({ deadline: deadlineAfter(5000) });
    await started.producer.send(Object.freeze(message), options);
    await started.producer.sendAll(Object.freeze([message, message]), options);
    expect(message).toEqual(before);
    expect(started.cluster.messages(TOPIC)).toHaveLength(3);
  });

  test('may have the longest topic, the largest body and the longest properties', async () => {
    const topic = 't'.repeat(127);
    await using started = await startProducer({ cluster: { topics: [{ name: topic, queues: 1 }] } });
    const body = randomBytes(4_194_304);
    // What is left of 32,000 bytes beside the id, WAIT and the separators.
    const value = 'x'.repeat(31_945);
    await started.producer.send({ topic, body, properties: { p: value } });
    const [stored] = started.cluster.messages(topic);
    expect(stored?.body.equals(body)).toBe(true);
    expect(stored?.properties.p).toBe(value);
    await expect(started.producer.send({ topic, body: 'x', properties: { p: `${value}x` } })).rejects.toThrow(
      'properties take 32001 bytes, over the limit of 32000',
    );
  });

  test('refused for what it is makes no connection at all', async () => {
    await using started = await startProducer();
    const error = await rejectionOf(started.producer.send({ topic: 'a b', body: 'x' }));
    expect(error).toBeInstanceOf(MessageError);
    expect(started.cluster.nameServer().connections.total + started.cluster.broker().connections.total).toBe(0);
  });
});

describe('messages without a sharding key', () => {
  test('take turns over all queues of all brokers', async () => {
    await using started = await startProducer({ cluster: TWO_BROKERS });
    const queues = new Set<string>();
    for (let sends = 0; sends < 8; sends++) {
      const { queue } = await started.producer.send({ topic: TOPIC, body: 'x' });
      queues.add(`${queue.brokerName} ${queue.queueId}`);
    }
    expect(queues.size).toBe(8);
  });

  test('go to the queues there are after their number was lowered', async () => {
    await using started = await startProducer({ cluster: { topics: [{ name: TOPIC, queues: 8 }] } });
    const { cluster, producer } = started;
    await producer.send({ topic: TOPIC, body: 'x' });
    cluster.broker().topics.put(topicConfig(TOPIC, 1));
    const results = [];
    for (let sends = 0; sends < 8; sends++) results.push(await producer.send({ topic: TOPIC, body: 'x' }));
    expect(results.map(({ queue }) => queue.queueId)).toEqual(Array(8).fill(0));
    expect(results.every(({ isPossibleDuplicate }) => !isPossibleDuplicate)).toBe(true);
    expect(cluster.messages(TOPIC)).toHaveLength(9);
  });
});

describe('a topic', () => {
  test('without a route is an error that says what to do, and is not created, not even by a broker that would', async () => {
    await using started = await startProducer({ cluster: { autoCreateTopics: true } });
    const { cluster, producer } = started;
    const error = await rejectionOf(producer.send({ topic: 'absent', body: 'x' }));
    expect(error).toMatchObject({ code: 'ROCKETMQ_TOPIC_NOT_FOUND', retryable: true, outcome: 'notSent' });
    expect(String(error)).toContain(`topic "absent" has no route at ${cluster.nameServerAddrs[0]}: create the topic`);
    expect(cluster.broker().topics.get('absent')).toBeUndefined();
    expect(cluster.broker().requests.count(SEND)).toBe(0);
  });

  test('that has a route left but that its broker does not know is not created either', async () => {
    await using started = await startProducer({
      cluster: { autoCreateTopics: true, topics: [{ name: TOPIC, queues: 1 }] },
    });
    const { cluster, producer } = started;
    cluster.nameServer().setRoute('gone', cluster.nameServer().routeOf(TOPIC));
    const error = await rejectionOf(producer.send({ topic: 'gone', body: 'x' }));
    expect(error).toMatchObject({ code: 'ROCKETMQ_SEND_FAILED', retryable: true, outcome: 'refused' });
    expect(String(error)).toContain('17 TOPIC_NOT_EXIST');
    expect(cluster.broker().topics.get('gone')).toBeUndefined();
  });

  test('that was deleted is forgotten: the next send asks no broker for it', async () => {
    await using started = await startProducer();
    const { cluster, producer } = started;
    await producer.send({ topic: TOPIC, body: 'x' });
    // As servers say it of a topic that is not there any more.
    cluster.broker().faults.add({ kind: 'answer', code: 17, codes: [SEND] });
    cluster.nameServer().faults.add({ kind: 'answer', code: 17, codes: [RequestCode.GET_ROUTEINFO_BY_TOPIC] });
    await rejectionOf(producer.send({ topic: TOPIC, body: 'x' }));
    const asked = cluster.broker().requests.count(SEND);
    const error = await rejectionOf(producer.send({ topic: TOPIC, body: 'x' }));
    expect(error).toMatchObject({ code: 'ROCKETMQ_TOPIC_NOT_FOUND', outcome: 'notSent' });
    expect(cluster.broker().requests.count(SEND)).toBe(asked);
  });

  test('that was created in the meantime is found by the next send', async () => {
    await using started = await startProducer();
    await rejectionOf(started.producer.send({ topic: 'later', body: 'x' }));
    started.cluster.broker().topics.put(topicConfig('later', 1));
    expect(await started.producer.send({ topic: 'later', body: 'x' })).toMatchObject({ status: 'SEND_OK' });
  });

  test('that is read-only is not sent to, though its broker would take it', async () => {
    const topics = [{ name: TOPIC, queues: 4, perm: 4 }];
    await using started = await startProducer({ cluster: { topics } });
    for (const shardingKey of [undefined, 'anna']) {
      const message = { topic: TOPIC, body: 'x', ...(shardingKey === undefined ? {} : { shardingKey }) };
      const error = await rejectionOf(started.producer.send(message));
      expect(error).toMatchObject({ code: 'ROCKETMQ_NO_WRITABLE_QUEUE', retryable: true, outcome: 'notSent' });
      expect(String(error)).toContain('broker-a has permission 4, without write');
    }
    expect(started.cluster.broker().requests.count(SEND)).toBe(0);
  });

  test('that became read-only is not sent to any more once its route was due, and is again when it can be written', async () => {
    let now = Date.now();
    await using started = await startProducer({ client: { clock: { now: () => now } } });
    const { cluster, client, producer } = started;
    const refreshDueRoutes = async () => {
      now += 31_000;
      const upkeep = await client.beginInvocation(deadlineAfter(5000));
      await upkeep.end();
    };
    await producer.send({ topic: TOPIC, body: 'x' });
    cluster.broker().setPerm(TOPIC, 4);
    await refreshDueRoutes();
    expect(await rejectionOf(producer.send({ topic: TOPIC, body: 'x' }))).toBeInstanceOf(NoWritableQueueError);
    cluster.broker().setPerm(TOPIC, 6);
    await refreshDueRoutes();
    expect(await producer.send({ topic: TOPIC, body: 'x' })).toMatchObject({ status: 'SEND_OK', attempts: 1 });
    expect(cluster.messages(TOPIC)).toHaveLength(2);
  });

  test.each([undefined, 'anna'])('that can be written again is sent to at once (sharding key %s)', async (key) => {
    const clock = new GivenClock();
    const topics = [{ name: TOPIC, queues: 4, perm: 4 }];
    await using started = await startProducer({ cluster: { topics }, client: { clock } });
    const { cluster, producer } = started;
    const message = { topic: TOPIC, body: 'x', ...(key === undefined ? {} : { shardingKey: key }) };
    expect(await rejectionOf(producer.send(message))).toBeInstanceOf(NoWritableQueueError);
    cluster.broker().setPerm(TOPIC, 6);
    // An error has the route asked for, but not twice in a second.
    clock.advance(1000);
    expect(await producer.send(message)).toMatchObject({ status: 'SEND_OK', attempts: 1 });
  });

  test('that is read-only on one of two brokers is sent to on the other one', async () => {
    await using started = await startProducer({ cluster: TWO_BROKERS });
    started.cluster.broker('broker-a').setPerm(TOPIC, 4);
    for (let sends = 0; sends < 6; sends++) await started.producer.send({ topic: TOPIC, body: 'x' });
    expect(started.cluster.broker('broker-a').messages(TOPIC)).toHaveLength(0);
    expect(started.cluster.broker('broker-b').messages(TOPIC)).toHaveLength(6);
  });
});

describe('near its deadline', () => {
  test.each([
    ['without a key', {}],
    ['with a sharding key', { shardingKey: 'anna' }],
  ])('a send %s is not begun', async (_which, key) => {
    await using started = await startProducer();
    const { cluster, producer } = started;
    const deadline = { remainingMs: () => 4 };
    const error = await rejectionOf(producer.send({ topic: TOPIC, body: 'x', ...key }, { deadline }));
    expect(error).toBeInstanceOf(DeadlineError);
    expect(error).toMatchObject({ outcome: 'notSent', retryable: true, remainingMs: 4 });
    expect(String(error)).toContain('send to topic "orders" not begun: 4 ms left, 5 ms needed');
    expect(cluster.nameServer().requests.count()).toBe(0);
  });

  test('the time that the route took is gone: the send is not begun with what was left before', async () => {
    await using started = await startProducer();
    const { cluster, producer } = started;
    const route = Promise.withResolvers<void>();
    cluster.nameServer().faults.add({ kind: 'delay', until: route.promise });
    let remaining = 10_000;
    const sending = rejectionOf(
      producer.send({ topic: TOPIC, body: 'x' }, { deadline: { remainingMs: () => remaining } }),
    );
    await cluster.nameServer().requests.arrived(RequestCode.GET_ROUTEINFO_BY_TOPIC, 1);
    remaining = 1;
    route.resolve();
    expect(await sending).toBeInstanceOf(DeadlineError);
    expect(cluster.broker().requests.count(SEND)).toBe(0);
  });
});

describe('a call with what it does not know is refused, and nothing is asked or sent:', () => {
  const sound: Message = { topic: TOPIC, body: 'x', msgId: 'id' };
  const grouped = { ...sound, messageGroup: 'anna' };
  const late = { deadline: Date.now() + 1000 } as never;
  const unknownField = 'unknown field "messageGroup" of a message (did you mean "shardingKey"?)';
  const noDeadline = '"deadline" is no Deadline: give deadlineAfter(ms), or the deadline of the invocation';
  const commit = async () => 'commit' as const;

  test.each<[string, (producer: Producer) => Promise<unknown>, string]>([
    ['a message of another client', (producer) => producer.send(grouped), unknownField],
    ['one without an answer', (producer) => producer.sendOneway(grouped), unknownField],
    ['a request', (producer) => producer.request(grouped, 3000), unknownField],
    ['a question for one', (producer) => producer.queryMessageByUniqKey(grouped), unknownField],
    ['one in a transaction', (producer) => producer.sendTransaction(grouped, commit), unknownField],
    ['send until an instant', (producer) => producer.send(sound, late), `producer.send: ${noDeadline}`],
    ['sendOneway', (producer) => producer.sendOneway(sound, late), `producer.sendOneway: ${noDeadline}`],
    ['sendAll', (producer) => producer.sendAll([sound], late), `producer.sendAll: ${noDeadline}`],
    ['request', (producer) => producer.request(sound, 3000, late), `producer.request: ${noDeadline}`],
    ['recall', (producer) => producer.recall(TOPIC, 'handle', late), `producer.recall: ${noDeadline}`],
    ['a query', (producer) => producer.queryMessageByUniqKey(sound, late), noDeadline],
    ['a transaction', (producer) => producer.sendTransaction(sound, commit, late), noDeadline],
    ['awaitTransactionChecks', (producer) => producer.awaitTransactionChecks([TOPIC], late), noDeadline],
    ['one option', (producer) => producer.send(sound, { queues: 1 } as object), 'unknown option "queues"'],
    [
      'a list that is one message',
      (producer) => producer.sendAll(sound as never),
      'sendAll takes a list of messages, not one',
    ],
    [
      'a request without a time limit',
      (producer) => producer.request(sound, undefined as never),
      'producer.request: "timeoutMs" is undefined, but must be a number of ms above 0',
    ],
    [
      'a request with options in its place',
      (producer) => producer.request(sound, { timeoutMs: 1 } as never),
      'producer.request: "timeoutMs" is an object, but must be a number of ms above 0',
    ],
  ])('%s', async (_what, call, reason) => {
    await using started = await startProducer();
    const error = await rejectionOf(call(started.producer));
    expect(error).toMatchObject({ message: expect.stringContaining(reason), retryable: false, outcome: 'notSent' });
    expect(started.cluster.nameServer().requests.count()).toBe(0);
  });

  test('a message of a list, and the others are sent', async () => {
    await using started = await startProducer();
    const outcomes = await started.producer.sendAll([grouped, sound]);
    expect(outcomes).toMatchObject([{ status: 'failed', error: { message: unknownField } }, { status: 'stored' }]);
    expect(started.cluster.messages(TOPIC)).toHaveLength(1);
  });
});

describe('making a producer', () => {
  const client = () => createClient({ nameServerAddrs: ['127.0.0.1:9876'] });

  test.each([
    ['an illegal group', { group: 'a b' }, 'group "a b" may hold only letters'],
    ['the group that Java reserves', { group: 'DEFAULT_PRODUCER' }, 'choose a name of your own'],
    ['no group', {}, '"group" is missing'],
    ['no options', undefined, 'client.producer: the options are undefined, but must be an object'],
    ['the group alone', 'g', 'client.producer: the options are "g", but must be an object'],
    ['an unknown option', { group: 'g', retries: 2 }, 'unknown option "retries"'],
    ['no attempt', { group: 'g', maxAttempts: 0 }, '"maxAttempts" is 0, but must be a whole number from 1 to 16'],
    [
      'no time for a second attempt',
      { group: 'g', sendTimeoutMs: 1000, attemptTimeoutMs: 1000 },
      '"attemptTimeoutMs" is 1000, but must be less than "sendTimeoutMs" (1000)',
    ],
  ])('with %s is refused', (_what, options, reason) => {
    expect(() => client().producer(options as { group: string })).toThrow(OptionsError);
    expect(() => client().producer(options as { group: string })).toThrow(reason);
  });

  test('with ZSTD is refused on a Node without it, which those before 22.15 are', () => {
    const { zstdCompress } = zlib;
    Object.assign(zlib, { zstdCompress: undefined });
    try {
      expect(() => client().producer({ group: 'g', compression: 'ZSTD' })).toThrow(
        'client.producer: "compression" is "ZSTD", which needs Node 22.15 or later',
      );
    } finally {
      Object.assign(zlib, { zstdCompress });
    }
    expect(client().producer({ group: 'g', compression: 'ZSTD' }).group).toBe('g');
  });

  test('of a group that has one on the client is refused', () => {
    const one = client();
    one.producer({ group: 'g' });
    expect(() => one.producer({ group: 'g' })).toThrow('group "g" has a producer on this client already');
  });
});
