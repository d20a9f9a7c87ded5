import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createClient, type TlsSettings } from '#rocketmq';
import { type EmbeddedCluster, startEmbeddedCluster } from '../../local/embedded/embedded-cluster.ts';
import type { TlsMode } from '../../local/embedded/tls-acceptor.ts';
import { startRealCluster } from '../../local/real/start-real-cluster.ts';
import { startSsmEndpoint } from '../../local/ssm/ssm-endpoint.ts';
import { createTlsCertificates, type TlsCertificates } from '../../local/tls-certificates.ts';
import { needsRealRocketMQ } from '../local/real/needs-real-rocketmq.ts';
import { CLUSTER_START_LIMIT_MS } from './clusters.ts';
import { buildFunction, failuresOf, metricsOf, PARAMETER, reportedBy, startFunction } from './function-under-test.ts';
import { newEvent } from './sqs-events.ts';
import { openTlsBroker } from './tls-broker.ts';

const TOPIC = 'orders';
const CA_PARAMETER = '/rocketmq/ca';
const ACL_PARAMETER = '/rocketmq/credentials';
const built = buildFunction('sqs');
let own: TlsCertificates;
let foreign: TlsCertificates;

beforeAll(async () => {
  [own, foreign] = await Promise.all([createTlsCertificates(), createTlsCertificates()]);
});
afterAll(() => built[Symbol.dispose]());

/** What comes of a message: its status, or the text of the error. */
async function sendOver(nameServerAddrs: readonly string[], tls?: TlsSettings): Promise<string> {
  const client = createClient({ nameServerAddrs, ...(tls === undefined ? {} : { tls }) });
  try {
    const { status } = await client.producer({ group: 'tls' }).send({ topic: TOPIC, body: Buffer.from('x') });
    return status;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await client.shutdown();
  }
}

describe('an embedded cluster', () => {
  const start = (mode: TlsMode, clientCa?: string): Promise<EmbeddedCluster> => {
    const tls = { mode, ...own.server, ...(clientCa === undefined ? {} : { clientCa }) };
    return startEmbeddedCluster({ topics: [{ name: TOPIC, queues: 1 }], tls });
  };

  test('that requires TLS takes it, and refuses plain text: the error asks whether it requires TLS', async () => {
    await using cluster = await start('enforcing');
    expect(await sendOver(cluster.nameServerAddrs, { ca: own.ca })).toBe('SEND_OK');
    expect(await sendOver(cluster.nameServerAddrs)).toContain('it never answered anything: does it require TLS?');
    expect(await sendOver(cluster.nameServerAddrs, { ca: foreign.ca })).toContain('give that authority');
  });

  test('whose brokers alone require TLS says so of the broker', async () => {
    await using cluster = await start('permissive');
    cluster.broker().setTls({ mode: 'enforcing', ...own.server });
    const text = await sendOver(cluster.nameServerAddrs);
    expect(text).toContain(`connection to ${cluster.broker().addr} closed`);
    expect(text).toContain('does it require TLS?');
  });

  test('that takes both takes both', async () => {
    await using cluster = await start('permissive');
    expect(await sendOver(cluster.nameServerAddrs, { ca: own.ca })).toBe('SEND_OK');
    expect(await sendOver(cluster.nameServerAddrs)).toBe('SEND_OK');
  });

  test('that speaks no TLS refuses it: the error says to switch it off', async () => {
    await using cluster = await start('disabled');
    expect(await sendOver(cluster.nameServerAddrs, { ca: own.ca })).toContain('(then switch TLS off)');
  });

  test.each(['name servers', 'brokers'] as const)(
    'whose %s have certificates of another authority by now is trusted when that one is in what is fetched, and is not before',
    async (moved) => {
      await using cluster = await start('enforcing');
      const servers = moved === 'brokers' ? cluster.brokers : cluster.nameServers;
      for (const server of servers) server.setTls({ mode: 'enforcing', ...foreign.server });
      const { nameServerAddrs } = cluster;
      const now = Date.now();
      const clock = { now: () => now + fetched.length * 10_000 };
      const fetched: string[] = [];
      const authorities = [own.ca, own.ca, `${own.ca}\n${foreign.ca}`];
      const fetchSecurity = async () => {
        const ca = authorities[fetched.length] ?? '';
        fetched.push(ca);
        return { tls: { ca } };
      };
      const client = createClient({ nameServerAddrs, clock, fetchSecurity });
      const producer = client.producer({ group: 'tls' });
      const message = { topic: TOPIC, body: 'x' };
      const distrust = { outcome: 'notSent', message: expect.stringContaining('comes from an unknown authority') };
      await expect(producer.send(message)).rejects.toMatchObject(distrust);
      expect(fetched).toHaveLength(2);
      expect(await producer.send(message)).toMatchObject({ status: 'SEND_OK' });
      expect(fetched).toHaveLength(3);
      await client.shutdown();
    },
  );

  test('whose brokers have certificates of another authority by now gets a oneway message all the same', async () => {
    await using cluster = await start('enforcing');
    for (const broker of cluster.brokers) broker.setTls({ mode: 'enforcing', ...foreign.server });
    const authorities = [own.ca];
    const fetchSecurity = async () => ({ tls: { ca: authorities.shift() ?? `${own.ca}\n${foreign.ca}` } });
    const client = createClient({ nameServerAddrs: cluster.nameServerAddrs, fetchSecurity });
    await client.producer({ group: 'tls' }).sendOneway({ topic: TOPIC, body: 'x' });
    await expect.poll(() => cluster.messages(TOPIC)).toHaveLength(1);
    await client.shutdown();
  });

  test.each(['name servers', 'brokers'] as const)(
    'whose %s no longer take the client certificate is shown another one when there is one in what is fetched',
    async (moved) => {
      await using cluster = await start('enforcing');
      const servers = moved === 'brokers' ? cluster.brokers : cluster.nameServers;
      for (const server of servers) server.setTls({ mode: 'enforcing', ...own.server, clientCa: own.ca });
      const pairs = [foreign.client, own.client];
      const fetchSecurity = async () => ({ tls: { ca: own.ca, ...(pairs.shift() ?? own.client) } });
      const client = createClient({ nameServerAddrs: cluster.nameServerAddrs, fetchSecurity });
      expect(await client.producer({ group: 'tls' }).send({ topic: TOPIC, body: 'x' })).toMatchObject({
        status: 'SEND_OK',
      });
      expect(pairs).toEqual([]);
      expect(cluster.messages(TOPIC)).toHaveLength(1);
      await client.shutdown();
    },
  );

  test('that wants a client certificate takes one it trusts: without it the error asks for it', async () => {
    await using cluster = await start('enforcing', own.ca);
    expect(await sendOver(cluster.nameServerAddrs, { ca: own.ca, ...own.client })).toBe('SEND_OK');
    expect(await sendOver(cluster.nameServerAddrs, { ca: own.ca })).toContain('does it want a client certificate?');
    expect(await sendOver(cluster.nameServerAddrs, { ca: own.ca, ...foreign.client })).toContain('client certificate?');
  });
});

describe('the bundled function with everything in SSM', () => {
  const secretKey = 'firstSecret12345';
  const user = { accessKey: 'orders-sender', secretKey };

  test('asks once for name servers, credentials and CA, reconnects after a freeze, follows a rotation, and tells no secret', async () => {
    await using cluster = await startEmbeddedCluster({
      topics: [{ name: TOPIC, queues: 1 }],
      tls: { mode: 'enforcing', ...own.server },
      acl: { users: [user] },
      idleCloseMs: 300,
    });
    await using ssm = await startSsmEndpoint({
      parameters: {
        [PARAMETER]: cluster.nameServerAddrs.join(';'),
        [ACL_PARAMETER]: { value: JSON.stringify(user), type: 'SecureString' },
        [CA_PARAMETER]: own.ca,
      },
    });
    await using host = startFunction(built, {
      topic: TOPIC,
      ssmUrl: ssm.url,
      environment: {
        ROCKETMQ_ACL_PARAMETER: ACL_PARAMETER,
        ROCKETMQ_TLS: 'true',
        ROCKETMQ_TLS_CA_PARAMETER: CA_PARAMETER,
        ROCKETMQ_TLS_SERVERNAME: 'localhost',
      },
    });
    const cold = await host.invoke(newEvent(3));
    expect(reportedBy(cold)).toEqual([]);
    expect(ssm.calls.map(({ names }) => [...names].sort())).toEqual([[CA_PARAMETER, ACL_PARAMETER, PARAMETER]]);

    await expect.poll(() => cluster.broker().connections.live, { timeout: 10_000 }).toBe(0);
    const thawed = await host.invoke(newEvent(3));
    expect(reportedBy(thawed)).toEqual([]);
    expect(metricsOf(thawed)).toMatchObject({ MessagesSent: 3, PossibleDuplicates: 0 });

    const rotated = { ...user, secretKey: 'secondSecret12345' };
    cluster.setAcl({ users: [rotated] });
    ssm.set(ACL_PARAMETER, JSON.stringify(rotated), 'SecureString');
    const after = await host.invoke(newEvent(5));
    expect(reportedBy(after)).toEqual([]);
    expect(ssm.calls).toHaveLength(2);

    cluster.setAcl({ users: [user] });
    const denied = await host.invoke(newEvent(3));
    expect(failuresOf(denied).map(({ code }) => code)).toEqual(Array(3).fill('ROCKETMQ_SEND_FAILED'));
    expect(failuresOf(denied)[0]?.reason).toContain('check access key, secret key, rights and IP');
    expect(ssm.calls).toHaveLength(2);
    expect(cluster.messages(TOPIC)).toHaveLength(11);
    const printed = JSON.stringify([cold, thawed, after, denied]);
    for (const secret of [secretKey, rotated.secretKey, 'PRIVATE KEY']) expect(printed).not.toContain(secret);
  });

  test(
    'is kept out by a real 5.5.0 that requires TLS without it, and sends with the CA from SSM',
    async (context) => {
      await needsRealRocketMQ(context);
      const directory = await mkdtemp(join(tmpdir(), 'rocketmq-lambda-test-'));
      await using files = new AsyncDisposableStack();
      files.defer(() => rm(directory, { recursive: true, force: true }));
      const [keyPath, certPath] = [join(directory, 'server.key'), join(directory, 'server.crt')];
      await Promise.all([writeFile(keyPath, own.server.key), writeFile(certPath, own.server.cert)]);
      await using cluster = await startRealCluster({
        version: '5.5.0',
        javaArgs: [
          '-Dtls.server.mode=permissive',
          '-Dtls.test.mode.enable=false',
          `-Dtls.server.keyPath=${keyPath}`,
          `-Dtls.server.certPath=${certPath}`,
        ],
        // A name server that required TLS would keep out the launcher, which asks it in plain text.
        brokerJavaArgs: ['-Dtls.server.mode=enforcing'],
      });
      using broker = await openTlsBroker(cluster.brokers[0]?.addr ?? '', TOPIC, { ca: own.ca });
      await using ssm = await startSsmEndpoint({
        parameters: { [PARAMETER]: cluster.nameServerAddrs.join(';'), [CA_PARAMETER]: own.ca },
      });
      const invokeWith = async (environment: Readonly<Record<string, string>>) => {
        await using host = startFunction(built, { topic: TOPIC, ssmUrl: ssm.url, environment });
        const first = await host.invoke(newEvent(4));
        const second = await host.invoke(newEvent(4));
        return [first, second] as const;
      };
      const encrypted = { ROCKETMQ_TLS: 'true', ROCKETMQ_TLS_CA_PARAMETER: CA_PARAMETER };
      const results = await invokeWith(encrypted);
      expect(results.map(reportedBy)).toEqual([[], []]);
      await expect.poll(() => broker.stored()).toBe(8);

      const [plain] = await invokeWith({});
      expect(failuresOf(plain)[0]?.reason).toContain('does it require TLS?');
      const [misnamed] = await invokeWith({ ...encrypted, ROCKETMQ_TLS_SERVERNAME: 'other.example' });
      expect(failuresOf(misnamed)[0]?.reason).toContain('its certificate is not for "other.example"');
      ssm.set(CA_PARAMETER, foreign.ca);
      const [distrusting] = await invokeWith(encrypted);
      expect(failuresOf(distrusting)[0]?.reason).toContain("give that authority's certificate as the TLS CA");
      expect(await broker.stored()).toBe(8);
    },
    CLUSTER_START_LIMIT_MS,
  );
});
