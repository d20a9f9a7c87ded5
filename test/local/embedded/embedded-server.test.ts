import { Buffer } from 'node:buffer';
import { setImmediate } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { EMPTY_BODY, encodeFrame } from '../../../functions/rocketmq/protocol/remoting-command.ts';
import { RequestCode } from '../../../functions/rocketmq/protocol/request-code.ts';
import { ResponseCode } from '../../../functions/rocketmq/protocol/response-code.ts';
import { AdminConnection } from '../../../local/admin-connection.ts';
import { type EmbeddedCluster, startEmbeddedCluster } from '../../../local/embedded/embedded-cluster.ts';
import { GivenClock } from '../../functions/rocketmq/remoting/given-clock.ts';
import { rawExchange } from './raw-exchange.ts';
import { heartbeatRequest, sendRequest } from './requests.ts';

const clock = new GivenClock();
let cluster: EmbeddedCluster;

beforeAll(async () => {
  cluster = await startEmbeddedCluster({ topics: [{ name: 'T', queues: 8 }], clock });
});
afterEach(() => cluster.broker().faults.clear());
afterAll(() => cluster.stop());

const open = () => AdminConnection.open(cluster.broker().addr);
const stored = () => cluster.messages('T').length;
const codes = [RequestCode.SEND_MESSAGE_V2];

describe('faults', () => {
  test('a code is answered in place of storing, as often as said', async () => {
    await using connection = await open();
    const before = stored();
    cluster.broker().faults.add({ kind: 'answer', code: ResponseCode.SYSTEM_BUSY, remark: 'busy', codes, times: 1 });
    const answers = [await connection.request(sendRequest()), await connection.request(sendRequest())];
    expect(answers.map(({ code, remark }) => [code, remark])).toEqual([
      [2, 'busy'],
      [0, undefined],
    ]);
    expect(stored() - before).toBe(1);
  });

  test('a stored message can be answered with another code, and then names its place', async () => {
    await using connection = await open();
    const before = stored();
    cluster.broker().faults.add({ kind: 'answer', code: ResponseCode.FLUSH_SLAVE_TIMEOUT, isStored: true });
    const answer = await connection.request(sendRequest());
    expect(answer.code).toBe(12);
    expect(answer.extFields.queueOffset).toBe(String(before));
    expect(stored() - before).toBe(1);
  });

  test('an answer can be dropped or its request swallowed: the next request is answered all the same', async () => {
    await using connection = await open();
    const before = stored();
    const { faults } = cluster.broker();
    faults.add({ kind: 'no-answer', isStored: true, times: 1 });
    faults.add({ kind: 'no-answer', isStored: false, times: 1 });
    connection.write(sendRequest());
    connection.write(sendRequest());
    expect((await connection.request(sendRequest())).code).toBe(0);
    expect(stored() - before).toBe(2);
  });

  test.each(['FIN', 'RST'] as const)('a connection is closed by %s, before or after storing', async (how) => {
    const before = stored();
    const { faults } = cluster.broker();
    faults.add({ kind: 'close', how, isStored: false, times: 1 });
    faults.add({ kind: 'close', how, isStored: true, times: 1 });
    for (const storedSoFar of [0, 1]) {
      await using connection = await open();
      await expect(connection.request(sendRequest())).rejects.toThrow(how === 'FIN' ? /was closed/ : /broke/);
      expect(stored() - before).toBe(storedSoFar);
    }
  });

  test('a held answer lets later ones overtake it; a held request is stored after later ones', async () => {
    await using connection = await open();
    for (const isHeld of [false, true]) {
      const before = stored();
      const { promise, resolve } = Promise.withResolvers<void>();
      cluster.broker().faults.add({ kind: 'delay', until: promise, isHeld, times: 1 });
      const order: string[] = [];
      const first = connection.request(sendRequest({ body: 'first' })).finally(() => order.push('first'));
      await connection.request(sendRequest({ body: 'second' })).finally(() => order.push('second'));
      resolve();
      await first;
      expect(order).toEqual(['second', 'first']);
      const bodies = cluster
        .messages('T')
        .slice(before)
        .map(({ body }) => body.toString());
      expect(bodies).toEqual(isHeld ? ['second', 'first'] : ['first', 'second']);
    }
  });

  test('strike only the requests that their scope names, and end when removed', async () => {
    await using connection = await open();
    const { faults } = cluster.broker();
    const answer = { kind: 'answer', code: ResponseCode.SYSTEM_ERROR } as const;
    faults.add({ ...answer, topic: 'other' });
    faults.add({ ...answer, codes: [RequestCode.HEART_BEAT] });
    const fault = faults.add({ ...answer, when: ({ extFields }) => extFields.e === '3' });
    const codesOf = async () => [
      (await connection.request(sendRequest({ queueId: 0 }))).code,
      (await connection.request(sendRequest({ queueId: 3 }))).code,
    ];
    expect(await codesOf()).toEqual([0, 1]);
    expect(fault.strikes).toBe(1);
    fault.remove();
    expect(await codesOf()).toEqual([0, 0]);
  });
});

describe('connections', () => {
  test('answers pipelined sends in their order, and stores them in it', async () => {
    await using connection = await open();
    const numbers = Array.from({ length: 200 }, (_, number) => number);
    const order: number[] = [];
    const send = async (number: number) => {
      await connection.request(sendRequest({ body: String(number), queueId: 7 }));
      order.push(number);
    };
    await Promise.all(numbers.map(send));
    expect(order).toEqual(numbers);
    const inQueue = cluster.messages('T').filter(({ queueId }) => queueId === 7);
    expect(inQueue.map(({ body }) => Number(body))).toEqual(numbers);
  });

  test('a oneway request is served and not answered, whatever comes of it', async () => {
    await using connection = await open();
    const before = stored();
    connection.write({ ...sendRequest(), flag: 2 });
    connection.write({ ...sendRequest({ topic: 'unknown' }), flag: 2 });
    connection.write({ code: 9999, flag: 2 });
    expect((await connection.request({ code: 9999 })).code).toBe(ResponseCode.REQUEST_CODE_NOT_SUPPORTED);
    expect(stored() - before).toBe(1);
  });

  test('an idle connection is closed after 120 s, one that is used is not', async () => {
    await using idle = await open();
    await using used = await open();
    await idle.request(sendRequest());
    clock.advance(119_999);
    await used.request(sendRequest());
    clock.advance(1);
    cluster.broker().sweep();
    await idle.closed();
    expect((await used.request(sendRequest())).code).toBe(0);
  });

  test('a client that stopped its heartbeats is cut off after 120 s, sends or not', async () => {
    await using silent = await open();
    await using gone = await open();
    for (const connection of [silent, gone]) await connection.request(heartbeatRequest('client', { producer: 'PG' }));
    const extFields = { clientID: 'client', producerGroup: 'PG' };
    await gone.request({ code: RequestCode.UNREGISTER_CLIENT, extFields });
    clock.advance(120_000);
    for (const connection of [silent, gone]) await connection.request(sendRequest());
    cluster.broker().sweep();
    await silent.closed();
    expect((await gone.request(sendRequest())).code).toBe(0);
  });

  test('are counted', async () => {
    await using other = await startEmbeddedCluster();
    const connection = await AdminConnection.open(other.broker().addr);
    await connection.request({ code: 9999 });
    expect(other.broker().connections).toEqual({ live: 1, total: 1 });
    await connection.close();
    await expect.poll(() => other.broker().connections).toEqual({ live: 0, total: 1 });
  });
});

describe('frames that nobody can read', () => {
  const frame = (typeAndLength: number, header: string) => {
    const bytes = Buffer.alloc(8 + header.length);
    bytes.writeInt32BE(4 + header.length, 0);
    bytes.writeInt32BE(typeAndLength, 4);
    bytes.write(header, 8);
    return bytes;
  };
  const good = encodeFrame(
    { code: 9999, language: 7, version: 401, opaque: 5, flag: 0, remark: undefined, extFields: {}, body: EMPTY_BODY },
    'JSON',
  );

  test.each([
    ['a negative length', Buffer.from('ffffffff00000000', 'hex')],
    ['a length over 16 MiB', Buffer.from('0100000000000000', 'hex')],
    ['a header longer than its frame', frame(100, 'x')],
    ['a header that is not JSON', frame(4, '{cod')],
    ['a binary header cut short', frame((1 << 24) | 3, 'abc')],
    ['an unknown serialize type', frame((7 << 24) | 1, 'x')],
    ['an empty header', frame(0, '')],
    ['a header that is a list', frame(2, '[]')],
    ['a length below 4', Buffer.from('00000003000000', 'hex')],
  ])('%s ends the connection', async (_, bytes) => {
    expect(await rawExchange(cluster.broker().addr, Buffer.concat([bytes, good]))).toBeUndefined();
  });

  test('one at the start of a connection to 5.x is not looked at before there are twelve bytes', async () => {
    await using connection = await AdminConnection.open(cluster.broker().addr);
    connection.writeRaw(frame(0, ''));
    await using other = await AdminConnection.open(cluster.broker().addr);
    expect((await other.request({ code: 9999 })).code).toBe(3);
    expect(connection.isOpen).toBe(true);
    connection.writeRaw(good.subarray(0, 4));
    await connection.closed();
  });

  test.each([
    [513, undefined],
    [403, 5],
  ])('text that is no UTF-8 ends a connection to version %i, unless that is 4.9', async (version, opaque) => {
    await using server = await startEmbeddedCluster({ version });
    const latin1 = Buffer.from('{"code":9999,"opaque":5,"flag":0,"extFields":{"name":"M\xfcller"}}', 'latin1');
    const bytes = Buffer.concat([frame(latin1.length, ''), latin1]);
    bytes.writeInt32BE(bytes.length - 4);
    expect((await rawExchange(server.broker().addr, bytes))?.command.opaque).toBe(opaque);
  });
});

test('a stopped server refuses connections and comes back on its port, with what it held', async () => {
  const broker = cluster.broker();
  const { addr } = broker;
  await using connection = await open();
  await connection.request(sendRequest({ queueId: 6 }));
  await broker.stop();
  await connection.closed();
  await expect(open()).rejects.toThrow(/cannot connect/);
  await broker.start();
  expect(broker.addr).toBe(addr);
  await using again = await open();
  expect((await again.request(sendRequest({ queueId: 6 }))).extFields.queueOffset).toBe('1');
});

test('a stopped cluster leaves nothing in the process', async () => {
  const before = process.getActiveResourcesInfo().filter((name) => name !== 'Immediate');
  const other = await startEmbeddedCluster({ nameServers: 2, brokers: [{ name: 'a' }, { name: 'b' }] });
  await using connection = await AdminConnection.open(other.broker('b').addr);
  await connection.request({ code: 9999 });
  await other.stop();
  await connection.closed();
  await setImmediate();
  expect(process.getActiveResourcesInfo().filter((name) => name !== 'Immediate').length).toBeLessThanOrEqual(
    before.length,
  );
});

test('the log shows what came, and can be waited for', async () => {
  await using connection = await open();
  const { requests } = cluster.broker();
  const seen = requests.count(RequestCode.VIEW_MESSAGE_BY_ID);
  const arrived = requests.arrived(RequestCode.VIEW_MESSAGE_BY_ID, seen + 2);
  for (const offset of ['1', '2']) {
    connection.write({ code: RequestCode.VIEW_MESSAGE_BY_ID, extFields: { offset }, version: 401, flag: 2 });
  }
  await arrived;
  const last = requests.last(RequestCode.VIEW_MESSAGE_BY_ID).at(-1);
  expect(last).toMatchObject({ version: 401, isOneway: true, at: clock.now() });
  expect(last?.extFields.offset).toBe('2');
});

test('a server may be told to write binary headers, as real ones may be', async () => {
  const broker = cluster.broker();
  const bytes = encodeFrame(
    { code: 9999, language: 7, version: 401, opaque: 6, flag: 0, remark: undefined, extFields: {}, body: EMPTY_BODY },
    'JSON',
  );
  broker.serializeType = 'ROCKETMQ';
  try {
    expect((await rawExchange(broker.addr, bytes))?.serializeType).toBe('ROCKETMQ');
  } finally {
    broker.serializeType = 'JSON';
  }
});
