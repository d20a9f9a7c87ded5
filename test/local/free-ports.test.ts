import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { reservePorts } from '../../local/free-ports.ts';

test('never gives the same block to two who ask at once, below the ephemeral range', async () => {
  await using stack = new AsyncDisposableStack();
  const blocks = await Promise.all(Array.from({ length: 30 }, reservePorts));
  for (const block of blocks) stack.use(block);
  const bases = blocks.map(({ base }) => base);
  expect(new Set(bases).size).toBe(30);
  for (const base of bases) expect(base % 10 === 0 && base >= 20_000 && base < 29_000).toBe(true);
});

test('leaves nine ports to listen on, guards the tenth, and frees it on release', async () => {
  const { base, release } = await reservePorts();
  const servers = Array.from({ length: 9 }, () => createServer());
  await Promise.all(servers.map((server, index) => once(server.listen(base + index, '127.0.0.1'), 'listening')));
  for (const server of servers) server.close();
  const tenth = createServer();
  await expect(once(tenth.listen(base + 9, '127.0.0.1'), 'listening')).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await release();
  await release();
  await once(tenth.listen(base + 9, '127.0.0.1'), 'listening');
  tenth.close();
});
