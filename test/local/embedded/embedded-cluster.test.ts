import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { AdminConnection } from '../../../local/admin-connection.ts';
import { startEmbeddedCluster } from '../../../local/embedded/embedded-cluster.ts';
import { reservePorts } from '../../../local/free-ports.ts';

test('is one name server and one master without topics unless told otherwise', async () => {
  await using cluster = await startEmbeddedCluster();
  expect(cluster.kind).toBe('embedded');
  expect(cluster.nameServerAddrs).toEqual([expect.stringMatching(/^127\.0\.0\.1:\d+$/)]);
  expect(cluster.brokerAddrs).toEqual([cluster.broker().addr]);
  expect(cluster.broker()).toMatchObject({ name: 'broker-a', version: 513, isSlave: false });
  expect(cluster.nameServer().routeOf('TBW102')).toBeUndefined();
});

test('takes the ports it is given', async () => {
  await using ports = await reservePorts();
  const brokers = [{ name: 'broker-a', port: ports.base + 1 }];
  await using cluster = await startEmbeddedCluster({ nameServers: [ports.base], brokers });
  expect(cluster.nameServerAddrs).toEqual([`127.0.0.1:${ports.base}`]);
  expect(cluster.brokerAddrs).toEqual([`127.0.0.1:${ports.base + 1}`]);
});

test('a taken port is an error, and leaves nothing running', async () => {
  await using ports = await reservePorts();
  const other = createServer();
  await once(other.listen(ports.base, '127.0.0.1'), 'listening');
  try {
    const brokers = [{ name: 'broker-a', port: ports.base + 1 }];
    const starting = startEmbeddedCluster({ nameServers: [ports.base], brokers });
    await expect(starting).rejects.toMatchObject({ code: 'EADDRINUSE', port: ports.base });
    await expect(AdminConnection.open(`127.0.0.1:${ports.base + 1}`)).rejects.toThrow(/cannot connect/);
  } finally {
    other.close();
  }
});

test('parts that are not there are named together with those that are', async () => {
  await using cluster = await startEmbeddedCluster({ brokers: [{ name: 'a' }, { name: 'b' }] });
  expect(() => cluster.broker('c')).toThrow('no broker "c" here, only a, b');
  expect(() => cluster.nameServer(1)).toThrow('no name server 1 here, there are 1');
  expect(() => cluster.broker('a').setPerm('T', 4)).toThrow('a has no topic "T": create it first');
});

test('an idle connection is closed without anybody asking for it', async () => {
  await using cluster = await startEmbeddedCluster({ idleCloseMs: 20 });
  await using toBroker = await AdminConnection.open(cluster.broker().addr);
  await using toNameServer = await AdminConnection.open(cluster.nameServer().addr);
  await Promise.all([toBroker.closed(), toNameServer.closed()]);
});

test('stopping twice is stopping once', async () => {
  const cluster = await startEmbeddedCluster();
  await Promise.all([cluster.stop(), cluster.stop()]);
  await cluster.stop();
  expect(cluster.broker().isRunning).toBe(false);
});
