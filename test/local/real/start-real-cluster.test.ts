import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';
import { startTcpProxy } from '../../../local/faults/tcp-proxy.ts';
import { runJava } from '../../../local/real/run-java.ts';
import { startRealCluster } from '../../../local/real/start-real-cluster.ts';
import { needsRealRocketMQ } from './needs-real-rocketmq.ts';

const SEND_ONE = fileURLToPath(new URL('SendOne.java', import.meta.url));
const LIMIT_MS = 300_000;

beforeEach(needsRealRocketMQ);

/** Files that RocketMQ's servers left in the folder that all Java programs share. */
function unpackedLibraries(): string[] {
  return readdirSync('/tmp').filter((name) => /^(librocksdbjni|libnetty|keyutil_)/.test(name));
}

/** Whether somebody listens at `host:port`. */
async function isListening(addr: string): Promise<boolean> {
  const [host = '', port] = addr.split(':');
  const socket = connect({ host, port: Number(port) });
  try {
    await once(socket, 'connect');
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') return false;
    throw error;
  } finally {
    socket.destroy();
  }
}

describe.each(['5.5.0', '4.9.5'] as const)('a real RocketMQ %s', (version) => {
  test(
    'takes a message of the Java client, is killed, started again on the same port, and stopped',
    async () => {
      const before = unpackedLibraries();
      await using cluster = await startRealCluster({ version });
      const [nameServerAddr = ''] = cluster.nameServerAddrs;
      const [broker] = cluster.brokers;
      if (broker === undefined) throw new Error('the cluster has no broker');
      expect(broker).toMatchObject({ name: 'broker-a', advertisedAddr: broker.addr });
      const send = () => runJava(version, SEND_ONE, [nameServerAddr, broker.addr, 'LauncherTest']);
      expect(await send()).toMatchObject({ exitCode: 0, stdout: 'SEND_OK broker-a\n' });

      const firstPid = broker.pid;
      await cluster.kill('broker-a');
      expect({ pid: broker.pid, isListening: await isListening(broker.addr) }).toEqual({
        pid: undefined,
        isListening: false,
      });
      await cluster.start('broker-a');
      expect(broker.pid).not.toBe(firstPid);
      expect(await isListening(broker.addr)).toBe(true);

      await cluster.killNameServer(0);
      expect(await isListening(nameServerAddr)).toBe(false);
      await cluster.startNameServer(0);
      expect(await send()).toMatchObject({ exitCode: 0, stdout: 'SEND_OK broker-a\n' });

      await cluster.stop();
      await cluster.stop();
      expect(await Promise.all([isListening(nameServerAddr), isListening(broker.addr)])).toEqual([false, false]);
      expect(unpackedLibraries().filter((name) => !before.includes(name))).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    'starts two masters and two name servers side by side',
    async () => {
      await using cluster = await startRealCluster({ version, masters: 2, nameServers: 2 });
      expect(cluster.brokers.map(({ name }) => name)).toEqual(['broker-a', 'broker-b']);
      const addrs = [...cluster.nameServerAddrs, ...cluster.brokers.map(({ addr }) => addr)];
      expect(new Set(addrs).size).toBe(4);
      expect(await Promise.all(addrs.map(isListening))).toEqual([true, true, true, true]);
      expect(() => cluster.kill('broker-c')).toThrow(
        'this cluster has no broker "broker-c", it has broker-a, broker-b',
      );
    },
    LIMIT_MS,
  );

  test(
    'says what a broker wrote that does not come up',
    async () => {
      const starting = startRealCluster({ version, brokerConfig: { brokerRole: 'SLAVE' } });
      await expect(starting).rejects.toThrow(
        /^broker-a of RocketMQ .* before "boot success"; its last lines:\n.*[Ss]lave/s,
      );
    },
    LIMIT_MS,
  );
});

test(
  'advertises a 5.5.0 broker under the address of a fault proxy in front of it',
  async () => {
    await using cluster = await startRealCluster({ version: '5.5.0', brokerConfig: { brokerIP1: '127.0.0.2' } });
    const [broker] = cluster.brokers;
    if (broker === undefined) throw new Error('the cluster has no broker');
    const [, port] = broker.addr.split(':');
    expect(broker).toMatchObject({ addr: `127.0.0.1:${port}`, advertisedAddr: `127.0.0.2:${port}` });
    const listen = { host: '127.0.0.2', port: Number(port) };
    await using proxy = await startTcpProxy({ target: broker.addr, listen });
    expect(proxy.addr).toBe(broker.advertisedAddr);
    const args = [cluster.nameServerAddrs.join(';'), broker.addr, 'BehindProxy'];
    expect(await runJava('5.5.0', SEND_ONE, args)).toMatchObject({ exitCode: 0, stdout: 'SEND_OK broker-a\n' });
    expect(proxy.totalConnections).toBeGreaterThan(0);
  },
  LIMIT_MS,
);

test(
  'starts a 5.5.0 proxy, and refuses what a release does not have',
  async () => {
    await using cluster = await startRealCluster({ version: '5.5.0', proxy: true });
    const addrs = [cluster.proxyRemotingAddr ?? '', cluster.proxyGrpcAddr ?? ''];
    expect(await Promise.all(addrs.map(isListening))).toEqual([true, true]);
    await expect(startRealCluster({ version: '4.9.5', proxy: true })).rejects.toThrow('RocketMQ 4.9.5 has no proxy');
    await expect(startRealCluster({ version: '5.5.0', masters: 0 })).rejects.toThrow('masters must be 1 to 26, got 0');
  },
  LIMIT_MS,
);
