import { Buffer } from 'node:buffer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import { AdminConnection } from '../../../../local/admin-connection.ts';
import { type EmbeddedCluster, startEmbeddedCluster } from '../../../../local/embedded/embedded-cluster.ts';
import { GivenClock } from '../../../functions/rocketmq/remoting/given-clock.ts';
import { sendRequest } from '../requests.ts';

const clock = new GivenClock();
let cluster: EmbeddedCluster;
let connection: AdminConnection;

beforeAll(async () => {
  cluster = await startEmbeddedCluster({ topics: [{ name: 'T', queues: 1 }], recallMessageEnable: true, clock });
  connection = await AdminConnection.open(cluster.broker().addr);
});
afterAll(async () => {
  await connection.close();
  await cluster.stop();
});

const recall = (extFields: Record<string, string>) =>
  connection.request({ code: RequestCode.RECALL_MESSAGE, extFields: { topic: 'T', ...extFields } });
const handleOf = (text: string) => Buffer.from(text).toString('base64url');
const soon = () => clock.now() + 60_000;

async function sendTimer(uniqKey: string): Promise<string> {
  const properties = { UNIQ_KEY: uniqKey, TIMER_DELAY_MS: '30000' };
  return (await connection.request(sendRequest({ properties }))).extFields.recallHandle ?? '';
}

test('a recalled timer message is never delivered, others are', async () => {
  const recallHandle = await sendTimer('recalled');
  await sendTimer('kept');
  const answer = await recall({ recallHandle });
  expect(answer).toMatchObject({ code: 0, remark: 'not set any response code' });
  expect(answer.extFields).toMatchObject({ msgId: 'recalled', MSG_REGION: 'DefaultRegion' });
  clock.advance(31_000);
  expect(cluster.messages('T').map(({ properties }) => properties.UNIQ_KEY)).toEqual(['kept']);
});

test('success proves nothing: a second recall and an id never sent are answered alike', async () => {
  const recallHandle = await sendTimer('twice');
  expect((await recall({ recallHandle })).code).toBe(0);
  expect((await recall({ recallHandle })).code).toBe(0);
  expect((await recall({ recallHandle: handleOf(`v1 T broker-a ${soon()} nobody`) })).code).toBe(0);
});

test('after delivery it is too late', async () => {
  const recallHandle = await sendTimer('late');
  clock.advance(31_000);
  expect(await recall({ recallHandle })).toMatchObject({ code: 604, remark: 'recall failed, timestamp invalid' });
});

test.each([
  ['empty', () => '', 604, 'recall handle is invalid'],
  ['no Base64', () => '***', 604, 'recall handle is invalid'],
  ['of four parts', () => handleOf('v1 T broker-a 99'), 604, 'recall handle is invalid'],
  ['of another version', () => handleOf(`v2 T broker-a ${soon()} x`), 604, 'recall handle is invalid'],
  ['without a time', () => handleOf('v1 T broker-a abc x'), 604, 'recall failed, timestamp invalid'],
  [
    'beyond the longest delay',
    () => handleOf('v1 T broker-a 1900000000000 x'),
    604,
    'recall failed, timestamp invalid',
  ],
  ['of another topic', () => handleOf(`v1 U broker-a ${soon()} x`), 604, 'recall failed, topic not match'],
  ['of another broker', () => handleOf(`v1 T b ${soon()} x`), 604, 'recall failed, broker service not available'],
])('a handle that is %s is refused', async (_, recallHandle, code, remark) => {
  expect(await recall({ recallHandle: recallHandle() })).toMatchObject({ code, remark });
});

test('an unknown topic is named', async () => {
  const answer = await recall({ topic: 'Nope', recallHandle: handleOf(`v1 Nope broker-a ${soon()} x`) });
  expect(answer).toMatchObject({ code: 17, remark: 'recall failed, the topic[Nope] not exist' });
});

describe('where it cannot be', () => {
  const handle = { recallHandle: handleOf(`v1 T broker-a ${soon()} x`) };

  test('a broker as it comes forbids it', async () => {
    cluster.broker().settings = { ...cluster.broker().settings, recallMessageEnable: false };
    expect(await recall(handle)).toMatchObject({ code: 16, remark: 'recall failed, operation is forbidden' });
    cluster.broker().settings = { ...cluster.broker().settings, recallMessageEnable: true };
  });

  test.each([403, 475])('version %i does not know it, and hands out no handles', async (version) => {
    cluster.broker().version = version;
    expect(await recall(handle)).toMatchObject({ code: 3, remark: ' request type 370 not supported' });
    expect(await sendTimer('old')).toBe('');
    cluster.broker().version = 513;
  });
});
