import { Buffer } from 'node:buffer';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { inflateSync, zstdDecompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { createClient, type SendStatus } from '#rocketmq';
import { RequestCode } from '../../functions/rocketmq/protocol/request-code.ts';
import { startEmbeddedCluster } from '../../local/embedded/embedded-cluster.ts';
import { startProducer, TOPIC, TWO_BROKERS } from '../functions/rocketmq/producer/start-producer.ts';

const SEND = RequestCode.SEND_MESSAGE_V2;
const BATCH = RequestCode.SEND_BATCH_MESSAGE;
const LARGE = Buffer.from(Array.from({ length: 2000 }, (_, index) => `line ${index}\n`).join(''));

describe('a compressed message that is sent again', () => {
  const kinds = [
    ['ZLIB', (body: Buffer) => inflateSync(body)],
    ['ZSTD', (body: Buffer) => zstdDecompressSync(body)],
  ] as const;

  test.each(kinds)('with %s is byte-identical to the first attempt', async (compression, decompress) => {
    await using started = await startProducer({ producer: { compression } });
    const { cluster, producer } = started;
    cluster.broker().faults.add({ kind: 'close', how: 'RST', isStored: true, codes: [SEND], times: 1 });
    const result = await producer.send({ topic: TOPIC, body: LARGE });
    expect(result).toMatchObject({ attempts: 2, isPossibleDuplicate: true });
    const [first, second, ...others] = cluster.messages(TOPIC);
    expect(others).toEqual([]);
    expect(first?.sysFlag).toBe(second?.sysFlag);
    expect(first?.body.equals(second?.body ?? Buffer.alloc(0))).toBe(true);
    expect(second?.properties).toEqual(first?.properties);
    expect(decompress(first?.body ?? Buffer.alloc(0)).equals(LARGE)).toBe(true);
  });

  test('to another broker is byte-identical too', async () => {
    await using started = await startProducer({ cluster: TWO_BROKERS });
    const { cluster, producer } = started;
    const isFirst = () => cluster.brokers.reduce((sum, { requests }) => sum + requests.count(SEND), 0) === 1;
    for (const { faults } of cluster.brokers) {
      faults.add({ kind: 'close', how: 'FIN', isStored: true, codes: [SEND], when: isFirst });
    }
    await producer.send({ topic: TOPIC, body: LARGE });
    const [one, other] = cluster.brokers.map((broker) => broker.messages(TOPIC));
    expect([one?.length, other?.length]).toEqual([1, 1]);
    expect(one?.[0]?.body.equals(other?.[0]?.body ?? Buffer.alloc(0))).toBe(true);
  });
});

describe('a message that only the master has', () => {
  const states: readonly (readonly [number, SendStatus])[] = [
    [10, 'FLUSH_DISK_TIMEOUT'],
    [11, 'SLAVE_NOT_AVAILABLE'],
    [12, 'FLUSH_SLAVE_TIMEOUT'],
  ];

  test.each(states)('(%d) is stored with status %s by default, in a batch too', async (code, status) => {
    await using started = await startProducer();
    const { cluster, producer } = started;
    cluster.broker().faults.add({ kind: 'answer', code, isStored: true, codes: [SEND, BATCH] });
    expect(await producer.send({ topic: TOPIC, body: 'x' })).toMatchObject({ status, attempts: 1 });
    const outcomes = await producer.sendAll(['a', 'b'].map((body) => ({ topic: TOPIC, body })));
    expect(outcomes).toMatchObject([{ result: { status } }, { result: { status } }]);
    expect(cluster.messages(TOPIC)).toHaveLength(3);
  });

  test.each(states)(
    '(%d) fails where options say so, as of unknown outcome, with its message id',
    async (code, status) => {
      await using started = await startProducer({ producer: { onDegradedStore: 'fail', maxAttempts: 2 } });
      const { cluster, producer } = started;
      const broker = cluster.broker();
      broker.faults.add({ kind: 'answer', code, isStored: true, codes: [SEND] });
      const sending = producer.send({ topic: TOPIC, body: 'x', msgId: 'id-1' });
      const error = { code: 'ROCKETMQ_DEGRADED_STORE', status, outcome: 'unknown', retryable: true };
      await expect(sending).rejects.toMatchObject({
        outcome: 'unknown',
        retryable: true,
        attempts: [{ error }, { error }],
      });
      await expect(sending).rejects.toThrow(
        `${broker.addr} stored the message with ${status}, which "onDegradedStore: fail"`,
      );
      expect(cluster.messages(TOPIC).map(({ properties }) => properties.UNIQ_KEY)).toEqual(['id-1', 'id-1']);
    },
  );
});

describe('recall', () => {
  const timer = { topic: TOPIC, body: 'x', delayMs: 60_000 };

  test('where the broker does not allow it names the setting', async () => {
    await using started = await startProducer();
    const { recallHandle = '' } = await started.producer.send(timer);
    const recalling = started.producer.recall(TOPIC, recallHandle);
    await expect(recalling).rejects.toMatchObject({ code: 'ROCKETMQ_RECALL', responseCode: 16, outcome: 'refused' });
    await expect(recalling).rejects.toThrow('set recallMessageEnable=true in the broker');
  });

  test('before the time is due keeps the message from ever being delivered', async () => {
    let now = Date.now();
    const clock = { now: () => now };
    await using started = await startProducer({ cluster: { recallMessageEnable: true, clock }, client: { clock } });
    const { cluster, producer } = started;
    const { recallHandle = '' } = await producer.send(timer);
    const { recallHandle: keptHandle = '' } = await producer.send({ ...timer, body: 'kept' });
    await producer.recall(TOPIC, recallHandle);
    now += 70_000;
    expect(cluster.messages(TOPIC).map(({ body }) => body.toString())).toEqual(['kept']);
    await expect(producer.recall(TOPIC, keptHandle)).rejects.toThrow('the message was due already');
  });

  test('of a topic in a namespace takes the topic by its own name', async () => {
    const topics = [{ name: 'tenant%orders', queues: 1 }];
    await using started = await startProducer({
      cluster: { topics, recallMessageEnable: true },
      client: { namespace: 'tenant' },
    });
    const { msgId, recallHandle = '' } = await started.producer.send({ ...timer, topic: 'orders' });
    expect(await started.producer.recall('orders', recallHandle)).toBe(msgId);
  });
});

test('unit mode and the second kind of namespace are in the headers of every send', async () => {
  await using started = await startProducer({ client: { namespaceV2: 'tenant' }, producer: { unitMode: true } });
  const { cluster, producer } = started;
  await producer.send({ topic: TOPIC, body: 'x' });
  await producer.sendAll(['a', 'b'].map((body) => ({ topic: TOPIC, body })));
  const sends = [...cluster.broker().requests.last(SEND), ...cluster.broker().requests.last(BATCH)];
  expect(sends.map(({ extFields: { k, ns, nsd } }) => ({ k, ns, nsd }))).toEqual(
    sends.map(() => ({ k: 'true', ns: 'tenant', nsd: 'true' })),
  );
  expect(sends).toHaveLength(2);
});

describe('the limits of sendAll', () => {
  /** So that a busy machine makes nothing fail. */
  const patience = { attemptTimeoutMs: 20_000, sendTimeoutMs: 25_000 };

  test('ten thousand messages have one outcome each, in their order', async () => {
    await using started = await startProducer({ cluster: TWO_BROKERS, producer: patience });
    const { cluster, producer, client } = started;
    const isIllegal = (index: number) => index % 1000 === 999;
    const messages = Array.from({ length: 10_000 }, (_, index) => ({
      topic: TOPIC,
      body: isIllegal(index) ? '' : `${index}`,
      // One that is illegal has no key, which it would block.
      ...(index % 3 === 0 && !isIllegal(index) ? { shardingKey: `key-${index % 50}` } : {}),
    }));
    const outcomes = await producer.sendAll(messages);
    expect(outcomes).toHaveLength(messages.length);
    const bodies = new Map(cluster.messages(TOPIC).map(({ properties, body }) => [properties.UNIQ_KEY, `${body}`]));
    expect(bodies.size).toBe(messages.length - 10);
    for (const [index, outcome] of outcomes.entries()) {
      const told = outcome.status === 'stored' ? bodies.get(outcome.result.msgId) : outcome.error.code;
      expect(told).toBe(isIllegal(index) ? 'ROCKETMQ_MESSAGE_ILLEGAL' : `${index}`);
    }
    expect(client.pendingCount).toBe(0);
  });

  test('no batch is larger than one message may be, whatever its own limit says', async () => {
    await using started = await startProducer({
      producer: { compression: 'none', maxMessageBytes: 10_000, maxBatchBytes: 1_000_000 },
    });
    const { cluster, producer } = started;
    const body = 'x'.repeat(3000);
    await producer.sendAll([1, 2, 3, 4].map(() => ({ topic: TOPIC, body })));
    expect([cluster.broker().requests.count(BATCH), cluster.broker().requests.count(SEND)]).toEqual([1, 1]);
  });

  test('ten thousand messages of a kilobyte take no more than a few times their size while they are sent', async () => {
    await using cluster = await startEmbeddedCluster({ topics: [{ name: TOPIC, queues: 4 }] });
    const script = fileURLToPath(new URL('./large-list.ts', import.meta.url));
    const args = ['--expose-gc', script, cluster.nameServerAddrs[0] ?? '', TOPIC];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    const { stored, peakBytes, leftHeapBytes } = JSON.parse(stdout) as Readonly<Record<string, number>>;
    expect(stored).toBe(10_000);
    expect(peakBytes).toBeLessThan(100_000_000);
    expect(leftHeapBytes).toBeLessThan(1_000_000);
  });

  test('the time limit of a send counts for each request, not for the list', async () => {
    const limits = { attemptTimeoutMs: 1900, sendTimeoutMs: 2000, maxBatchMessages: 1 };
    await using started = await startProducer({ producer: limits });
    const { cluster, producer } = started;
    // One key: one request after the other, five times 450 ms.
    cluster.broker().faults.add({ kind: 'delay', until: 450, codes: [SEND] });
    const outcomes = await producer.sendAll(
      Array.from({ length: 5 }, (_, index) => ({ topic: TOPIC, body: `${index}`, shardingKey: 'one' })),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(Array(5).fill('stored'));
  });

  test('its deadline counts for the list: what is not begun by then fails as not sent', async () => {
    await using started = await startProducer({ producer: { maxBatchMessages: 1 } });
    const { cluster, producer } = started;
    let remaining = 10_000;
    const deadline = { remainingMs: () => remaining };
    const isSecond = () => {
      if (cluster.broker().requests.count(SEND) === 2) remaining = 1;
      return false;
    };
    cluster.broker().faults.add({ kind: 'no-answer', isStored: true, codes: [SEND], when: isSecond });
    const messages = ['0', '1', '2', '3'].map((body) => ({ topic: TOPIC, body, shardingKey: 'one' }));
    const outcomes = await producer.sendAll(messages, { deadline });
    expect(outcomes.map(({ status }) => status)).toEqual(['stored', 'stored', 'failed', 'failed']);
    expect(outcomes[2]).toMatchObject({ error: { code: 'ROCKETMQ_DEADLINE', outcome: 'notSent' } });
    expect(outcomes[3]).toMatchObject({ error: { code: 'ROCKETMQ_ORDER_BLOCKED', outcome: 'notSent' } });
  });
});

test('recall on a broker before 5.3.2 is refused before it is asked', async () => {
  await using started = await startProducer({ cluster: { topics: [{ name: TOPIC, queues: 1 }], version: 475 } });
  const { cluster, producer } = started;
  const { recallHandle } = await producer.send({ topic: TOPIC, body: 'x', delayMs: 60_000 });
  expect(recallHandle).toBeUndefined();
  const forged = Buffer.from(`v1 ${TOPIC} broker-a 1 ${'F'.repeat(32)}`).toString('base64url');
  await expect(producer.recall(TOPIC, forged)).rejects.toMatchObject({ code: 'ROCKETMQ_BROKER_TOO_OLD' });
  expect(cluster.broker().requests.count(RequestCode.RECALL_MESSAGE)).toBe(0);
});

test('a client that is shut down recalls and sends nothing', async () => {
  const client = createClient({ nameServerAddrs: ['127.0.0.1:9'] });
  const producer = client.producer({ group: 'gone' });
  await client.shutdown();
  await expect(producer.send({ topic: TOPIC, body: 'x' })).rejects.toMatchObject({ code: 'ROCKETMQ_CLIENT_CLOSED' });
  const outcomes = await producer.sendAll([{ topic: TOPIC, body: 'x' }]);
  expect(outcomes).toMatchObject([{ status: 'failed', error: { code: 'ROCKETMQ_CLIENT_CLOSED' } }]);
});
