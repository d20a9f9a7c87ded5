import { expect, test } from 'vitest';
import { OptionsError } from '#rocketmq';
import { mappedTarget } from '../../../functions/mapping/mapped-target.ts';
import { refuseMapping } from '../../../functions/mapping/refuse-mapping.ts';

const invocation = (mapping: string | undefined) => ({ environment: { topic: 'orders', mapping }, traceId: 'Root=1' });

test('without a mapping the target has none', async () => {
  expect(await mappedTarget(invocation(undefined))).toEqual({ topic: 'orders', traceId: 'Root=1' });
});

test('a mapping is read once for all invocations of an environment, those at once included', async () => {
  const one = invocation('{"tag":"body.kind"}');
  const [first, second] = await Promise.all([mappedTarget(one), mappedTarget({ ...one, traceId: undefined })]);
  expect(first).toMatchObject({ topic: 'orders', traceId: 'Root=1', mapping: expect.anything() });
  expect(second?.mapping).toBe(first?.mapping);
  expect(second?.traceId).toBeUndefined();
  expect((await mappedTarget(invocation('{"tag":"body.kind"}'))).mapping).not.toBe(first?.mapping);
});

test('a wrong mapping fails each invocation, with all its faults', async () => {
  const wrong = invocation('{"tag":"body[","topc":"x"}');
  for (let times = 0; times < 2; times++) {
    const failing = mappedTarget(wrong);
    await expect(failing).rejects.toThrow(OptionsError);
    await expect(failing).rejects.toMatchObject({ faults: [expect.any(String), expect.any(String)] });
  }
});

test('functions without a use for a mapping refuse one by name', () => {
  expect(() => refuseMapping({ mapping: '{}' }, 'http')).toThrow('ROCKETMQ_MAPPING: the function http takes none');
  expect(() => refuseMapping({ mapping: undefined }, 'http')).not.toThrow();
});
