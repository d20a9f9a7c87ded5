import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { ManagedInstance } from '../../../local/lambda/managed-instance.ts';

const taskRoot = fileURLToPath(new URL('functions', import.meta.url));

function start(handler: string): Promise<ManagedInstance> {
  const settings = { functionName: 'managed', memoryMb: 256, region: 'eu-west-1', environment: {} };
  return ManagedInstance.start({ ...settings, taskRoot, handler: `behaviours.${handler}` }, 3);
}

const eventOf = (event: unknown, traceId: string, timeoutMs = 10_000) => ({ event, traceId, timeoutMs });

describe('a managed instance', () => {
  test('runs invocations at once in one process, each with the trace of its own in its context and none in the environment', async () => {
    await using instance = await start('meet');
    let begun = 0;
    const events = ['a', 'b', 'c'].map((trace) => eventOf({ count: 3 }, trace));
    const answers = await instance.invokeAtOnce(events, () => {
      begun++;
    });
    expect(answers).toMatchObject(
      ['a', 'b', 'c'].map((traceId) => ({ status: 'ok', payload: { present: 3, traceId } })),
    );
    for (const answer of answers) expect(answer).not.toHaveProperty('payload.environmentTraceId');
    expect(begun).toBe(1);
  });

  test('fails one of them alone', async () => {
    await using instance = await start('meet');
    const events = [eventOf({ count: 2 }, 'a'), eventOf({ count: 2, fails: true }, 'b')];
    expect(await instance.invokeAtOnce(events)).toMatchObject([
      { status: 'ok' },
      { status: 'error', errorType: 'RangeError' },
    ]);
  });

  test('that does not answer in time is told of', async () => {
    await using instance = await start('meet');
    await expect(instance.invokeAtOnce([eventOf({ count: 2 }, 'a', 1000)])).rejects.toThrow('did not answer');
  });
});
