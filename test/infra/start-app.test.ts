import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';

const projectRoot = fileURLToPath(new URL('../..', import.meta.url));
const { app }: { app: string } = JSON.parse(readFileSync(join(projectRoot, 'cdk.json'), 'utf8'));
const root = mkdtempSync(join(tmpdir(), 'rocketmq-lambda-start-'));
afterAll(() => rmSync(root, { recursive: true }));

/** What cdk.json says, as a CLI with such a `node` on its path runs it. */
function startApp(nodeOptions: readonly string[], context: object = {}) {
  const [node, ...script] = app.split(' ');
  expect(node).toBe('node');
  const CDK_OUTDIR = mkdtempSync(join(root, 'out-'));
  const CDK_CONTEXT_JSON = JSON.stringify({ 'aws:cdk:bundling-stacks': [], ...context });
  const { status, stderr } = spawnSync(process.execPath, [...nodeOptions, ...script], {
    cwd: projectRoot,
    encoding: 'utf8',
    env: { ...process.env, CDK_OUTDIR, CDK_CONTEXT_JSON },
  });
  return { status, stderr, hasTemplate: existsSync(join(CDK_OUTDIR, 'RocketMqLambda.template.json')) };
}

describe.each([
  { what: 'a Node that runs TypeScript', options: [] },
  { what: 'a Node that does not', options: ['--no-strip-types'] },
])('the CDK app starts with $what', ({ options }) => {
  test('and writes its template', { timeout: 60_000 }, () => {
    expect(startApp(options)).toMatchObject({ status: 0, hasTemplate: true });
  });

  test('and fails with the faults of its context', { timeout: 60_000 }, () => {
    const { status, stderr } = startApp(options, { topic: 'a b' });
    expect(status).toBe(1);
    expect(stderr).toContain('topic: Topic "a b" holds a character');
  });
});
