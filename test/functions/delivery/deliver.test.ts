import { Buffer } from 'node:buffer';
import { describe, expect, test } from 'vitest';
import { deadlineAfter, MessageError } from '#rocketmq';
import { type DeliveredRecord, deliver } from '../../../functions/delivery/deliver.ts';
import type { DeliveryRecord } from '../../../functions/delivery/delivery-record.ts';
import type { RecordOutcome } from '../../../functions/delivery/record-outcome.ts';
import { RequestCode } from '../../../functions/rocketmq/protocol/request-code.ts';
import { startProducer, TOPIC } from '../rocketmq/producer/start-producer.ts';

const SEND = RequestCode.SEND_MESSAGE_V2;

/** A record that becomes a message with its id as body. */
function record(id: string, orderingKey?: string, topic = TOPIC): DeliveryRecord {
  const key = orderingKey === undefined ? {} : { shardingKey: orderingKey };
  return { id, orderingKey, toMessage: () => ({ topic, body: id, ...key }) };
}

/** What became of each record: `stored` or `filtered`, `dropped` with the code of its error, or that code alone. */
function told(delivered: readonly DeliveredRecord[]): string[] {
  return delivered.map(({ record: { id }, outcome }) => `${id} ${words(outcome)}`);
}

function words(outcome: RecordOutcome): string {
  if (outcome.status === 'dropped') return `dropped ${outcome.error.code}`;
  return outcome.status === 'failed' ? outcome.error.code : outcome.status;
}

const ignore = () => undefined;

describe('records', () => {
  test('without an ordering key are under way at once, and told of in the order of the event', async () => {
    await using started = await startProducer();
    const { cluster, producer } = started;
    const release = Promise.withResolvers<void>();
    cluster.broker().faults.add({ kind: 'delay', until: release.promise, isHeld: true, codes: [SEND] });
    const delivering = deliver(
      ['a', 'b', 'c'].map((id) => record(id)),
      {
        producer,
        deadline: deadlineAfter(5000),
        record: ignore,
      },
    );
    await cluster.broker().requests.arrived(SEND, 3);
    release.resolve();
    expect(told(await delivering)).toEqual(['a stored', 'b stored', 'c stored']);
  });

  test('of one key go one after the other, while those of another key do not wait for them', async () => {
    await using started = await startProducer();
    const { cluster, producer } = started;
    const release = Promise.withResolvers<void>();
    cluster.broker().faults.add({ kind: 'delay', until: release.promise, isHeld: true, codes: [SEND], times: 1 });
    const settled: string[] = [];
    const second = Promise.withResolvers<void>();
    const delivering = deliver([record('a1', 'a'), record('b1', 'b'), record('a2', 'a'), record('b2', 'b')], {
      producer,
      deadline: deadlineAfter(5000),
      record: (_outcome, _ms, id) => {
        settled.push(id);
        if (settled.length === 2) second.resolve();
      },
    });
    await second.promise;
    expect(settled.map((id) => id.slice(0, 1))).toEqual(['b', 'b']);
    expect(cluster.broker().requests.count(SEND)).toBe(3);
    release.resolve();
    await delivering;
    expect(settled).toEqual(['b1', 'b2', 'a1', 'a2']);
    const bodies = cluster.messages(TOPIC).map(({ body }) => body.toString());
    expect(bodies.filter((body) => body.startsWith('a'))).toEqual(['a1', 'a2']);
  });

  test('are told of with the ms that each took, of those that passed', async () => {
    await using started = await startProducer();
    const beganAt = performance.now();
    const times: number[] = [];
    const note = (_outcome: unknown, elapsedMs: number) => times.push(elapsedMs);
    const records = ['a', 'b'].map((id) => record(id, 'key'));
    await deliver(records, { producer: started.producer, deadline: deadlineAfter(5000), record: note });
    expect(times).toHaveLength(2);
    for (const ms of times) expect(ms).toBeGreaterThanOrEqual(0);
    const passedMs = performance.now() - beganAt;
    // Each is rounded.
    expect(times.reduce((sum, ms) => sum + ms)).toBeLessThanOrEqual(passedMs + 1);
  });

  test('are at most 256 at once', async () => {
    await using started = await startProducer();
    const { cluster, producer } = started;
    const release = Promise.withResolvers<void>();
    cluster.broker().faults.add({ kind: 'delay', until: release.promise, codes: [SEND] });
    const records = Array.from({ length: 300 }, (_, index) => record(`${index}`));
    const delivering = deliver(records, { producer, deadline: deadlineAfter(20_000), record: ignore });
    await cluster.broker().requests.arrived(SEND, 256);
    await new Promise(setImmediate);
    expect(cluster.broker().requests.count(SEND)).toBe(256);
    release.resolve();
    expect((await delivering).filter(({ outcome }) => outcome.status === 'stored')).toHaveLength(300);
  });

  test('are none in an empty event', async () => {
    await using started = await startProducer();
    const deadline = deadlineAfter(5000);
    expect(await deliver([], { producer: started.producer, deadline, record: ignore })).toEqual([]);
  });
});

describe('a record that fails', () => {
  test('stops its key, whose later records are reported and not sent, and no other', async () => {
    await using started = await startProducer();
    const { cluster, producer } = started;
    const isA2 = ({ body }: { body: Uint8Array }) => Buffer.from(body).toString() === 'a2';
    cluster.broker().faults.add({ kind: 'answer', code: 13, codes: [SEND], when: isA2 });
    const records = [
      record('a1', 'a'),
      record('b1', 'b'),
      record('a2', 'a'),
      record('x'),
      record('a3', 'a'),
      record('b2', 'b'),
      record('a4', 'a'),
    ];
    const delivered = await deliver(records, { producer, deadline: deadlineAfter(5000), record: ignore });
    expect(told(delivered)).toEqual([
      'a1 stored',
      'b1 stored',
      'a2 ROCKETMQ_SEND_FAILED',
      'x stored',
      'a3 ROCKETMQ_ORDER_BLOCKED',
      'b2 stored',
      'a4 ROCKETMQ_ORDER_BLOCKED',
    ]);
    const blocked = delivered[6]?.outcome;
    expect(blocked?.status === 'failed' && blocked.error).toMatchObject({ retryable: true, outcome: 'notSent' });
    expect(blocked?.status === 'failed' && blocked.error.message).toBe(
      'not begun, because record a2 before it, with the same ordering key, was not stored',
    );
    expect(cluster.broker().requests.count(SEND)).toBe(5);
  });

  test('without a key stops nothing', async () => {
    await using started = await startProducer();
    const records = [record('a', undefined, 'not there'), record('b'), record('c')];
    const options = { producer: started.producer, deadline: deadlineAfter(5000), record: ignore };
    expect(told(await deliver(records, options))).toEqual(['a ROCKETMQ_MESSAGE_ILLEGAL', 'b stored', 'c stored']);
  });

  test('in the making of its message fails alone, and is named', async () => {
    await using started = await startProducer();
    const broken: DeliveryRecord = {
      ...record('b'),
      toMessage: () => {
        throw new TypeError('no such field');
      },
    };
    const options = { producer: started.producer, deadline: deadlineAfter(5000), record: ignore };
    const delivered = await deliver([record('a'), broken, record('c')], options);
    expect(told(delivered)).toEqual(['a stored', 'b ROCKETMQ_MESSAGE_ILLEGAL', 'c stored']);
    const outcome = delivered[1]?.outcome;
    expect(outcome?.status === 'failed' && outcome.error.message).toBe('record b: TypeError: no such field');
  });

  test('and every other one is told of once, when it is settled', async () => {
    await using started = await startProducer();
    const calls: string[] = [];
    const records = [record('a1', 'a', 'not there'), record('a2', 'a'), record('b')];
    await deliver(records, {
      producer: started.producer,
      deadline: deadlineAfter(5000),
      record: (outcome, elapsedMs, id) => {
        expect(elapsedMs).toBeGreaterThanOrEqual(0);
        calls.push(`${id} ${words(outcome)}`);
      },
    });
    expect(calls.toSorted()).toEqual(['a1 ROCKETMQ_MESSAGE_ILLEGAL', 'a2 ROCKETMQ_ORDER_BLOCKED', 'b stored']);
  });
});

describe('a record that is filtered', () => {
  test('is not sent, becomes no message, and stops no other of its key', async () => {
    await using started = await startProducer();
    const { cluster, producer } = started;
    const filtered = (id: string, key?: string): DeliveryRecord => ({
      ...record(id, key),
      isFiltered: () => true,
      toMessage: () => {
        throw new Error('made');
      },
    });
    const calls: string[] = [];
    const records = [record('a1', 'a'), filtered('a2', 'a'), record('a3', 'a'), filtered('x')];
    const delivered = await deliver(records, {
      producer,
      deadline: deadlineAfter(5000),
      record: (outcome, _ms, id) => calls.push(`${id} ${words(outcome)}`),
    });
    expect(told(delivered)).toEqual(['a1 stored', 'a2 filtered', 'a3 stored', 'x filtered']);
    expect(calls.toSorted()).toEqual(told(delivered));
    expect(cluster.messages(TOPIC).map(({ body }) => body.toString())).toEqual(['a1', 'a3']);
  });

  test('fails alone when whether it is cannot be told', async () => {
    await using started = await startProducer();
    const untold: DeliveryRecord = {
      ...record('b'),
      isFiltered: () => {
        throw new MessageError('mapping.filter', 'no text');
      },
    };
    const options = { producer: started.producer, deadline: deadlineAfter(5000), record: ignore };
    const delivered = await deliver([record('a'), untold], options);
    expect(told(delivered)).toEqual(['a stored', 'b ROCKETMQ_MESSAGE_ILLEGAL']);
  });
});

describe('a record that may be dropped', () => {
  const droppable = (one: DeliveryRecord): DeliveryRecord => ({ ...one, isDroppable: true });

  test('is dropped when its message is at fault, here or for a broker, and stops no other of its key', async () => {
    await using started = await startProducer();
    const { cluster, producer } = started;
    const isBad = ({ body }: { body: Uint8Array }) => Buffer.from(body).toString() === 'a2';
    cluster.broker().faults.add({ kind: 'answer', code: 13, codes: [SEND], when: isBad });
    const records = [record('a1', 'a', 'not there'), record('a2', 'a'), record('a3', 'a')].map(droppable);
    const delivered = await deliver(records, { producer, deadline: deadlineAfter(5000), record: ignore });
    expect(told(delivered)).toEqual([
      'a1 dropped ROCKETMQ_MESSAGE_ILLEGAL',
      'a2 dropped ROCKETMQ_SEND_FAILED',
      'a3 stored',
    ]);
  });

  test('is reported when a retry can help, when rights are missing, and when nobody foresaw the fault', async () => {
    await using started = await startProducer();
    const { cluster, producer } = started;
    const bodyIs = (text: string) => (request: { body: Uint8Array }) => Buffer.from(request.body).toString() === text;
    const { faults } = cluster.broker();
    faults.add({ kind: 'answer', code: 1, codes: [SEND], when: bodyIs('failing') });
    faults.add({ kind: 'answer', code: 16, remark: 'No permission.', codes: [SEND], when: bodyIs('denied') });
    const broken: DeliveryRecord = {
      ...record('broken'),
      toMessage: () => {
        throw new TypeError('no such field');
      },
    };
    const records = [record('failing'), record('denied'), record('lost', undefined, 'no-such-topic'), broken];
    const options = { producer, deadline: deadlineAfter(5000), record: ignore };
    const delivered = await deliver(records.map(droppable), options);
    expect(delivered.map(({ outcome }) => outcome.status)).toEqual(Array(4).fill('failed'));
  });
});

describe('a record that may be stored already', () => {
  test('is sent when it is not found, and counts as stored where it is', async () => {
    await using started = await startProducer();
    const { cluster, producer } = started;
    const stored = await producer.send({ topic: TOPIC, body: 'found' });
    const delivered = await deliver(
      ['found', 'missing', 'new'].map((id) => record(id)),
      {
        producer,
        deadline: deadlineAfter(5000),
        record: ignore,
        findStored: ({ id }) => (id === 'new' ? undefined : Promise.resolve(id === 'found' ? stored : undefined)),
      },
    );
    expect(told(delivered)).toEqual(['found stored', 'missing stored', 'new stored']);
    expect(delivered[0]?.outcome).toEqual({ status: 'stored', result: stored });
    expect(cluster.broker().requests.count(SEND)).toBe(3);
  });
});

describe('near the deadline', () => {
  test('a send that is under way is over', async () => {
    await using started = await startProducer();
    const { cluster, producer } = started;
    await producer.send({ topic: TOPIC, body: 'connects' });
    cluster.broker().faults.add({ kind: 'no-answer', isStored: false, codes: [SEND] });
    const deadline = deadlineAfter(1000);
    const delivered = await deliver([record('a')], { producer, deadline, record: ignore });
    expect(told(delivered)).toEqual(['a ROCKETMQ_SEND_FAILED']);
    // Without the deadline it would be three attempts of two seconds each.
    expect(cluster.broker().requests.count(SEND)).toBe(2);
  });

  test('no record is begun: all are reported, and none becomes a message', async () => {
    await using started = await startProducer();
    const untouched: DeliveryRecord = {
      ...record('a'),
      toMessage: () => {
        throw new Error('begun');
      },
    };
    const options = { producer: started.producer, deadline: { remainingMs: () => 49 }, record: ignore };
    const delivered = await deliver([untouched, record('b')], options);
    expect(told(delivered)).toEqual(['a ROCKETMQ_DEADLINE', 'b ROCKETMQ_DEADLINE']);
    const outcome = delivered[0]?.outcome;
    expect(outcome?.status === 'failed' && outcome.error).toMatchObject({ retryable: true, outcome: 'notSent' });
    expect(started.cluster.nameServer().requests.count()).toBe(0);
  });

  test('records of a key that are not begun yet are reported, after those that are stored', async () => {
    await using started = await startProducer();
    const { cluster, producer } = started;
    // A deadline that ends when the first record has been stored.
    let remaining = 10_000;
    const delivered = await deliver([record('a1', 'a'), record('a2', 'a'), record('a3', 'a')], {
      producer,
      deadline: { remainingMs: () => remaining },
      record: () => {
        remaining = 0;
      },
    });
    expect(told(delivered)).toEqual(['a1 stored', 'a2 ROCKETMQ_DEADLINE', 'a3 ROCKETMQ_ORDER_BLOCKED']);
    expect(cluster.broker().requests.count(SEND)).toBe(1);
  });

  test('more records than go at once are all reported, in the order of the event', async () => {
    await using started = await startProducer();
    const records = Array.from({ length: 400 }, (_, index) => record(`${index}`));
    const deadline = { remainingMs: () => -1 };
    const delivered = await deliver(records, { producer: started.producer, deadline, record: ignore });
    expect(delivered.every(({ outcome }) => words(outcome) === 'ROCKETMQ_DEADLINE')).toBe(true);
    expect(delivered.map(({ record: { id } }) => id)).toEqual(records.map(({ id }) => id));
  });
});

test('thousands of records that there is no time for share one error, so that reporting them takes none', async () => {
  const records = Array.from({ length: 10_000 }, (_, index) => record(`r-${index}`, `key-${index % 100}`));
  const producer = { send: () => Promise.reject(new Error('nothing may be sent')) };
  const told = new Set<unknown>();
  const tell = (outcome: RecordOutcome) => told.add(outcome);
  const delivered = await deliver(records, { producer, deadline: { remainingMs: () => 49 }, record: tell });
  const codes = delivered.map(({ outcome }) => (outcome.status === 'failed' ? outcome.error.code : outcome.status));
  expect(codes.filter((code) => code === 'ROCKETMQ_DEADLINE')).toHaveLength(100);
  expect(codes.filter((code) => code === 'ROCKETMQ_ORDER_BLOCKED')).toHaveLength(9900);
  // One for the first record of every key, and one for each key that it blocks.
  expect(told.size).toBe(101);
});
