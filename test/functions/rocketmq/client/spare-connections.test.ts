import { describe, expect, test } from 'vitest';
import { BrokerPreference } from '../../../../functions/rocketmq/client/broker-preference.ts';
import { InFlightWindows } from '../../../../functions/rocketmq/client/in-flight-windows.ts';
import { SpareConnections } from '../../../../functions/rocketmq/client/spare-connections.ts';
import { publishInfo } from '../producer/publish-info.ts';

const INFO = publishInfo({ a: 1, b: 1, c: 1 });
const ADDRS = [...INFO.masterAddrs.values()];

/** Spare connections of a sandbox that uses so many brokers, looked for every 30 s. */
function lookout(brokersPerSandbox: number) {
  const clock = { at: 0, now: () => clock.at };
  const windows = new InFlightWindows();
  const preference = new BrokerPreference({ brokersPerSandbox }, { name: undefined });
  const spare = new SpareConnections(preference, windows, { clock, idleLimitMs: 100_000 });
  const [own = []] = preference.tiers(INFO);
  const ownAddrs = own.flatMap(({ brokerName }) => INFO.masterAddrs.get(brokerName) ?? []);
  const look = (connected: readonly string[] = ADDRS) => {
    clock.at += 30_000;
    return spare.find(connected, [INFO]);
  };
  return { look, windows, others: ADDRS.filter((addr) => !ownAddrs.includes(addr)) };
}

describe('a connection to a broker that is not preferred', () => {
  test('is spare when no send went to it for longer than the idle limit', () => {
    const { look, others } = lookout(1);
    const found = Array.from({ length: 5 }, () => look());
    expect(found).toEqual([[], [], [], [], others]);
  });

  test('is not spare while messages are sent on it, with or without an answer', () => {
    const { look, windows, others } = lookout(2);
    const [addr = ''] = others;
    for (let round = 0; round < 10; round++) {
      if (round % 2 === 0) windows.of(addr).tryEnter();
      else windows.of(addr).countOneway();
      expect(look()).toEqual([]);
    }
  });

  test('is not spare for having been unused before it was closed and opened again', () => {
    const { look } = lookout(1);
    for (let round = 0; round < 4; round++) look();
    expect(look([])).toEqual([]);
    expect(look()).toEqual([]);
  });
});

test('without a preference no connection is spare', () => {
  const { look } = lookout(0);
  for (let round = 0; round < 10; round++) expect(look()).toEqual([]);
});
