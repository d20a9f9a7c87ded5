import { expect, test } from 'vitest';
import { DeadlineError, MessageError, OrderBlockedError, type RocketMQError } from '#rocketmq';
import type { DeliveredRecord } from '../../../functions/delivery/deliver.ts';
import { DeliveryError, throwIfAnyFailed } from '../../../functions/delivery/delivery-error.ts';

function failed(id: string, error: RocketMQError): DeliveredRecord {
  const record = { id, orderingKey: undefined, toMessage: () => ({ topic: 'orders', body: id }) };
  return { record, outcome: { status: 'failed', error } };
}

const permanent = new MessageError('body', 'the body is empty');
const temporary = new DeadlineError('record', 10, 50);

function thrownFor(...delivered: DeliveredRecord[]): unknown {
  try {
    throwIfAnyFailed(delivered);
  } catch (error) {
    return error;
  }
  return undefined;
}

test('nothing is thrown when nothing failed', () => {
  expect(thrownFor()).toBe(undefined);
});

test('the error has a name that tells whether a retry can help, and its first cause', () => {
  const error = thrownFor(failed('a', permanent), failed('b', temporary));
  expect(error).toBeInstanceOf(DeliveryError);
  expect(error).toMatchObject({
    name: 'ROCKETMQ_DELIVERY_FAILED',
    code: 'ROCKETMQ_DELIVERY_FAILED',
    retryable: true,
    cause: permanent,
    message:
      '2 of 2 records were not stored: a: ROCKETMQ_MESSAGE_ILLEGAL: the body is empty; ' +
      'b: ROCKETMQ_DEADLINE: record not begun: 10 ms left, 50 ms needed',
  });
  expect(thrownFor(failed('a', permanent))).toMatchObject({ name: 'ROCKETMQ_DELIVERY_PERMANENT', retryable: false });
});

test('a record that only stands behind another one can be helped by a retry where that other one can', () => {
  const blocked = new OrderBlockedError('record a');
  const behindPoison = thrownFor(failed('a', permanent), failed('b', blocked));
  expect(behindPoison).toMatchObject({ code: 'ROCKETMQ_DELIVERY_PERMANENT', retryable: false });
  const behindTemporary = thrownFor(failed('a', temporary), failed('b', blocked));
  expect(behindTemporary).toMatchObject({ code: 'ROCKETMQ_DELIVERY_FAILED', retryable: true });
});

test('the error names five records, and counts the rest', () => {
  const error = thrownFor(...Array.from({ length: 8 }, (_, index) => failed(`r${index}`, permanent)));
  expect(String(error)).toContain('8 of 8 records');
  expect(String(error)).toContain('r4: ');
  expect(String(error)).not.toContain('r5: ');
  expect(String(error)).toContain('; and 3 more');
});
