import { describe, expect, test } from 'vitest';
import { MessageError, SendFailedError, type SendOutcome, type SendResult } from '#rocketmq';
import { type InvocationFacts, InvocationMetrics } from '../../../functions/invocation/invocation-metrics.ts';
import { BrokerError, RemotingTimeoutError } from '../../../functions/rocketmq/errors.ts';
import { metricLinesOf } from './metric-lines.ts';

const FACTS: InvocationFacts = { isCold: false, connectionsOpened: {}, parameterAgeMs: undefined, dueWorkFailures: 0 };

function stored(result: Partial<SendResult> = {}): SendOutcome {
  return {
    status: 'stored',
    result: {
      status: 'SEND_OK',
      msgId: 'id',
      offsetMsgId: 'offset-id',
      queue: { topic: 'orders', brokerName: 'broker-a', queueId: 0 },
      queueOffset: 0,
      attempts: 1,
      isPossibleDuplicate: false,
      regionId: undefined,
      recallHandle: undefined,
      ...result,
    },
  };
}

function failed(...errors: (BrokerError | RemotingTimeoutError)[]): SendOutcome {
  const place = { brokerName: 'broker-a', addr: 'a:1', queueId: 0, elapsedMs: 5 };
  const attempts = errors.map((error) => ({ ...place, error }));
  const last = errors.at(-1) ?? new RemotingTimeoutError('a:1', 1, 5);
  return { status: 'failed', error: new SendFailedError('orders', 'id', attempts, last) };
}

const busy = new BrokerError('a:1', { code: 2, name: 'SYSTEM_BUSY', remark: undefined, retryable: true });
const silent = new RemotingTimeoutError('a:1', 1, 5);

describe('the metrics of an invocation', () => {
  test('count a record that was stored already, and was not sent, for itself', async () => {
    const metrics = new InvocationMetrics('Orders');
    metrics.record(stored(), 5);
    metrics.record(stored({ attempts: 0 }), 3);
    metrics.record(stored({ attempts: 0 }), 4);
    const [line] = await metricLinesOf(() => metrics.publish(FACTS));
    expect(line).toMatchObject({ MessagesSent: 1, RecordsDeduplicated: 2, Attempts: 1, SendMs: 5 });
  });

  test('are one line of the embedded metric format, with every metric in it', async () => {
    const metrics = new InvocationMetrics('Orders');
    metrics.record(stored(), 5);
    metrics.record(stored({ attempts: 3, isPossibleDuplicate: true }), 900);
    metrics.record(failed(busy, busy, busy), 700);
    metrics.record(failed(busy, silent), 4000);
    metrics.record({ status: 'failed', error: new MessageError('body', 'no') }, 0);
    for (let count = 0; count < 3; count++) metrics.record({ status: 'filtered' }, 0);
    for (let count = 0; count < 2; count++) {
      metrics.record({ status: 'dropped', error: new MessageError('body', 'no') }, 0);
    }
    const connectionsOpened = { first: 2, 'closed by peer': 1 };
    const facts = { isCold: true, connectionsOpened, parameterAgeMs: 61_000, dueWorkFailures: 4 };
    const lines = await metricLinesOf(() => metrics.publish(facts));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      MessagesSent: 2,
      MessagesRefused: 1,
      MessagesUnknown: 1,
      MessagesNotSent: 1,
      RecordsFiltered: 3,
      RecordsDropped: 2,
      PossibleDuplicates: 1,
      Attempts: 9,
      ColdStart: 1,
      SendMs: [5, 900],
      ConnectionsOpened: 3,
      ConnectionsOpenedFirst: 2,
      ConnectionsOpenedClosedByPeer: 1,
      connectionsOpened: '{"first":2,"closed by peer":1}',
      DueWorkFailures: 4,
      NameServerParameterAgeMs: 61_000,
    });
    const [directive] = lines[0]?._aws.CloudWatchMetrics ?? [];
    expect(directive?.Namespace).toBe('Orders');
    expect(Object.fromEntries(directive?.Metrics.map(({ Name, Unit }) => [Name, Unit]) ?? [])).toEqual({
      MessagesSent: 'Count',
      MessagesRefused: 'Count',
      MessagesUnknown: 'Count',
      MessagesNotSent: 'Count',
      RecordsFiltered: 'Count',
      RecordsDropped: 'Count',
      PossibleDuplicates: 'Count',
      Attempts: 'Count',
      ColdStart: 'Count',
      SendMs: 'Milliseconds',
      ConnectionsOpened: 'Count',
      ConnectionsOpenedFirst: 'Count',
      ConnectionsOpenedClosedByPeer: 'Count',
      DueWorkFailures: 'Count',
      NameServerParameterAgeMs: 'Milliseconds',
    });
  });

  test('are written with zeros when nothing was sent, and without what there is no value of', async () => {
    const lines = await metricLinesOf(() => new InvocationMetrics('Orders').publish(FACTS));
    expect(lines).toMatchObject([
      { MessagesSent: 0, MessagesRefused: 0, Attempts: 0, ConnectionsOpened: 0, DueWorkFailures: 0 },
    ]);
    for (const absent of ['SendMs', 'NameServerParameterAgeMs', 'connectionsOpened', 'ConnectionsOpenedFirst']) {
      expect(lines[0]).not.toHaveProperty(absent);
    }
  });

  test.each([1, 99, 100, 101, 1000])(
    'are one line for %d messages, with the extremes of their times',
    async (count) => {
      const metrics = new InvocationMetrics('Orders');
      // Each time from 1 to the count once, in no order.
      for (let index = 0; index < count; index++) metrics.record(stored(), ((index * 7919 + 7) % count) + 1);
      const lines = await metricLinesOf(() => metrics.publish(FACTS));
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatchObject({ MessagesSent: count, Attempts: count });
      const times = [lines[0]?.SendMs].flat() as number[];
      expect(times).toHaveLength(Math.min(count, 99));
      expect([Math.min(...times), Math.max(...times)]).toEqual([1, count]);
    },
  );

  test('of invocations that run at once do not mix', async () => {
    const [one, other] = [new InvocationMetrics('Orders'), new InvocationMetrics('Orders')];
    one.record(stored(), 1);
    other.record(failed(busy), 2);
    one.record(stored(), 3);
    const lines = await metricLinesOf(() => {
      other.publish({ ...FACTS, connectionsOpened: { first: 1 } });
      one.publish(FACTS);
    });
    expect(lines).toMatchObject([
      { MessagesSent: 0, MessagesRefused: 1, ConnectionsOpened: 1 },
      { MessagesSent: 2, MessagesRefused: 0, ConnectionsOpened: 0 },
    ]);
    expect(lines[1]).not.toHaveProperty('connectionsOpened');
  });
});
