import { expect, test } from 'vitest';
import { createClient } from '../../../../functions/rocketmq/create-client.ts';
import { deadlineAfter } from '../../../../functions/rocketmq/deadline.ts';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import { startEmbeddedCluster } from '../../../../local/embedded/embedded-cluster.ts';
import { GivenClock } from '../remoting/given-clock.ts';

const soon = () => deadlineAfter(60_000);
const message = { topic: 'T', body: Buffer.from('hello') };

test('a client goes on when its name server stops: due work and new topics ask the other one', async () => {
  await using cluster = await startEmbeddedCluster({
    nameServers: 2,
    topics: [
      { name: 'T', queues: 4 },
      { name: 'U', queues: 4 },
    ],
  });
  const clock = new GivenClock();
  const client = createClient({ nameServerAddrs: cluster.nameServerAddrs, clock });
  const producer = client.producer({ group: 'orders' });
  await producer.send(message);
  const asked = cluster.nameServers.find(({ requests }) => requests.count() > 0);
  await asked?.stop();
  clock.advance(30_000);
  const upkeep = await client.beginInvocation(soon());
  await producer.send({ ...message, topic: 'U' });
  await upkeep.end();
  expect(client.dueWorkReport().map(({ failures }) => failures)).toEqual([0, 0, 0, 0, 0, 0]);
  expect(cluster.messages('U').length).toBe(1);
  expect(client.pendingCount).toBe(0);
  await client.shutdown();
});

test.each([403, 513])(
  'each master of a cluster of version %i is told of the group, told again, and told at the end',
  async (version) => {
    await using cluster = await startEmbeddedCluster({
      version,
      brokers: [{ name: 'broker-a' }, { name: 'broker-a', slave: true }, { name: 'broker-b' }],
      topics: [{ name: 'T', queues: 1 }],
    });
    const clock = new GivenClock();
    const client = createClient({ nameServerAddrs: cluster.nameServerAddrs, clock });
    const producer = client.producer({ group: 'orders' });
    // One by one: in a batch all of them would go to one broker.
    await Promise.all(Array.from({ length: 4 }, () => producer.send(message)));
    clock.advance(30_000);
    await (await client.beginInvocation(soon())).end();
    await client.shutdown();
    const told = cluster.brokers.map(({ isSlave, requests }) => [
      isSlave,
      requests.count(RequestCode.HEART_BEAT),
      requests.count(RequestCode.UNREGISTER_CLIENT),
    ]);
    expect(told).toEqual([
      [false, 2, 1],
      [true, 0, 0],
      [false, 2, 1],
    ]);
    expect(cluster.messages('T').length).toBe(4);
  },
);
