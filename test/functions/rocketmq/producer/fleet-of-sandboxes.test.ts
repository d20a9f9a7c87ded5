import { describe, expect, test } from 'vitest';
import { BrokerPreference } from '../../../../functions/rocketmq/client/broker-preference.ts';
import type { TopicPublishInfo } from '../../../../functions/rocketmq/client/topic-publish-info.ts';
import { FaultStrategy } from '../../../../functions/rocketmq/producer/fault-strategy.ts';
import { QueueSelection } from '../../../../functions/rocketmq/producer/queue-selection.ts';
import { publishInfo } from './publish-info.ts';

const SANDBOXES = 1000;
const FLEETS = 20;
const SENDS_EACH = 64;
const BROKERS = Array.from({ length: 20 }, (_, index) => `broker-${index}`);
const INFO = infoOf(BROKERS);
const ATTEMPTS = 3;

function infoOf(brokerNames: readonly string[]): TopicPublishInfo {
  return publishInfo(Object.fromEntries(brokerNames.map((name) => [name, 8])));
}

/** What chooses in one sandbox, as its producer has it; the sockets are left out. */
class Sandbox {
  readonly connectedTo = new Set<string>();
  readonly #faults = new FaultStrategy({ now: () => 0 });
  readonly #selection: QueueSelection;

  constructor(seed: number) {
    const preference = new BrokerPreference({ brokersPerSandbox: 2 }, { name: undefined }, seed);
    this.#selection = new QueueSelection(this.#faults, preference);
  }

  /** Attempts until a broker that lives takes it. @returns that broker, undefined when every attempt was in vain. */
  send(info: TopicPublishInfo, dead: ReadonlySet<string>): string | undefined {
    let avoid: string | undefined;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const brokerName = this.#selection.next(info, avoid)?.brokerName ?? 'none';
      if (!dead.has(brokerName)) {
        this.connectedTo.add(brokerName);
        this.#faults.answered(brokerName, 1);
        return brokerName;
      }
      this.connectedTo.delete(brokerName);
      this.#faults.failed(brokerName);
      avoid = brokerName;
    }
    return undefined;
  }
}

/** Sandboxes that drew 32 bits each; the same ones in every run of the test. */
function fleet(number: number): Sandbox[] {
  return Array.from(
    { length: SANDBOXES },
    (_, index) => new Sandbox(Math.imul(number * SANDBOXES + index + 1, 0x9e3779b1) >>> 0),
  );
}

/** Every sandbox sends; the messages that each broker took. */
function sendAll(
  sandboxes: readonly Sandbox[],
  info = INFO,
  dead: ReadonlySet<string> = new Set(),
): Map<string, number> {
  const load = new Map<string, number>();
  for (const sandbox of sandboxes) {
    for (let count = 0; count < SENDS_EACH; count++) {
      const brokerName = sandbox.send(info, dead) ?? 'lost';
      load.set(brokerName, (load.get(brokerName) ?? 0) + 1);
    }
  }
  return load;
}

function connections(sandboxes: readonly Sandbox[], brokerName: string): number {
  return sandboxes.filter(({ connectedTo }) => connectedTo.has(brokerName)).length;
}

/** Largest distance from what each would have if all had the same, as a share of that. */
function spread(values: readonly number[], even: number): number {
  return Math.max(...values.map((value) => Math.abs(value - even) / even));
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('1,000 sandboxes with two of 20 brokers each', () => {
  const fleets = Array.from({ length: FLEETS }, (_, number) => {
    const sandboxes = fleet(number);
    const load = sendAll(sandboxes);
    return {
      connections: BROKERS.map((name) => connections(sandboxes, name)),
      load: BROKERS.map((name) => load.get(name) ?? 0),
    };
  });
  const even = { connections: (SANDBOXES * 2) / BROKERS.length, load: (SANDBOXES * SENDS_EACH) / BROKERS.length };

  test.each(['connections', 'load'] as const)(
    'spread their %s over the brokers: 20 fleets on average within a tenth of even',
    (what) => {
      const means = BROKERS.map((_, index) => mean(fleets.map((one) => one[what][index] ?? 0)));
      expect(mean(means)).toBeCloseTo(even[what], 6);
      expect(spread(means, even[what])).toBeLessThan(0.1);
    },
  );

  test.each(['connections', 'load'] as const)(
    'spread their %s as chance has it in one fleet: nearly all brokers within a fifth of even',
    (what) => {
      const deviations = fleets.flatMap((one) => one[what].map((value) => value / even[what] - 1));
      const deviation = Math.sqrt(mean(deviations.map((value) => value ** 2)));
      // Sandboxes that know nothing of each other draw a broker 100 times of 1,000, give or take 9.5.
      expect(deviation).toBeGreaterThan(0.08);
      expect(deviation).toBeLessThan(0.11);
      const within = deviations.filter((value) => Math.abs(value) <= 0.2).length / deviations.length;
      expect(within).toBeGreaterThan(0.95);
    },
  );
});

describe('when two brokers die', () => {
  const dead = new Set(['broker-3', 'broker-17']);
  const alive = BROKERS.filter((name) => !dead.has(name));

  test('every send succeeds, and no sandbox connects to more brokers than it may', () => {
    const sandboxes = fleet(0);
    sendAll(sandboxes);
    const load = sendAll(sandboxes, INFO, dead);
    expect(load.get('lost')).toBeUndefined();
    expect([...load.keys()].toSorted()).toEqual(alive.toSorted());
    for (const { connectedTo } of sandboxes) expect(connectedTo.size).toBeLessThanOrEqual(2);
    expect(spread([...load.values()], (SANDBOXES * SENDS_EACH) / alive.length)).toBeLessThan(0.35);
  });

  test('and left the route, each sandbox has two again, and only those that had one of them changed', () => {
    const sandboxes = fleet(0);
    sendAll(sandboxes);
    const before = sandboxes.map(({ connectedTo }) => new Set(connectedTo));
    sendAll(sandboxes, INFO, dead);
    sendAll(sandboxes, infoOf(alive), dead);
    for (const [index, { connectedTo }] of sandboxes.entries()) {
      const kept = [...(before[index] ?? [])].filter((name) => !dead.has(name));
      expect(kept.filter((name) => !connectedTo.has(name))).toEqual([]);
    }
    const counts = alive.map((name) => connections(sandboxes, name));
    expect(mean(counts)).toBeCloseTo((SANDBOXES * 2) / alive.length, 0);
  });
});
