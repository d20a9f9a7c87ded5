import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { AdminClient } from '../../local/admin-client.ts';
import { reservePorts } from '../../local/free-ports.ts';

const script = fileURLToPath(new URL('../../local/cluster.ts', import.meta.url));

function startCluster(args: readonly string[]): ChildProcess & AsyncDisposable {
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const gone = once(child, 'exit');
  return Object.assign(child, {
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await gone;
    },
  });
}

test.each(['SIGINT', 'SIGTERM'] as const)('runs until %s, and prints one line when it is ready', async (signal) => {
  await using child = startCluster(['--json', '--topic', 'A:2', '--topic', 'B']);
  if (child.stdout === null) throw new Error('no output');
  const lines = createInterface({ input: child.stdout });
  const [line] = (await once(lines, 'line')) as [string];
  const more: string[] = [];
  lines.on('line', (next: string) => more.push(next));
  const addrs = JSON.parse(line) as { nameServerAddr: string; brokerAddr: string };
  expect(Object.keys(addrs)).toEqual(['nameServerAddr', 'brokerAddr']);
  await using admin = new AdminClient({ nameServerAddrs: [addrs.nameServerAddr] });
  expect((await admin.route('A'))?.queueDatas).toMatchObject([{ writeQueueNums: 2 }]);
  expect(await admin.route('B')).toMatchObject({
    queueDatas: [{ writeQueueNums: 4 }],
    brokerDatas: [{ brokerAddrs: { 0: addrs.brokerAddr } }],
  });
  const ended = once(child, 'exit');
  // With the admin client's connections still open.
  child.kill(signal);
  expect(await ended).toEqual([0, null]);
  expect(more).toEqual([]);
});

test('says to people where it is and what it has', async () => {
  await using child = startCluster(['--topic', 'A']);
  if (child.stdout === null) throw new Error('no output');
  const output = text(child.stdout);
  await once(child.stdout, 'readable');
  child.kill('SIGTERM');
  expect(await output).toMatch(/name server {2}127\.0\.0\.1:\d+\n.*broker +127\.0\.0\.1:\d+.*\n.*A \(4 queues\)/);
});

test('bad arguments end it at once, with the reasons and the usage', async () => {
  await using child = startCluster(['--broker-port', 'x']);
  if (child.stderr === null) throw new Error('no output');
  const [errors, [exitCode]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  expect(exitCode).toBe(2);
  expect(errors).toMatch(/--broker-port must be a port[\s\S]*Usage: npm run cluster/);
});

test('a port that is taken ends it, with the port', async () => {
  const other = createServer();
  await once(other.listen(0, '127.0.0.1'), 'listening');
  const address = other.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  try {
    await using child = startCluster(['--name-server-port', String(port)]);
    if (child.stderr === null) throw new Error('no output');
    const [errors, [exitCode]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    expect(exitCode).toBe(1);
    expect(errors).toContain(`Port ${port} is taken`);
  } finally {
    other.close();
  }
});

test('runs on when nobody reads what it says', async () => {
  await using ports = await reservePorts();
  await using child = startCluster(['--name-server-port', String(ports.base), '--topic', 'A']);
  child.stdout?.destroy();
  await using admin = new AdminClient({ nameServerAddrs: [`127.0.0.1:${ports.base}`] });
  await expect.poll(() => admin.route('A').catch(() => undefined), { timeout: 10_000 }).toBeDefined();
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});
