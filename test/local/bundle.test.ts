import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const BUNDLE = fileURLToPath(new URL('../../local/bundle.ts', import.meta.url));

/** `npm run bundle -- …` as npm runs it. */
const bundle = (...args: string[]) => spawnSync(process.execPath, [BUNDLE, ...args], { encoding: 'utf8' });

test('npm run bundle -- --help says how it is used, and which functions there are', () => {
  const { status, stdout, stderr } = bundle('--help');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/^usage: npm run bundle -- \[SOURCE …\]\n[\s\S]*kinesis, .*sqs/);
});

test('an option that does not exist is refused with the usage', () => {
  const { status, stdout, stderr } = bundle('--al');
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toContain("Unknown option '--al'");
  expect(stderr).toContain('usage: npm run bundle');
});

test('a function that does not exist is refused', () => {
  const { status, stderr } = bundle('carrier-pigeon');
  expect(status).toBe(1);
  expect(stderr).toContain('There is no function "carrier-pigeon"');
});
