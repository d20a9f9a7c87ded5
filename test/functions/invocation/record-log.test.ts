import { expect, test, vi } from 'vitest';
import {
  AccessDeniedError,
  BrokerError,
  DeadlineError,
  MessageError,
  NoNameServerError,
  RemotingTimeoutError,
  type RocketMQError,
  SendFailedError,
} from '#rocketmq';
import { RecordLog } from '../../../functions/invocation/record-log.ts';

const odd = new MessageError('body', 'the body is odd');

/** The lines that are logged while something runs. */
function linesOf(run: (records: RecordLog) => void): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = [];
  const spy = vi.spyOn(process.stderr, 'write').mockImplementation((line) => {
    lines.push(JSON.parse(String(line)));
    return true;
  });
  try {
    run(new RecordLog('request-1'));
  } finally {
    spy.mockRestore();
  }
  return lines;
}

test('a record that is not stored is logged with its id, what happened, and whether a retry can help', () => {
  const [line, ...more] = linesOf((records) => {
    records.record('record-1', { status: 'failed', error: odd });
    records.end();
  });
  expect(line).toMatchObject({
    level: 'ERROR',
    recordId: 'record-1',
    code: 'ROCKETMQ_MESSAGE_ILLEGAL',
    retryable: false,
    outcome: 'notSent',
    reason: 'the body is odd',
    function_request_id: 'request-1',
  });
  expect(more).toEqual([]);
});

const sendFailed = (last: RocketMQError) => {
  const attempt = { brokerName: 'broker-a', addr: '10.0.1.5:10911', queueId: 0, elapsedMs: 3, error: last };
  return new SendFailedError('orders', 'id-1', [attempt], last);
};

test('a send that failed tells the code of what ended it, by which people filter', () => {
  const [denied, timedOut, plain] = linesOf((records) => {
    const errors = [
      sendFailed(new AccessDeniedError('10.0.1.5:10911', undefined)),
      sendFailed(new RemotingTimeoutError('10.0.1.5:10911', 1, 2000)),
      new MessageError('body', 'the body is odd'),
    ];
    for (const error of errors) records.record('record-1', { status: 'failed', error });
  });
  expect(denied).toMatchObject({ code: 'ROCKETMQ_SEND_FAILED', cause: 'ROCKETMQ_ACCESS_DENIED' });
  expect(timedOut).toMatchObject({ code: 'ROCKETMQ_SEND_FAILED', cause: 'ROCKETMQ_TIMEOUT' });
  expect(plain).not.toHaveProperty('cause');
});

test('a cause that is no error of the client has no code to tell', () => {
  const error = new NoNameServerError('no name server answered', [], Object.assign(new Error(), { code: 'ENOENT' }));
  const [line] = linesOf((records) => records.record('record-1', { status: 'failed', error }));
  expect(line).not.toHaveProperty('cause');
});

test('failures with another cause are another kind, and their ids stand in a line of their own', () => {
  const illegal = { code: 13, name: 'MESSAGE_ILLEGAL', remark: undefined, retryable: false };
  const lines = linesOf((records) => {
    for (let index = 0; index < 102; index++) {
      const last = index % 2 === 0 ? new BrokerError('a:1', illegal) : new AccessDeniedError('a:1', undefined);
      records.record(`record-${index}`, { status: 'failed', error: sendFailed(last) });
    }
    records.end();
  });
  expect(lines.slice(100)).toMatchObject([
    { cause: 'ROCKETMQ_BROKER', records: 1, recordIds: ['record-100'] },
    { cause: 'ROCKETMQ_ACCESS_DENIED', records: 1, recordIds: ['record-101'] },
  ]);
});

test('of many records of one kind the first fifty have a line each, and the ids of the others stand together', () => {
  const lines = linesOf((records) => {
    const error = new DeadlineError('record', 0, 50);
    for (let index = 0; index < 10_000; index++) records.record(`record-${index}`, { status: 'failed', error });
    records.record('poison', { status: 'failed', error: odd });
    records.end();
  });
  expect(lines.slice(0, 50).map(({ recordId }) => recordId)).toEqual(
    Array.from({ length: 50 }, (_, index) => `record-${index}`),
  );
  expect(lines[50]).toMatchObject({ recordId: 'poison' });
  const others = lines.slice(51);
  expect(others).toHaveLength(20);
  for (const line of others) {
    expect(line).toMatchObject({
      message: 'more records were not stored',
      code: 'ROCKETMQ_DEADLINE',
      outcome: 'notSent',
      retryable: true,
      function_request_id: 'request-1',
    });
    expect(line.records).toBe([line.recordIds].flat().length);
    expect(JSON.stringify(line).length).toBeLessThan(256_000);
  }
  expect(others.flatMap(({ recordIds }) => recordIds)).toEqual(
    Array.from({ length: 9950 }, (_, index) => `record-${50 + index}`),
  );
  const counted = lines.reduce((sum, { records }) => sum + Number(records), 0);
  expect(counted).toBe(10_001);
});

test('a dropped record is logged whatever the number of them: nothing else tells of it again', () => {
  const lines = linesOf((records) => {
    for (let index = 0; index < 60; index++) records.record(`record-${index}`, { status: 'dropped', error: odd });
    records.end();
  });
  expect(lines).toHaveLength(60);
  expect(lines[59]).toMatchObject({ level: 'WARN', message: 'a record was dropped', recordId: 'record-59' });
});
