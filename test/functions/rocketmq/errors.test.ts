import { describe, expect, test } from 'vitest';
import * as errors from '../../../functions/rocketmq/errors.ts';
import * as library from '../../../functions/rocketmq/index.ts';

const {
  AccessDeniedError,
  BrokerError,
  BrokerTooOldError,
  ClientClosedError,
  DeadlineError,
  DegradedStoreError,
  MessageError,
  NoNameServerError,
  NoSecurityError,
  NoWritableQueueError,
  OptionsError,
  OrderBlockedError,
  RecallError,
  RemotingCommandError,
  RemotingConnectError,
  RemotingSendRequestError,
  RemotingTimeoutError,
  RequestTimeoutError,
  RocketMQError,
  SendFailedError,
  TopicRouteNotFoundError,
  TransactionTooLateError,
} = errors;

const CAUSE = new Error('connect ECONNREFUSED 10.0.0.1:10911');
const ADDR = '10.0.0.1:10911';
const busy = new BrokerError(
  ADDR,
  { code: 2, name: 'SYSTEM_BUSY', remark: '[PCBUSY_CLEAN_QUEUE]', retryable: true },
  'slow disk',
);
const timeout = new RemotingTimeoutError('10.0.0.2:10911', 42, 1500);
const attempts: errors.SendAttempt[] = [
  { brokerName: 'broker-a', addr: ADDR, queueId: 3, elapsedMs: 12, error: busy },
  { brokerName: 'broker-b', addr: '10.0.0.2:10911', queueId: 5, elapsedMs: 1500, error: timeout },
];

/** One of each class: the error, what it says of the request, and what a reader of its message must find in it. */
const samples: Record<
  string,
  { error: errors.RocketMQError; is: [boolean, errors.Outcome]; says: string[]; cause?: unknown }
> = {
  OptionsError: {
    error: new OptionsError('client options', ['sendTimeoutMs is -1, must be 1 or more', 'unknown option "retry"']),
    is: [false, 'notSent'],
    says: ['client options', 'sendTimeoutMs is -1', 'unknown option "retry"'],
  },
  MessageError: {
    error: new MessageError('topic', 'topic "a b" has a space'),
    is: [false, 'notSent'],
    says: ['topic "a b" has a space'],
  },
  RemotingCommandError: {
    error: new RemotingCommandError('header is not JSON', 8, CAUSE),
    is: [true, 'unknown'],
    says: ['header is not JSON', 'at byte 8'],
    cause: CAUSE,
  },
  RemotingConnectError: {
    error: new RemotingConnectError(ADDR, 'refused', 7, CAUSE),
    is: [true, 'notSent'],
    says: [ADDR, 'refused', '7 ms'],
    cause: CAUSE,
  },
  RemotingSendRequestError: {
    error: new RemotingSendRequestError(ADDR, 42, 'unknown', 9, CAUSE),
    is: [true, 'unknown'],
    says: [ADDR, 'opaque 42', 'before it was answered', '9 ms'],
    cause: CAUSE,
  },
  RemotingTimeoutError: { error: timeout, is: [true, 'unknown'], says: ['10.0.0.2:10911', '1500 ms', 'opaque 42'] },
  NoNameServerError: {
    error: new NoNameServerError(`no name server answered: ${ADDR} refused`, [ADDR], CAUSE),
    is: [true, 'notSent'],
    says: [ADDR],
    cause: CAUSE,
  },
  NoSecurityError: {
    error: new NoSecurityError('no way to SSM', CAUSE),
    is: [true, 'notSent'],
    says: ['credentials', 'no way to SSM'],
    cause: CAUSE,
  },
  TopicRouteNotFoundError: {
    error: new TopicRouteNotFoundError('Orders', ['ns1:9876', 'ns2:9876'], CAUSE),
    is: [true, 'notSent'],
    says: ['"Orders"', 'ns1:9876, ns2:9876', 'create the topic'],
    cause: CAUSE,
  },
  NoWritableQueueError: {
    error: new NoWritableQueueError('Orders', 'broker-a is read-only'),
    is: [true, 'notSent'],
    says: ['"Orders"', 'broker-a is read-only'],
  },
  BrokerError: {
    error: busy,
    is: [true, 'refused'],
    says: [ADDR, '2 SYSTEM_BUSY', '[PCBUSY_CLEAN_QUEUE]', '(slow disk)'],
  },
  BrokerTooOldError: {
    error: new BrokerTooOldError(
      'broker-a',
      ADDR,
      { has: 'V4_9_5', needs: 'V5_0_0' },
      'a delay in ms',
      'deliver at once',
    ),
    is: [false, 'notSent'],
    says: ['broker-a', ADDR, 'V4_9_5', 'a delay in ms needs V5_0_0', 'it would deliver at once'],
  },
  DegradedStoreError: {
    error: new DegradedStoreError(ADDR, 'FLUSH_SLAVE_TIMEOUT'),
    is: [true, 'unknown'],
    says: [ADDR, 'FLUSH_SLAVE_TIMEOUT', 'onDegradedStore: fail'],
  },
  AccessDeniedError: {
    error: new AccessDeniedError(ADDR, 'No accessKey is configured'),
    is: [false, 'refused'],
    says: [ADDR, 'No accessKey is configured', 'access key, secret key, rights and IP'],
  },
  SendFailedError: {
    error: new SendFailedError('Orders', 'ABC', attempts, timeout),
    is: [true, 'unknown'],
    says: [
      'ABC',
      '"Orders"',
      '2 attempt',
      'broker-a (10.0.0.1:10911) queue 3 after 12 ms',
      busy.message,
      'broker-b (10.0.0.2:10911) queue 5 after 1500 ms',
      timeout.message,
    ],
    cause: timeout,
  },
  RecallError: {
    error: new RecallError(`${ADDR} answered 1 SYSTEM_ERROR`, 1),
    is: [false, 'refused'],
    says: ['recall failed', ADDR, '1 SYSTEM_ERROR'],
  },
  RequestTimeoutError: {
    error: new RequestTimeoutError('Orders', 'c-1', 3000),
    is: [true, 'unknown'],
    says: ['"Orders"', 'c-1', '3000 ms'],
  },
  TransactionTooLateError: {
    error: new TransactionTooLateError('ABC', 'its immunity time has passed', ADDR),
    is: [false, 'refused'],
    says: ['ABC', ADDR, 'immunity time', "the broker's check"],
  },
  OrderBlockedError: {
    error: new OrderBlockedError('record r-1'),
    is: [true, 'notSent'],
    says: ['record r-1', 'same ordering key'],
  },
  DeadlineError: {
    error: new DeadlineError('send to topic "Orders"', 12.7, 50),
    is: [true, 'notSent'],
    says: ['send to topic "Orders"', '12 ms left', '50 ms needed'],
  },
  ClientClosedError: { error: new ClientClosedError(), is: [false, 'notSent'], says: ['shut down'] },
};

const classes = Object.entries(errors);
const each = Object.entries(samples).map(([name, sample]) => ({ name, ...sample }));

describe('every error class', () => {
  test('has its sample here', () => {
    expect(
      classes
        .map(([name]) => name)
        .filter((name) => name !== 'RocketMQError')
        .sort(),
    ).toEqual(Object.keys(samples).sort());
    for (const { name, error } of each) expect(error.constructor.name).toBe(name);
  });

  test('is exported by the library', () => {
    for (const [name, value] of classes) expect(library).toHaveProperty(name, value);
  });

  test('has a code of its own', () => {
    expect(new Set(each.map(({ error }) => error.code)).size).toBe(each.length);
  });

  test.each(each)('$name can be matched, and says whether to retry', ({ error, is: [retryable, outcome] }) => {
    expect(error).toBeInstanceOf(RocketMQError);
    expect(error).toBeInstanceOf(Error);
    expect(error.code).toMatch(/^ROCKETMQ_[A-Z]+(_[A-Z]+)*$/);
    expect(error.name).toBe(error.code);
    expect({ retryable: error.retryable, outcome: error.outcome }).toEqual({ retryable, outcome });
    expect(error.stack).toContain(error.message);
  });

  test.each(each)('$name says its facts', ({ error, says }) => {
    for (const fact of says) expect(error.message).toContain(fact);
    expect(error.message).not.toMatch(/undefined|null|NaN|\[object/);
  });

  test.each(each)('$name keeps its cause, and has none when there was none', ({ error, cause }) => {
    expect(error.cause).toBe(cause);
    expect('cause' in error).toBe(cause !== undefined);
  });

  test.each(each)('$name shows its code and its facts in a JSON log line', ({ error }) => {
    const line = JSON.parse(JSON.stringify(error));
    expect(line).toMatchObject({
      name: error.code,
      code: error.code,
      retryable: error.retryable,
      outcome: error.outcome,
    });
  });
});

describe('an error', () => {
  test('of a connection that closed before the request was written says that it cannot be stored', () => {
    const error = new RemotingSendRequestError(ADDR, 42, 'notSent', 9);
    expect(error.outcome).toBe('notSent');
    expect(error.message).toContain('before the request was written');
  });

  test('of a broker without remark or hint has no empty marks', () => {
    const error = new BrokerError(ADDR, {
      code: 14,
      name: 'SERVICE_NOT_AVAILABLE',
      remark: undefined,
      retryable: true,
    });
    expect(error.message).toBe(`${ADDR} answered 14 SERVICE_NOT_AVAILABLE`);
    expect(error).toMatchObject({
      addr: ADDR,
      responseCode: 14,
      responseCodeName: 'SERVICE_NOT_AVAILABLE',
      remark: undefined,
    });
  });

  test('of a recall that asked no broker says that nothing was sent', () => {
    expect(new RecallError('the handle is not one', undefined)).toMatchObject({
      outcome: 'notSent',
      responseCode: undefined,
    });
  });

  test('of a denial without a reason says so', () => {
    expect(new AccessDeniedError(ADDR, undefined).message).toContain('no reason given');
  });

  test('of a deadline that has passed shows no negative time', () => {
    expect(new DeadlineError('send', -5, 50).message).toContain('0 ms left');
    expect(new DeadlineError('send', -5, 50).remainingMs).toBe(-5);
  });
});

describe('a failed send', () => {
  const refused = new BrokerError(ADDR, { code: 13, name: 'MESSAGE_ILLEGAL', remark: undefined, retryable: false });

  test('may be stored as soon as one attempt may be, whatever the last one says', () => {
    const unknownFirst = [...attempts].reverse();
    expect(new SendFailedError('T', 'ID', unknownFirst, refused).outcome).toBe('unknown');
    expect(new SendFailedError('T', 'ID', attempts.slice(0, 1), busy).outcome).toBe('refused');
  });

  test('was refused as soon as one attempt was, and none may be stored: that a later one was not sent tells less', () => {
    const deadline = new DeadlineError('send to topic "Orders"', 3, 50);
    const unreached = { ...attempts[0], error: new RemotingConnectError(ADDR, 'refused', 1) } as errors.SendAttempt;
    expect(new SendFailedError('T', 'ID', attempts.slice(0, 1), deadline).outcome).toBe('refused');
    expect(new SendFailedError('T', 'ID', [...attempts.slice(0, 1), unreached], unreached.error).outcome).toBe(
      'refused',
    );
    expect(new SendFailedError('T', 'ID', [unreached], deadline).outcome).toBe('notSent');
  });

  test('is retryable when its last error is', () => {
    expect(new SendFailedError('T', 'ID', attempts, timeout).retryable).toBe(true);
    expect(new SendFailedError('T', 'ID', attempts, refused).retryable).toBe(false);
  });

  test('says why no further attempt was made, when that was not the last attempt itself', () => {
    const deadline = new DeadlineError('send to topic "Orders"', 3, 50);
    const { message, cause } = new SendFailedError('Orders', 'ID', attempts.slice(0, 1), deadline);
    expect(message).toContain(busy.message);
    expect(message).toContain(deadline.message);
    expect(cause).toBe(deadline);
  });

  test('without an attempt says what prevented the first', () => {
    expect(new SendFailedError('T', 'ID', [], refused).message).toContain(
      `failed after 0 attempt(s): ${refused.message}`,
    );
  });
});
