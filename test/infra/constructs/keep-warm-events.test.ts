import { expect, test } from 'vitest';
import { functionSources } from '../../../infra/bundling.ts';
import { keepWarmEvents, synchronousSources } from '../../../infra/constructs/keep-warm-events.ts';
import { bundledFunction } from '../../functions/bundled-function.ts';

test('every function whose events can be without records has such an event', () => {
  const without = functionSources().filter((source) => keepWarmEvents[source] === undefined);
  // An order needs an order, and the checker is awake by its own schedule.
  expect(without.filter((source) => !['place-order', 'transaction-check'].includes(source))).toEqual([]);
});

test('functions whose only asynchronous event it is are those of sources that wait, or read', () => {
  const others = Object.keys(keepWarmEvents).filter((source) => !synchronousSources.has(source));
  // Their own events are asynchronous, or may be; a schedule settles for itself what becomes of its event.
  expect(others).toEqual(['direct', 'eventbridge', 's3', 'schedule', 'sns']);
  expect([...synchronousSources].filter((source) => keepWarmEvents[source] === undefined)).toEqual([]);
});

test.each(Object.entries(keepWarmEvents))('%s takes its event well, and sends nothing', async (source, event) => {
  using bundled = bundledFunction(source);
  await using started = await bundled.start();
  for (let invocations = 0; invocations < 2; invocations++) {
    const result = await started.host.invoke(event);
    expect(result).toMatchObject({ status: 'ok' });
    expect(result.leftBehind).not.toContain('Timeout');
  }
  expect(await started.readBack()).toEqual([]);
});
