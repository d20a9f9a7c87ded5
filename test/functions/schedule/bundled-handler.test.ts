import { afterAll, expect, test } from 'vitest';
import { bundledFunction, expectOwnCodeOnly, sample, sampleNames } from '../bundled-function.ts';

const bundled = bundledFunction('schedule');
afterAll(() => bundled[Symbol.dispose]());

test('every sample event has a test here', () => {
  expect(sampleNames('schedule')).toEqual(['any-input', 'plain']);
});

test('the bundle holds no code of another source', () => {
  const { report } = bundled;
  expectOwnCodeOnly('schedule', report);
});

test.each(['plain', 'any-input'])('%s.json is answered with the due work, and nothing is sent', async (name) => {
  await using started = await bundled.start();
  for (let invocations = 0; invocations < 2; invocations++) {
    const result = await started.host.invoke(sample('schedule', name));
    expect(result).toMatchObject({
      status: 'ok',
      payload: { dueWork: expect.arrayContaining([expect.objectContaining({ name: 'fetchNameServerAddr' })]) },
    });
    expect(result.leftBehind).not.toContain('Timeout');
  }
  expect(await started.readBack()).toEqual([]);
});

test('name servers that cannot be found fail the invocation, with a name', async () => {
  await using started = await bundled.start({
    ROCKETMQ_NAME_SERVERS: '',
    ROCKETMQ_NAME_SERVER_PARAMETER: '/rocketmq/name-servers',
    AWS_ENDPOINT_URL_SSM: 'http://127.0.0.1:1',
  });
  expect(await started.host.invoke(sample('schedule', 'plain'))).toMatchObject({
    status: 'error',
    errorType: expect.stringMatching(/^ROCKETMQ_/),
  });
});
