import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { startBlackHole } from './black-hole.ts';
import { deadAddr, saySilence, startFrameServer } from './frame-server.ts';

const run = promisify(execFile);

test('no timer is left after any request, and an idle open connection does not keep the process awake', async () => {
  await using answering = await startFrameServer();
  await using silent = await startFrameServer(saySilence);
  await using hole = await startBlackHole();
  const script = fileURLToPath(new URL('./idle-process.ts', import.meta.url));
  // Resolves only when the process has ended by itself.
  const { stdout } = await run(process.execPath, [script, answering.addr, silent.addr, hole.addr, await deadAddr()]);
  const { active, pendingCount, connected } = JSON.parse(stdout);
  expect(active).toEqual({
    answered: [],
    'connect limit': [],
    'own limit, then given up': [],
    refused: [],
    'timed out': [],
    'answered again': [],
  });
  expect(pendingCount).toBe(0);
  expect(connected).toEqual([answering.addr]);
});
