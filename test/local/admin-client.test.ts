import { Buffer } from 'node:buffer';
import { describe, expect, test } from 'vitest';
import { RequestCode } from '../../functions/rocketmq/protocol/request-code.ts';
import { topicConfig } from '../../functions/rocketmq/protocol/topic-config.ts';
import { AdminClient } from '../../local/admin-client.ts';
import { AdminConnection } from '../../local/admin-connection.ts';
import { type EmbeddedCluster, startEmbeddedCluster } from '../../local/embedded/embedded-cluster.ts';
import { sendRequest } from './embedded/requests.ts';

const twoBrokers = { brokers: [{ name: 'a' }, { name: 'b' }], nameServers: 2 };

async function send(cluster: EmbeddedCluster, brokerName: string, queueId: number, bodies: readonly string[]) {
  await using connection = await AdminConnection.open(cluster.broker(brokerName).addr);
  for (const body of bodies) {
    const answer = await connection.request(sendRequest({ queueId, body }));
    expect(answer.code).toBe(0);
  }
}

describe('creating topics', () => {
  test('creates and changes a topic on every master, and waits for the routes', async () => {
    await using cluster = await startEmbeddedCluster(twoBrokers);
    await using admin = new AdminClient(cluster);
    for (const queues of [4, 8]) {
      await admin.createTopic(topicConfig('T', queues));
      expect((await admin.route('T'))?.queueDatas).toMatchObject([
        { brokerName: 'a', writeQueueNums: queues },
        { brokerName: 'b', writeQueueNums: queues },
      ]);
    }
  });

  test('finds the masters by itself, also when they are known only a little later', async () => {
    await using cluster = await startEmbeddedCluster(twoBrokers);
    await using admin = new AdminClient({ nameServerAddrs: cluster.nameServerAddrs });
    await cluster.broker('a').stop();
    await cluster.broker('b').stop();
    const created = admin.createTopic(topicConfig('T', 1));
    await cluster.nameServer().requests.arrived(RequestCode.GET_BROKER_CLUSTER_INFO, 2);
    await cluster.broker('b').start();
    await created;
    expect(cluster.nameServer().routeOf('T')?.queueDatas).toMatchObject([{ brokerName: 'b' }]);
  });

  test('waits for a name server that shows the topic late', async () => {
    await using cluster = await startEmbeddedCluster();
    await using admin = new AdminClient(cluster);
    const empty = { orderTopicConf: undefined, queueDatas: [], brokerDatas: [], topicQueueMappingByBroker: undefined };
    cluster.nameServer().setRoute('T', empty);
    const created = admin.createTopic(topicConfig('T', 1));
    await cluster.nameServer().requests.arrived(RequestCode.GET_ROUTEINFO_BY_TOPIC, 3);
    cluster.nameServer().setRoute('T', undefined);
    await created;
  });

  test('needs only one name server to be there', async () => {
    await using cluster = await startEmbeddedCluster(twoBrokers);
    await using admin = new AdminClient(cluster);
    await cluster.nameServer(0).stop();
    await admin.createTopic(topicConfig('T', 1));
    await cluster.nameServer(1).stop();
    await expect(admin.createTopic(topicConfig('T', 1))).rejects.toThrow(/no name server of .* answers/);
  });

  test('says what a broker refused', async () => {
    await using cluster = await startEmbeddedCluster();
    await using admin = new AdminClient(cluster);
    const creation = admin.createTopic(topicConfig('a b', 1));
    await expect(creation).rejects.toThrow(
      /creation of topic a b refused by 127.* 29 INVALID_PARAMETER, The specified/,
    );
  });
});

describe('reading back', () => {
  test.each([513, 403])('reads every queue of every broker to its end, from version %i', async (version) => {
    const topics = [{ name: 'T', queues: 2 }];
    await using cluster = await startEmbeddedCluster({ ...twoBrokers, topics, version });
    await using admin = new AdminClient(cluster);
    const many = Array.from({ length: 100 }, (_, index) => `a0-${index}`);
    await send(cluster, 'a', 0, many);
    await send(cluster, 'a', 1, ['a1']);
    await send(cluster, 'b', 1, ['b1', 'b1-again']);
    const messages = await admin.readAll('T');
    expect(messages.map(({ body }) => body.toString())).toEqual([...many, 'a1', 'b1', 'b1-again']);
    expect(await admin.maxOffset({ topic: 'T', brokerName: 'a', queueId: 0 })).toBe(100n);
  });

  test('starts where the queue starts now', async () => {
    await using cluster = await startEmbeddedCluster({ topics: [{ name: 'T', queues: 1 }] });
    await using admin = new AdminClient(cluster);
    await send(cluster, 'broker-a', 0, ['deleted', 'kept']);
    cluster.broker().store.deleteBefore('T', 0, 1);
    expect((await admin.readAll('T')).map(({ body }) => body.toString())).toEqual(['kept']);
  });

  test('waits for a message that is stored and not yet visible', async () => {
    await using cluster = await startEmbeddedCluster({ topics: [{ name: 'T', queues: 1 }] });
    await using admin = new AdminClient(cluster);
    await send(cluster, 'broker-a', 0, ['slow']);
    const codes = [RequestCode.PULL_MESSAGE];
    cluster.broker().faults.add({ kind: 'answer', code: 19, codes, times: 3 });
    expect(await admin.readAll('T')).toHaveLength(1);
  });

  test('reads from a slave where the master is gone', async () => {
    const brokers = [{ name: 'a' }, { name: 'a', slave: true }];
    await using cluster = await startEmbeddedCluster({ brokers, topics: [{ name: 'T', queues: 1 }] });
    await using admin = new AdminClient(cluster);
    await send(cluster, 'a', 0, ['kept']);
    await cluster.broker('a').stop();
    expect((await admin.readAll('T')).map(({ body }) => body.toString())).toEqual(['kept']);
  });

  test('fails rather than reading less, and says why', async () => {
    await using cluster = await startEmbeddedCluster({ topics: [{ name: 'T', queues: 1 }] });
    await using admin = new AdminClient(cluster);
    await expect(admin.readAll('Unknown')).rejects.toThrow('topic Unknown has no route');
    await send(cluster, 'broker-a', 0, ['one']);
    const fault = { kind: 'answer', code: 16, remark: 'no', codes: [RequestCode.PULL_MESSAGE] } as const;
    cluster.broker().faults.add(fault);
    await expect(admin.readAll('T')).rejects.toThrow(/pull of T queue 0 refused by .*: 16 NO_PERMISSION, no/);
  });

  test('connects again after a broker was restarted or the client was closed', async () => {
    await using cluster = await startEmbeddedCluster({ topics: [{ name: 'T', queues: 1 }] });
    await using admin = new AdminClient(cluster);
    await send(cluster, 'broker-a', 0, ['one']);
    expect(await admin.readAll('T')).toHaveLength(1);
    await admin.close();
    await expect.poll(() => cluster.broker().connections.live).toBe(0);
    expect(await admin.readAll('T')).toHaveLength(1);
    await cluster.broker().restart();
    await expect.poll(() => admin.readAll('T').then((messages) => messages.length, String)).toBe(1);
  });

  test('bodies come as they are stored', async () => {
    await using cluster = await startEmbeddedCluster({ topics: [{ name: 'T', queues: 1 }] });
    await using connection = await AdminConnection.open(cluster.broker().addr);
    const body = Buffer.from([0, 255, 1, 2]);
    await connection.request(sendRequest({ body, sysFlag: 1 }));
    await using admin = new AdminClient(cluster);
    expect(await admin.readAll('T')).toMatchObject([{ sysFlag: 1, body }]);
  });
});
