import { describe, expect, test } from 'vitest';
import { FaultStrategy } from '../../../../functions/rocketmq/producer/fault-strategy.ts';
import { QueueSelection } from '../../../../functions/rocketmq/producer/queue-selection.ts';
import { publishInfo } from './publish-info.ts';

function selection(): { queues: QueueSelection; faults: FaultStrategy } {
  const faults = new FaultStrategy({ now: () => 0 });
  return { queues: new QueueSelection(faults), faults };
}

describe('taking turns', () => {
  test('visits every queue once before one comes again, from a random start', () => {
    const { queues } = selection();
    const info = publishInfo({ 'broker-a': 3, 'broker-b': 2 });
    const visited = Array.from({ length: 10 }, () => queues.next(info, undefined));
    expect(new Set(visited.slice(0, 5))).toEqual(new Set(info.queues));
    expect(visited.slice(5)).toEqual(visited.slice(0, 5));
  });

  test('goes on where each topic was', () => {
    const { queues } = selection();
    const orders = publishInfo({ 'broker-a': 2 });
    const stock = publishInfo({ 'broker-a': 2 }, 'stock');
    const first = queues.next(orders, undefined);
    queues.next(stock, undefined);
    expect(queues.next(orders, undefined)).not.toEqual(first);
  });

  test('stays within the queues when there are fewer of them than before', () => {
    const { queues } = selection();
    const many = publishInfo({ 'broker-a': 16 });
    for (let sends = 0; sends < 20; sends++) queues.next(many, undefined);
    const few = publishInfo({ 'broker-a': 2 });
    const visited = Array.from({ length: 4 }, () => queues.next(few, undefined)?.queueId);
    expect(visited.toSorted()).toEqual([0, 0, 1, 1]);
  });

  test('leaves out a broker that rests', () => {
    const { queues, faults } = selection();
    faults.failed('broker-a');
    const info = publishInfo({ 'broker-a': 8, 'broker-b': 1 });
    const visited = Array.from({ length: 5 }, () => queues.next(info, undefined)?.brokerName);
    expect(new Set(visited)).toEqual(new Set(['broker-b']));
  });

  test('leaves out the broker to avoid, even when the others rest', () => {
    const { queues, faults } = selection();
    faults.failed('broker-b');
    expect(queues.next(publishInfo({ 'broker-a': 8, 'broker-b': 1 }), 'broker-a')?.brokerName).toBe('broker-b');
  });

  test('takes a resting broker, and the one to avoid, when there is no other', () => {
    const { queues, faults } = selection();
    faults.failed('broker-a');
    const info = publishInfo({ 'broker-a': 2 });
    const visited = Array.from({ length: 4 }, () => queues.next(info, 'broker-a')?.queueId);
    expect(visited.toSorted()).toEqual([0, 0, 1, 1]);
  });

  test('gives none for a topic without queues', () => {
    expect(selection().queues.next(publishInfo({}), undefined)).toBeUndefined();
  });
});
