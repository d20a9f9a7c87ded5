import { describe, expect, test } from 'vitest';
import { deadlineAfter } from '../../../../functions/rocketmq/deadline.ts';
import { DeadlineError } from '../../../../functions/rocketmq/errors.ts';
import { KeyOrder } from '../../../../functions/rocketmq/producer/key-order.ts';

/** Sends that end when they are told to, and a list of those that were begun. */
function steps() {
  const begun: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<string>>();
  const step = (name: string) => () => {
    begun.push(name);
    const end = Promise.withResolvers<string>();
    ends.set(name, end);
    return end.promise;
  };
  return { begun, step, end: (name: string) => ends.get(name) };
}

describe('sends of one sharding key', () => {
  test('begin one after the other, the first of them at once', async () => {
    const order = new KeyOrder();
    const { begun, step, end } = steps();
    const first = order.run('orders', 'anna', step('1'));
    const second = order.run('orders', 'anna', step('2'));
    expect(begun).toEqual(['1']);
    end('1')?.resolve('stored');
    expect(await first).toBe('stored');
    await new Promise(setImmediate);
    expect(begun).toEqual(['1', '2']);
    end('2')?.resolve('stored too');
    expect(await second).toBe('stored too');
  });

  test('begin also after one that failed, which fails alone', async () => {
    const order = new KeyOrder();
    const { step, end } = steps();
    const first = order.run('orders', 'anna', step('1'));
    const second = order.run('orders', 'anna', step('2'));
    end('1')?.reject(new Error('refused'));
    await expect(first).rejects.toThrow('refused');
    await new Promise(setImmediate);
    end('2')?.resolve('stored');
    expect(await second).toBe('stored');
  });

  test('do not wait for another key, nor for the same key of another topic', async () => {
    const order = new KeyOrder();
    const { begun, step } = steps();
    void order.run('orders', 'anna', step('orders anna'));
    void order.run('orders', 'bert', step('orders bert'));
    void order.run('stock', 'anna', step('stock anna'));
    expect(begun).toEqual(['orders anna', 'orders bert', 'stock anna']);
  });

  test('begin at once when all before them have ended', async () => {
    const order = new KeyOrder();
    const { begun, step, end } = steps();
    const first = order.run('orders', 'anna', step('1'));
    end('1')?.resolve('stored');
    await first;
    await new Promise(setImmediate);
    void order.run('orders', 'anna', step('2'));
    expect(begun).toEqual(['1', '2']);
  });

  test('wait for one who has entered and not left, whatever he does meanwhile', async () => {
    const order = new KeyOrder();
    const { begun, step, end } = steps();
    void order.run('orders', 'anna', step('1'));
    const turn = order.enter('orders', 'anna');
    void order.run('orders', 'anna', step('3'));
    let hasCome = false;
    void turn.before?.then(() => {
      hasCome = true;
    });
    await new Promise(setImmediate);
    expect({ hasCome, begun }).toEqual({ hasCome: false, begun: ['1'] });
    end('1')?.resolve('stored');
    await new Promise(setImmediate);
    expect({ hasCome, begun }).toEqual({ hasCome: true, begun: ['1'] });
    turn.leave();
    await new Promise(setImmediate);
    expect(begun).toEqual(['1', '3']);
  });

  test('have nobody to wait for where all have left', async () => {
    const order = new KeyOrder();
    const turn = order.enter('orders', 'anna');
    expect(turn.before).toBeUndefined();
    turn.leave();
    await new Promise(setImmediate);
    expect(order.enter('orders', 'anna').before).toBeUndefined();
  });

  test('wait no longer than their own deadline: then they are not begun, and the next one waits for those before', async () => {
    const order = new KeyOrder();
    const { begun, step, end } = steps();
    const first = order.run('orders', 'anna', step('1'), deadlineAfter(60_000));
    const late = order.run('orders', 'anna', step('2'), deadlineAfter(1));
    const third = order.run('orders', 'anna', step('3'), deadlineAfter(60_000));
    await expect(late).rejects.toThrow(DeadlineError);
    await new Promise(setImmediate);
    expect(begun).toEqual(['1']);
    end('1')?.resolve('stored');
    expect(await first).toBe('stored');
    await new Promise(setImmediate);
    expect(begun).toEqual(['1', '3']);
    end('3')?.resolve('stored too');
    expect(await third).toBe('stored too');
  });
});
