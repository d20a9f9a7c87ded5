import { describe, expect, test } from 'vitest';
import { FaultStrategy } from '../../../../functions/rocketmq/producer/fault-strategy.ts';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import { startProducer, TOPIC, TWO_BROKERS } from './start-producer.ts';

/** A clock that stands still until it is moved. */
class HandClock {
  at = Date.UTC(2026, 10, 24);
  now(): number {
    return this.at;
  }
}

describe('a broker that answered', () => {
  // Java: MQFaultStrategy, latencyMax and notAvailableDuration of 5.2 and later.
  test.each([
    [0, 0],
    [99.9, 0],
    [100, 0],
    [549.9, 0],
    [550, 2000],
    [1799, 2000],
    [1800, 5000],
    [3000, 6000],
    [5000, 10_000],
    [15_000, 30_000],
    [600_000, 30_000],
  ])('after %d ms rests for %d ms', (latencyMs, restMs) => {
    const clock = new HandClock();
    const faults = new FaultStrategy(clock);
    faults.answered('broker-a', latencyMs);
    expect(faults.isAvailable('broker-a')).toBe(restMs === 0);
    clock.at += Math.max(0, restMs - 1);
    expect(faults.isAvailable('broker-a')).toBe(restMs === 0);
    clock.at += 1;
    expect(faults.isAvailable('broker-a')).toBe(true);
  });

  test('quickly ends its rest', () => {
    const faults = new FaultStrategy(new HandClock());
    faults.failed('broker-a');
    faults.answered('broker-a', 3);
    expect(faults.isAvailable('broker-a')).toBe(true);
  });
});

describe('a broker that failed', () => {
  test('rests for 10 s, as if it had answered after 10 s', () => {
    const clock = new HandClock();
    const faults = new FaultStrategy(clock);
    faults.failed('broker-a');
    clock.at += 9999;
    expect(faults.isAvailable('broker-a')).toBe(false);
    clock.at += 1;
    expect(faults.isAvailable('broker-a')).toBe(true);
  });

  test('is told apart from one that was slow, until it has rested', () => {
    const clock = new HandClock();
    const faults = new FaultStrategy(clock);
    faults.failed('broker-a');
    faults.answered('broker-b', 1000);
    expect(['broker-a', 'broker-b', 'broker-c'].map((name) => faults.hasFailed(name))).toEqual([true, false, false]);
    clock.at += 10_000;
    expect(faults.hasFailed('broker-a')).toBe(false);
  });

  test('leaves the others alone', () => {
    const faults = new FaultStrategy(new HandClock());
    faults.failed('broker-a');
    expect(faults.isAvailable('broker-b')).toBe(true);
  });

  test('is available again after a clock went back by more than the longest rest', () => {
    const clock = new HandClock();
    const faults = new FaultStrategy(clock);
    faults.failed('broker-a');
    clock.at -= 3_600_000;
    expect(faults.isAvailable('broker-a')).toBe(true);
  });

  test('has rested when the sandbox was frozen for long enough', () => {
    const clock = new HandClock();
    const faults = new FaultStrategy(clock);
    faults.failed('broker-a');
    clock.at += 900_000;
    expect(faults.isAvailable('broker-a')).toBe(true);
  });
});

test('a broker that failed rests no longer once it answered, for want of another', async () => {
  const clock = new HandClock();
  await using started = await startProducer({ cluster: TWO_BROKERS, client: { clock } });
  const { cluster, producer } = started;
  const [a, b] = [cluster.broker('broker-a'), cluster.broker('broker-b')];
  const message = { topic: TOPIC, body: 'x' };
  const failOnce = async (broker: typeof a) => {
    const fault = broker.faults.add({ kind: 'answer', code: 14, times: 1, codes: [RequestCode.SEND_MESSAGE_V2] });
    while (fault.strikes === 0) await producer.send(message);
  };
  await failOnce(a);
  // While it rests, the other one fails too: a answers in its place.
  await failOnce(b);
  const stored = b.messages(TOPIC).length;
  for (let sends = 0; sends < 8; sends++) await producer.send(message);
  expect(b.messages(TOPIC)).toHaveLength(stored);
});
