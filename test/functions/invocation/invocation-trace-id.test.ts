import { afterEach, expect, test, vi } from 'vitest';
import { invocationTraceId } from '../../../functions/invocation/invocation-trace-id.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

test('the trace of an invocation is that of its context, whatever the environment says', () => {
  vi.stubEnv('_X_AMZN_TRACE_ID', 'Root=1-of-the-environment');
  expect(invocationTraceId({ xRayTraceId: 'Root=1-of-the-context' })).toBe('Root=1-of-the-context');
});

test('it is that of the environment where the context has none', () => {
  vi.stubEnv('_X_AMZN_TRACE_ID', 'Root=1-of-the-environment');
  for (const context of [{}, { xRayTraceId: undefined }, { xRayTraceId: '' }, { xRayTraceId: 7 }]) {
    expect(invocationTraceId(context)).toBe('Root=1-of-the-environment');
  }
});

test('it is none where several invocations run at once and the context has none', () => {
  vi.stubEnv('_X_AMZN_TRACE_ID', 'Root=1-of-another-invocation');
  vi.stubEnv('AWS_LAMBDA_MAX_CONCURRENCY', '64');
  expect(invocationTraceId({})).toBeUndefined();
});
