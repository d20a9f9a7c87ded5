import { fileURLToPath } from 'node:url';
import { beforeEach, expect, test } from 'vitest';
import { JavaServer, JavaServerStartError } from '../../../local/real/java-server.ts';
import { needsRealRocketMQ } from './needs-real-rocketmq.ts';

const SCRIPTED = fileURLToPath(new URL('Scripted.java', import.meta.url));

beforeEach(needsRealRocketMQ);

function scripted(...lines: string[]): JavaServer {
  return new JavaServer({ name: 'scripted', args: [SCRIPTED, ...lines], env: {}, readyText: 'boot success' });
}

test('starts when the server says it is ready, and again after it was killed', async () => {
  const server = scripted('boot success');
  await server.start();
  const first = server.pid;
  await expect(server.start()).rejects.toThrow(`scripted runs already (process ${first}): kill it first`);
  await server.signal('SIGKILL');
  expect(server.pid).toBeUndefined();
  await server.start();
  expect(server.pid).not.toBe(first);
  await server.signal('SIGTERM');
  expect(server.pid).toBeUndefined();
});

test('says how a server ended that did not come up, and what it said last', async () => {
  const failed = scripted('reading the configuration', 'no such store', 'exit:7').start();
  await expect(failed).rejects.toThrow(
    'scripted ended with exit code 7 before "boot success"; its last lines:\nreading the configuration\nno such store',
  );
});

test('tells a port that is taken from other failures, also when a long stack trace follows', async () => {
  const isPortTaken = async (...lines: string[]) => {
    const error = await scripted(...lines, 'exit:1')
      .start()
      .catch((reason: unknown) => reason);
    return error instanceof JavaServerStartError && error.isPortTaken;
  };
  const trace = Array.from({ length: 100 }, (_, index) => `  at line ${index}`);
  expect(await isPortTaken('java.net.BindException: Address already in use', ...trace)).toBe(true);
  expect(await isPortTaken('java.lang.OutOfMemoryError', ...trace)).toBe(false);
});

test('freezes and thaws a server by signals without waiting for its end', async () => {
  const server = scripted('boot success');
  await server.start();
  await server.signal('SIGSTOP');
  expect(server.pid).toBeDefined();
  await server.signal('SIGCONT');
  await server.signal('SIGKILL');
  expect(server.pid).toBeUndefined();
});
