import { describe, expect, test } from 'vitest';
import type { ClientOptions } from '../../../functions/rocketmq/client-options.ts';
import { type Client, createClient } from '../../../functions/rocketmq/create-client.ts';
import { deadlineAfter } from '../../../functions/rocketmq/deadline.ts';
import { ClientClosedError, OptionsError } from '../../../functions/rocketmq/errors.ts';
import { nameServerOf, routeOver } from './client/routes.ts';
import { startFrameServer } from './remoting/frame-server.ts';

/** What a client is refused for. */
function faultsOf(options: ClientOptions): readonly string[] {
  try {
    createClient(options);
  } catch (error) {
    if (error instanceof OptionsError) return error.faults;
    throw error;
  }
  return [];
}

describe('createClient', () => {
  test('wants to know how name servers are found', () => {
    expect(faultsOf({})).toEqual(['give "nameServerAddrs", "fetchNameServerAddrs", or both']);
  });

  test.each([
    ['nothing', undefined, 'undefined'],
    ['null', null, 'null'],
    ['an address', 'a:9876', '"a:9876"'],
    ['a list', ['a:9876'], '["a:9876"]'],
  ])('wants an object, not %s', (_what, options, shown) => {
    expect(faultsOf(options as unknown as ClientOptions)).toEqual([
      `the options are ${shown}, but must be an object`,
      'give "nameServerAddrs", "fetchNameServerAddrs", or both',
    ]);
  });

  test('tells all faults at once, those of single addresses too', () => {
    expect(faultsOf({ nameServerAddrs: ['a', 'b:1', 'c:0'], routePeriodMs: -1 })).toEqual([
      '"routePeriodMs" is -1, but must be a whole number from 0 to 31536000000',
      '"a" is not host:port',
      '"c:0" has no port from 1 to 65535 after its last colon',
    ]);
    expect(faultsOf({ connectTimeoutMs: 0 })).toEqual([
      '"connectTimeoutMs" is 0, but must be a whole number from 1 to 60000',
      'give "nameServerAddrs", "fetchNameServerAddrs", or both',
    ]);
  });

  test('refuses an empty list: nobody could ever be asked', () => {
    expect(faultsOf({ nameServerAddrs: [] })).toEqual(['the list is empty; expected host:port, separated by ";"']);
  });

  test('refuses TLS settings that would fail at the first connection only', () => {
    const nameServerAddrs = ['a:1'];
    const faults = faultsOf({ nameServerAddrs, tls: { ca: 'ca.pem', caa: 1 } as object });
    expect(faults).toEqual([
      expect.stringContaining('"tls" have an unknown setting "caa"'),
      expect.stringContaining('"tls" have a ca that is no certificate in PEM'),
    ]);
    expect(faultsOf({ nameServerAddrs, tls: {} })).toEqual([]);
  });

  test('refuses a zone told in two ways, and brokers without a zone', () => {
    const nameServerAddrs = ['a:1'];
    const fetchZone = async () => undefined;
    expect(faultsOf({ nameServerAddrs, zone: 'z1', fetchZone })).toEqual(['give "zone" or "fetchZone", not both']);
    const brokerZones = { 'broker-a': '', 'broker-b': 'z1' };
    expect(faultsOf({ nameServerAddrs, fetchZone, brokerZones })).toEqual([
      '"brokerZones" has no zone for broker "broker-a"',
    ]);
    expect(faultsOf({ nameServerAddrs, brokersPerSandbox: -1 })).toEqual([
      '"brokersPerSandbox" is -1, but must be a whole number from 0 to 10000',
    ]);
  });

  test('refuses zones of brokers without a zone to compare them with', () => {
    const brokerZones = { 'broker-a': 'z1' };
    expect(faultsOf({ nameServerAddrs: ['a:1'], brokerZones })).toEqual([
      '"brokerZones" has no effect without "zone" or "fetchZone"',
    ]);
    expect(faultsOf({ nameServerAddrs: ['a:1'], brokerZones, zone: 'z1' })).toEqual([]);
    expect(faultsOf({ nameServerAddrs: ['a:1'], brokerZones: {} })).toEqual([]);
  });

  test('makes objects only: nothing is connected, looked up or pending', async () => {
    await using server = await startFrameServer();
    const client = createClient({ nameServerAddrs: [server.addr] });
    await new Promise(setImmediate);
    expect(client.pendingCount).toBe(0);
    expect(client.nameServerAddrs).toEqual([server.addr]);
    expect(client.connectionsOpened.size).toBe(0);
    expect(client.dueWorkReport().length).toBe(6);
    expect(server.peers.length).toBe(0);
  });

  test.each<[string, (client: Client, deadline: never) => Promise<unknown>]>([
    ['start', (client, deadline) => client.start(deadline)],
    ['beginInvocation', (client, deadline) => client.beginInvocation(deadline)],
    ['transactionsGivenUp', (client, deadline) => client.transactionsGivenUp(['T'], deadline)],
    ['shutdown', (client, deadline) => client.shutdown(deadline)],
  ])('refuses a number as the deadline of %s', async (name, call) => {
    const client = createClient({ nameServerAddrs: ['127.0.0.1:1'] });
    await expect(call(client, 3000 as never)).rejects.toMatchObject({
      code: 'ROCKETMQ_OPTIONS',
      message: `client.${name}: "deadline" is no Deadline: give deadlineAfter(ms), or the deadline of the invocation`,
    });
  });

  test('wants a deadline for an invocation', async () => {
    const client = createClient({ nameServerAddrs: ['127.0.0.1:1'] });
    const beginning = client.beginInvocation(undefined as never);
    await expect(beginning).rejects.toThrow('client.beginInvocation: "deadline" is no Deadline');
  });

  test('lets a group have one producer', async () => {
    const client = createClient({ nameServerAddrs: ['127.0.0.1:1'] });
    client.producer({ group: 'orders' });
    expect(() => client.producer({ group: 'orders' })).toThrow(OptionsError);
    client.producer({ group: 'billing' });
    await client.shutdown();
  });
});

test('a client looks up, connects, sends, and leaves nothing after its shutdown', async () => {
  await using nameServer = await startFrameServer();
  await using broker = await startFrameServer(({ code }) =>
    code === 310 ? { extFields: { msgId: '7F00000100002A9F0000000000000000', queueId: '0', queueOffset: '0' } } : {},
  );
  nameServer.script = nameServerOf({ T: routeOver({ 'broker-a': { 0: broker.addr } }, { writeQueueNums: 1 }) });
  const client: Client = createClient({ fetchNameServerAddrs: async () => [nameServer.addr] });
  const producer = client.producer({ group: 'orders' });
  const upkeep = await client.beginInvocation(deadlineAfter(60_000));
  const result = await producer.send({ topic: 'T', body: Buffer.from('hello') });
  await upkeep.end();
  expect(result).toMatchObject({ status: 'SEND_OK', attempts: 1 });
  expect(client.pendingCount).toBe(0);
  expect(Object.fromEntries(client.connectionsOpened)).toEqual({ first: 2 });
  expect(broker.codes()).toEqual([34, 310]);
  await client.shutdown();
  expect(broker.codes()).toEqual([34, 310, 35]);
  await broker.until(() => broker.openPeers.length === 0);
  await nameServer.until(() => nameServer.openPeers.length === 0);
  await expect(client.beginInvocation(deadlineAfter(1000))).rejects.toBeInstanceOf(ClientClosedError);
});
