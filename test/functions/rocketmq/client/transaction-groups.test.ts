import { describe, expect, test } from 'vitest';
import { type Client, deadlineAfter } from '#rocketmq';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import { startProducer, TOPIC as topic } from '../producer/start-producer.ts';

const { HEART_BEAT } = RequestCode;
const MESSAGE = { topic, body: 'order 1' };

/** A producer that sent an ordinary message in an invocation that is over: its group is registered, as any other. */
async function startSent() {
  const started = await startProducer();
  const { client, cluster, producer } = started;
  await invocation(client, () => producer.send(MESSAGE));
  const registered = () => cluster.broker().producers.clients(producer.group).length;
  expect(registered()).toBe(1);
  return { ...started, registered };
}

async function invocation(client: Client, work: () => Promise<unknown>): Promise<void> {
  const upkeep = await client.beginInvocation(deadlineAfter(5_000));
  await work();
  await upkeep.end();
}

describe('a group that sent ordinary messages before is off the brokers', () => {
  test('when it has a listener for checks, and waits for none', async () => {
    await using started = await startSent();
    const { client, producer, registered } = started;
    await invocation(client, () => producer.onTransactionCheck({ check: async () => 'commit' }));
    expect(registered()).toBe(0);
    expect(client.pendingCount).toBe(0);
  });

  test('when its half message could not be sent', async () => {
    await using started = await startSent();
    const { client, producer, registered } = started;
    await invocation(client, async () => {
      const sending = producer.sendTransaction({ ...MESSAGE, topic: 'nobody-made' }, async () => 'commit');
      await expect(sending).rejects.toMatchObject({ code: 'ROCKETMQ_TOPIC_NOT_FOUND' });
    });
    expect(registered()).toBe(0);
  });
});

test('a group whose registration is denied is named once more when the credentials have changed', async () => {
  let fetched = 0;
  const fetchSecurity = async () => ({ credentials: { accessKey: `key-${fetched++}`, secretKey: 'secret' } });
  await using started = await startProducer({ client: { fetchSecurity } });
  const { client, cluster, producer } = started;
  const { faults, producers, requests } = cluster.broker();
  faults.add({ kind: 'answer', code: 16, remark: 'User:key-0 is not found.', codes: [HEART_BEAT], times: 1 });
  await invocation(client, async () => {
    await producer.onTransactionCheck({ check: async () => 'commit' });
    await producer.awaitTransactionChecks([topic]);
    expect(producers.clients(producer.group)).toHaveLength(1);
  });
  const keys = requests.last(HEART_BEAT).map(({ extFields }) => extFields.AccessKey);
  expect(keys).toEqual(['key-0', 'key-1']);
});

test('a half message waits no longer than its own deadline for the release by an invocation that ends', async () => {
  await using started = await startSent();
  const { client, cluster, producer } = started;
  const upkeep = await client.beginInvocation(deadlineAfter(5_000));
  await producer.sendTransaction(MESSAGE, async () => 'commit');
  cluster.broker().faults.add({ kind: 'no-answer', isStored: false, codes: [RequestCode.UNREGISTER_CLIENT] });
  const ended = upkeep.end();
  await cluster.broker().requests.arrived(RequestCode.UNREGISTER_CLIENT, 1);
  const sending = producer.sendTransaction(MESSAGE, async () => 'commit', { deadline: deadlineAfter(50) });
  await expect(sending).rejects.toMatchObject({ outcome: 'notSent' });
  await ended;
});

test('a send of the next invocation is answered, though the group could not be taken off on its connection', async () => {
  await using started = await startProducer();
  const { client, cluster, producer } = started;
  const { faults, requests } = cluster.broker();
  const plain = client.producer({ group: 'plain' });
  const one = await client.beginInvocation(deadlineAfter(300));
  await producer.sendTransaction(MESSAGE, async () => 'commit');
  faults.add({ kind: 'no-answer', isStored: false, codes: [RequestCode.UNREGISTER_CLIENT], times: 1 });
  const isEnded = one.end();
  await requests.arrived(RequestCode.UNREGISTER_CLIENT, 1);
  const two = await client.beginInvocation(deadlineAfter(10_000));
  const release = Promise.withResolvers<void>();
  faults.add({ kind: 'delay', until: release.promise, codes: [RequestCode.SEND_MESSAGE_V2] });
  const sending = plain.send({ topic, body: 'next' });
  await isEnded;
  release.resolve();
  expect(await sending).toMatchObject({ attempts: 1, isPossibleDuplicate: false });
  await two.end();
  expect(cluster.messages(topic).filter(({ body }) => body.toString() === 'next')).toHaveLength(1);
  await expect.poll(() => cluster.broker().producers.clients(producer.group)).toHaveLength(0);
});

test('nothing is under way after an invocation one of whose groups is refused to be taken off, and another is not answered', async () => {
  await using started = await startProducer();
  const { client, cluster, producer } = started;
  const { faults } = cluster.broker();
  const other = client.producer({ group: 'other' });
  const upkeep = await client.beginInvocation(deadlineAfter(300));
  await producer.sendTransaction(MESSAGE, async () => 'commit');
  await other.sendTransaction(MESSAGE, async () => 'commit');
  faults.add({ kind: 'answer', code: 1, codes: [RequestCode.UNREGISTER_CLIENT], times: 1 });
  faults.add({ kind: 'no-answer', isStored: false, codes: [RequestCode.UNREGISTER_CLIENT] });
  await upkeep.end();
  expect(client.pendingCount).toBe(0);
});
