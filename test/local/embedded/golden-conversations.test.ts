import { Buffer } from 'node:buffer';
import { describe, expect, test } from 'vitest';
import type { ExtFields } from '../../../functions/rocketmq/protocol/ext-fields.ts';
import { decodeProperties } from '../../../functions/rocketmq/protocol/message-properties.ts';
import { decodeFrame, type RemotingCommand } from '../../../functions/rocketmq/protocol/remoting-command.ts';
import { decodeStoredMessages, type StoredMessage } from '../../../functions/rocketmq/protocol/stored-message.ts';
import { AdminConnection } from '../../../local/admin-connection.ts';
import { startEmbeddedCluster } from '../../../local/embedded/embedded-cluster.ts';
import { goldenFrame } from '../../functions/rocketmq/protocol/golden-frames.ts';
import { GivenClock } from '../../functions/rocketmq/remoting/given-clock.ts';
import { answerPush } from './answer-push.ts';
import { rawExchange } from './raw-exchange.ts';
import { heartbeatRequest } from './requests.ts';
import { halfPlace } from './transaction-requests.ts';

// Captured exchanges whose requests name what an answer before them said: that is put in, the rest is as it was captured.

const topics = [
  { name: 'GoldenTopic', queues: 4 },
  { name: 'OtherTopic', queues: 4 },
];
const golden = (name: string) => decodeFrame(goldenFrame(name).bytes);
const names = (fields: ExtFields) =>
  Object.keys(fields)
    .filter((name) => fields[name] !== undefined)
    .sort();

/** Values that do not hang on the run. */
function lasting(fields: ExtFields, ...changing: string[]): ExtFields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, changing.includes(name) ? '*' : value]),
  );
}

async function replay(connection: AdminConnection, request: RemotingCommand, changes: ExtFields = {}) {
  const { code, version, flag, body, extFields } = request;
  return connection.request({ code, version, flag, body, extFields: { ...extFields, ...changes } });
}

describe.each([
  ['raw-broker550', 513],
  ['raw-broker495', 403],
])('transactions of %s', (set, version) => {
  test.each(['', '-binary'])('half message, commit and rollback%s are answered alike', async (suffix) => {
    await using cluster = await startEmbeddedCluster({ version, topics });
    await using connection = await AdminConnection.open(cluster.broker().addr);
    const serializeType = suffix === '' ? 'JSON' : 'ROCKETMQ';
    const half = await connection.request({ ...golden(`${set}/two-way-half${suffix}.request`), serializeType });
    expect(names(half.extFields)).toEqual(names(golden(`${set}/two-way-half${suffix}.response`).extFields));
    const { queueOffset, commitLogOffset } = halfPlace(half);
    for (const end of ['commit', 'rollback']) {
      const request = golden(`${set}/two-way-${end}${suffix}.request`);
      const answer = await replay(connection, request, { tranStateTableOffset: queueOffset, commitLogOffset });
      const { code, remark, flag, extFields } = golden(`${set}/two-way-${end}${suffix}.response`);
      expect(answer).toMatchObject({ code, remark, flag });
      expect(names(answer.extFields)).toEqual(names(extFields));
    }
  });

  test.each(['recall-forbidden', 'error-end-transaction-offset'])('%s is answered alike', async (name) => {
    await using cluster = await startEmbeddedCluster({ version, topics });
    const answer = await rawExchange(cluster.broker().addr, goldenFrame(`${set}/${name}.request`).bytes);
    expect(answer?.command).toEqual(golden(`${set}/${name}.response`));
  });
});

test('the commit log grows by the bytes that a real broker writes for a half message and a delivered one', async () => {
  await using cluster = await startEmbeddedCluster({ topics });
  await using connection = await AdminConnection.open(cluster.broker().addr);
  // Captured on an empty broker, so that the places named in them are right as they are.
  for (const name of ['two-way-half', 'two-way-commit', 'two-way-rollback', 'two-way-half-binary']) {
    const answer = await replay(connection, golden(`raw-broker550/${name}.request`));
    expect(answer.code).toBe(0);
    if (name.includes('half')) {
      expect(answer.extFields.msgId?.slice(-16)).toBe(
        golden(`raw-broker550/${name}.response`).extFields.msgId?.slice(-16),
      );
    }
  }
});

test.each([
  ['java550-broker550-json', 513],
  ['java550-broker495-json', 403],
  ['java495-broker495-binary', 403],
  ['java550-broker550-binary-server', 513],
])('the question for an open transaction of %s has the captured fields and message', async (set, version) => {
  const clock = new GivenClock();
  await using cluster = await startEmbeddedCluster({ version, topics, clock });
  if (set.endsWith('binary-server')) cluster.broker().serializeType = 'ROCKETMQ';
  await using connection = await AdminConnection.open(cluster.broker().addr);
  await connection.request(heartbeatRequest('c', { producer: 'PG_tx' }));
  await replay(connection, golden(`${set}/tx-half-unknown.request`), { g: String(clock.now()) });
  clock.advance(60_000);
  cluster.broker().checkTransactions();
  const push = await connection.nextPush();
  const captured = golden(`${set}/tx-check.push`);
  expect(push).toMatchObject({ code: captured.code, flag: captured.flag });
  const changing = ['commitLogOffset', 'tranStateTableOffset', 'offsetMsgId'];
  expect(lasting(push.extFields, ...changing)).toEqual(lasting(captured.extFields, ...changing));
  expect(shape(push.body)).toEqual(shape(captured.body));
});

function shape(body: Uint8Array) {
  const [message, ...others] = decodeStoredMessages(Buffer.from(body));
  expect(others).toEqual([]);
  const { topic, queueId, flag, sysFlag, reconsumeTimes, preparedTransactionOffset, properties } =
    message as StoredMessage;
  const content = message?.body.toString();
  return { topic, queueId, flag, sysFlag, reconsumeTimes, preparedTransactionOffset, content, properties };
}

test.each(['java550-broker550-json', 'java550-broker550-binary'])(
  'a reply of %s is pushed and answered alike',
  async (set) => {
    await using cluster = await startEmbeddedCluster({ topics });
    await using requester = await AdminConnection.open(cluster.broker().addr);
    await using replier = await AdminConnection.open(cluster.broker().addr);
    await requester.request(heartbeatRequest('192.0.2.2@golden-1', { producer: 'PG' }));
    const reply = golden(`${set}/reply-message.request`);
    const [answer, push] = await Promise.all([replay(replier, reply), answerPush(requester)]);
    const changing = ['bornHost', 'storeHost', 'storeTimestamp', 'properties'];
    const captured = golden(`${set}/push-reply.push`);
    expect(push).toMatchObject({ code: captured.code, flag: captured.flag, body: captured.body });
    expect(lasting(push.extFields, ...changing)).toEqual(lasting(captured.extFields, ...changing));
    const properties = ({ extFields }: RemotingCommand) =>
      lasting(decodeProperties(extFields.properties ?? ''), 'PUSH_REPLY_TIME');
    expect(properties(push)).toEqual(properties(captured));
    const expected = golden(`${set}/reply-message.response`);
    expect(answer).toMatchObject({ code: expected.code, remark: expected.remark });
    expect(names(answer.extFields)).toEqual(names(expected.extFields));
  },
);

test.each(['java550-broker550-json', 'java550-broker550-binary'])('a recall of %s is answered alike', async (set) => {
  const sent = golden(`${set}/send-timer-60s.request`);
  const clock = new GivenClock(Number(sent.extFields.g) + 2);
  await using cluster = await startEmbeddedCluster({ topics, clock, recallMessageEnable: true });
  await using connection = await AdminConnection.open(cluster.broker().addr);
  const answer = await replay(connection, sent);
  expect(answer.extFields.recallHandle).toBe(golden(`${set}/send-timer-60s.response`).extFields.recallHandle);
  const recalled = await replay(connection, golden(`${set}/recall-message.request`));
  const { code, remark, extFields } = golden(`${set}/recall-message.response`);
  expect(recalled).toMatchObject({ code, remark });
  expect({ ...recalled.extFields }).toEqual({ ...extFields });
});

test.each(['java550-broker550-acl-json', 'java550-broker550-acl-binary'])(
  'signed requests of %s are answered alike',
  async (set) => {
    const users = [
      { accessKey: 'goldenAK', secretKey: 'goldenSecret12345678', topics: { GoldenTopic: ['PUB'] as const } },
    ];
    await using cluster = await startEmbeddedCluster({ topics, acl: { users } });
    for (const name of ['heartbeat', 'send-good', 'send-no-permission', 'send-bad-signature', 'unregister']) {
      const answer = await rawExchange(cluster.broker().addr, goldenFrame(`${set}/${name}.request`).bytes);
      const { code, remark, extFields } = golden(`${set}/${name}.response`);
      expect(answer?.command).toMatchObject({ code, remark });
      expect(names(answer?.command.extFields ?? {})).toEqual(names(extFields));
    }
  },
);
