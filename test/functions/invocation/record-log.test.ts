import { expect, test, vi } from 'vitest';
import { DeadlineError, MessageError } from '#rocketmq';
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
