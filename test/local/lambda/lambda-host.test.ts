import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type LambdaHost, type LambdaHostOptions, startLambdaHost } from '../../../local/lambda/lambda-host.ts';
import { processState } from '../../../local/lambda/stopped-process.ts';

const taskRoot = fileURLToPath(new URL('functions', import.meta.url));

function hostOf(handler: string, options: Partial<LambdaHostOptions> = {}): LambdaHost {
  return startLambdaHost({ taskRoot, handler: `behaviours.${handler}`, environment: {}, timeoutMs: 5_000, ...options });
}

describe('an invocation', () => {
  test('returns what the handler returns, cold first and warm from then on in the same process', async () => {
    await using host = hostOf('count');
    expect(host.pid).toBeUndefined();
    const first = await host.invoke({});
    const second = await host.invoke({});
    expect(first).toMatchObject({
      status: 'ok',
      cold: true,
      suppressedInit: false,
      payload: { invocations: 1, pid: host.pid },
    });
    expect(first.initMs).toBeGreaterThan(0);
    expect(second).toMatchObject({ status: 'ok', cold: false, payload: { invocations: 2, pid: host.pid } });
    expect(second).not.toHaveProperty('initMs');
    expect(second.durationMs).toBeGreaterThan(0);
    expect(second.requestId).not.toBe(first.requestId);
  });

  test('carries the event unchanged, and the absence of an answer as null', async () => {
    const event = { text: 'ünïcödé 消息 \u2028', nested: [1, null, { deep: true }], large: 'x'.repeat(300_000) };
    await using echo = hostOf('echo');
    await using nothing = hostOf('returnNothing');
    expect(await echo.invoke(event)).toMatchObject({ status: 'ok', payload: event });
    expect(await nothing.invoke(undefined)).toMatchObject({ status: 'ok', payload: null });
  });

  test('has the context Lambda gives, with the time that remains of its limit', async () => {
    await using host = hostOf('describeContext', { functionName: 'orders', memoryMb: 512, region: 'ap-south-1' });
    const result = await host.invoke({}, { timeoutMs: 4_000 });
    expect(result).toMatchObject({
      status: 'ok',
      payload: {
        requestId: result.requestId,
        functionArn: 'arn:aws:lambda:ap-south-1:000000000000:function:orders',
        functionName: 'orders',
        memoryLimitInMB: '512',
        traceId: expect.stringMatching(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0$/),
      },
    });
    const { remainingMs } = (result as unknown as { payload: { remainingMs: number } }).payload;
    expect(remainingMs).toBeGreaterThan(0);
    expect(remainingMs).toBeLessThanOrEqual(4_000);
  });

  test('waits for the one before it when both were asked for at once', async () => {
    await using host = hostOf('count');
    const results = await Promise.all([host.invoke({}), host.invoke({}), host.invoke({})]);
    expect(results.map((result) => [result.cold, result.status === 'ok' && result.payload])).toEqual([
      [true, { invocations: 1, pid: host.pid }],
      [false, { invocations: 2, pid: host.pid }],
      [false, { invocations: 3, pid: host.pid }],
    ]);
  });

  test('has its own log lines, stdout and stderr, an unfinished last line included', async () => {
    await using host = hostOf('log');
    const first = await host.invoke({ lines: ['one\n', 'two\nthr', 'ee'] });
    const second = await host.invoke({ lines: ['four\n'] });
    expect(first.log.filter((line) => !line.includes('stderr'))).toEqual(['one', 'two', 'three']);
    expect(first.log.filter((line) => line === 'to stderr')).toHaveLength(1);
    expect(second.log.toSorted()).toEqual(['four', 'to stderr']);
  });

  test('says what was left running when the answer was given', async () => {
    await using host = hostOf('leave');
    expect((await host.invoke({ timers: 0 })).leftBehind).toEqual([]);
    expect((await host.invoke({ timers: 2 })).leftBehind).toEqual(['Timeout', 'Timeout']);
    expect((await host.invoke({ timers: 9998 })).leftBehind).toHaveLength(10_000);
  });
});

describe('the environment of the function', () => {
  test('has the variables of Lambda and of the function, and none of this process', async () => {
    process.env.ONLY_IN_THE_PARENT = 'secret';
    await using host = hostOf('showEnvironment', {
      environment: { ROCKETMQ_TOPIC: 'orders', NODE_OPTIONS: '--enable-source-maps' },
    });
    const { payload } = (await host.invoke({})) as unknown as { payload: Record<string, string> };
    expect(payload).toMatchObject({
      ROCKETMQ_TOPIC: 'orders',
      NODE_OPTIONS: '--enable-source-maps',
      AWS_REGION: 'eu-west-1',
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      AWS_LAMBDA_FUNCTION_NAME: 'local',
      LAMBDA_TASK_ROOT: taskRoot,
      TZ: ':UTC',
      cwd: taskRoot,
    });
    expect(payload).not.toHaveProperty('ONLY_IN_THE_PARENT');
    expect(payload).not.toHaveProperty('PATH');
    expect(payload.execArgv).toContain('--max-old-space-size=230');
  });

  test('refuses variables that Lambda reserves, by name', async () => {
    await using host = hostOf('echo', { environment: { AWS_REGION: 'x', TZ: 'Europe/Paris', _HANDLER: 'y' } });
    await expect(host.invoke({})).rejects.toThrow('Lambda sets _HANDLER, AWS_REGION itself');
  });
});

describe('a freeze', () => {
  test('stands between every two invocations', async () => {
    await using host = hostOf('count');
    for (let round = 0; round < 20; round += 1) {
      await host.invoke({});
      expect(host.frozen).toBe(true);
      expect(await processState(host.pid ?? 0)).toBe('T');
    }
  });

  test('does not take place where it is switched off', async () => {
    await using host = hostOf('count', { freeze: false });
    await host.invoke({});
    expect(host.frozen).toBe(false);
    expect(await host.invoke({})).toMatchObject({ status: 'ok', cold: false, payload: { invocations: 2 } });
  });
});

describe('a failing handler', () => {
  test('is reported with type, message and trace, and keeps its environment', async () => {
    await using host = hostOf('fail');
    const failed = await host.invoke({ fail: true });
    expect(failed).toMatchObject({ status: 'error', errorType: 'RangeError', errorMessage: 'refused at invocation 1' });
    expect(failed.status === 'error' && failed.trace[1]).toContain('behaviours.mjs');
    expect(failed.log.join()).toContain('Invoke Error');
    expect(await host.invoke({})).toMatchObject({ status: 'ok', cold: false, payload: 2 });
  });

  test('whose answer is longer than Lambda passes on fails with the name that Lambda gives, and keeps its environment', async () => {
    await using host = hostOf('answerOf');
    // With the quotes around the text.
    expect(await host.invoke({ bytes: 6_291_554 })).toMatchObject({ status: 'ok', cold: true });
    expect(await host.invoke({ bytes: 6_291_555 })).toMatchObject({
      status: 'error',
      errorType: 'Function.ResponseSizeTooLarge',
      errorMessage: 'Response payload size exceeded maximum allowed payload size (6291556 bytes).',
    });
    expect(await host.invoke({ bytes: 1 })).toMatchObject({ status: 'ok', cold: false, payload: 'x' });
  });

  test('is killed at the time limit, and the next invocation starts anew within its own time', async () => {
    await using host = hostOf('hang');
    await host.invoke({}, { timeoutMs: 500 });
    const { pid } = host;
    const result = await host.invoke({}, { timeoutMs: 250 });
    expect(pid).toBeUndefined();
    expect(result).toMatchObject({
      status: 'timeout',
      errorType: 'Sandbox.Timedout',
      errorMessage: `RequestId: ${result.requestId} Error: Task timed out after 0.25 seconds`,
      cold: true,
      suppressedInit: true,
      leftBehind: [],
    });
  });

  test.each([
    ['exit', 3, null, 'Runtime exited with error: exit status 3'],
    ['reject', 1, null, 'Runtime exited with error: exit status 1'],
    ['kill', null, 'SIGKILL', 'Runtime exited with error: signal: SIGKILL'],
  ])(
    'that ends the process (%s) is a crash, and the next invocation starts anew',
    async (how, exitCode, signal, message) => {
      await using host = hostOf('end');
      expect(await host.invoke({})).toMatchObject({ status: 'ok', payload: 1 });
      const crashed = await host.invoke({ how });
      expect(crashed).toMatchObject({
        status: 'crashed',
        errorType: 'Runtime.ExitError',
        cold: false,
        exitCode,
        signal,
      });
      expect(crashed.status === 'crashed' && crashed.errorMessage).toBe(
        `RequestId: ${crashed.requestId} Error: ${message}`,
      );
      if (how === 'reject') expect(crashed.log.join('\n')).toContain('nobody waits for this');
      expect(await host.invoke({})).toMatchObject({ status: 'ok', payload: 1, cold: true, suppressedInit: true });
    },
  );

  test('that waits for what never comes ends with the event loop, which is a crash too', async () => {
    await using host = hostOf('end');
    expect(await host.invoke({ how: 'starve' })).toMatchObject({
      status: 'crashed',
      errorMessage: expect.stringContaining('Runtime exited without providing a reason'),
    });
  });

  test('that ends the process after its answer has answered', async () => {
    await using host = hostOf('endAfterAnswer');
    expect(await host.invoke({})).toMatchObject({ status: 'ok', payload: { invocations: 1 } });
    expect(await host.invoke({})).toMatchObject({ status: 'ok', payload: { invocations: 1 }, cold: true });
  });

  test('finds itself replaced when its process was killed while it was frozen', async () => {
    await using host = hostOf('count');
    await host.invoke({});
    const { pid } = host;
    if (pid === undefined) throw new Error('no process');
    process.kill(pid, 'SIGKILL');
    expect(await host.invoke({})).toMatchObject({ status: 'ok', payload: { invocations: 1 } });
  });
});

describe('a failing init', () => {
  test.each(['throw', 'exit', 'hang'])(
    '(%s) runs the module scope again within the first invocation',
    async (fault) => {
      await using init = await initWith([fault]);
      const result = await init.host.invoke({});
      expect(result).toMatchObject({ status: 'ok', cold: true, suppressedInit: true, payload: { runs: 2 } });
      expect(result).not.toHaveProperty('initMs');
      expect(result.log.filter((line) => /\binit \d$/.test(line)).map((line) => line.slice(-6))).toEqual([
        'init 1',
        'init 2',
      ]);
      expect(await init.host.invoke({})).toMatchObject({ status: 'ok', cold: false, payload: { runs: 2 } });
    },
  );

  test('that fails again is the result of the invocation, and the next one tries anew', async () => {
    await using init = await initWith(['throw', 'throw', 'exit', 'throw']);
    expect(await init.host.invoke({})).toMatchObject({
      status: 'error',
      errorType: 'TypeError',
      errorMessage: 'init 2 failed',
      suppressedInit: true,
    });
    expect(await init.host.invoke({})).toMatchObject({ status: 'crashed', exitCode: 1, suppressedInit: true });
    expect(await init.host.invoke({})).toMatchObject({ status: 'error', errorMessage: 'init 4 failed' });
    expect(await init.host.invoke({})).toMatchObject({ status: 'ok', suppressedInit: true, payload: { runs: 5 } });
  });

  test('that hangs within an invocation ends at its time limit', async () => {
    await using init = await initWith(['throw', 'hang']);
    expect(await init.host.invoke({}, { timeoutMs: 1_000 })).toMatchObject({ status: 'timeout', suppressedInit: true });
    expect(await init.host.invoke({})).toMatchObject({ status: 'ok', payload: { runs: 3 } });
  });

  test('is told by its type when the handler cannot be found or has a callback', async () => {
    await using missing = hostOf('nope');
    await using callback = hostOf('withCallback');
    expect(await missing.invoke({})).toMatchObject({ status: 'error', errorType: 'Runtime.HandlerNotFound' });
    expect(await callback.invoke({})).toMatchObject({
      status: 'error',
      errorType: 'Runtime.CallbackHandlerDeprecated',
    });
  });
});

describe('a host', () => {
  test('kills its process, frozen or at work, when it is stopped, and takes no more events', async () => {
    const host = hostOf('hang');
    const running = host.invoke({});
    await host.stop();
    expect(await running).toMatchObject({ status: 'crashed', signal: 'SIGKILL' });
    expect(host.pid).toBeUndefined();
    await host.stop();
    await expect(host.invoke({})).rejects.toThrow('stopped');
  });

  test('says so when there is nothing to run', () => {
    expect(() => hostOf('echo', { taskRoot: '/no/such/folder' })).toThrow(
      'There is no folder /no/such/folder. Bundle the function',
    );
  });

  test('rejects when the Node binary does not start', async () => {
    await using host = hostOf('echo', { node: '/no/such/node' });
    await expect(host.invoke({})).rejects.toThrow('ENOENT');
  });
});

/** A host whose function's module scope fails in the given ways, one after the other, and then no more. */
async function initWith(faults: readonly string[]): Promise<AsyncDisposable & { readonly host: LambdaHost }> {
  const folder = await mkdtemp(join(tmpdir(), 'unstable-init-'));
  const host = startLambdaHost({
    taskRoot,
    handler: 'unstable-init.handler',
    environment: { INIT_RUNS_FILE: join(folder, 'runs'), INIT_FAULTS: faults.join() },
    timeoutMs: 5_000,
    initLimitMs: faults[0] === 'hang' ? 1_000 : 5_000,
  });
  return {
    host,
    async [Symbol.asyncDispose]() {
      await host.stop();
      await rm(folder, { recursive: true });
    },
  };
}
