import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { synthOffline } from './offline-cdk.ts';

const projectRoot = fileURLToPath(new URL('../..', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'rocketmq-lambda-synth-'));
afterAll(() => rmSync(root, { recursive: true }));

const synth = (...args: string[]) => synthOffline(projectRoot, root, ...args);

describe('cdk synth, without account and network', () => {
  test('makes the template and the bundled function', { timeout: 120_000 }, () => {
    const { status, output, assembly } = synth();
    expect(output).toContain('rocketmq-lambda:placeholder-name-server');
    expect(status, output).toBe(0);
    const template = JSON.parse(readFileSync(join(assembly, 'RocketMqLambda.template.json'), 'utf8'));
    const [fn] = Object.values<{ Type: string; Metadata: Record<string, string> }>(template.Resources).filter(
      ({ Type }) => Type === 'AWS::Lambda::Function',
    );
    const asset = join(assembly, fn?.Metadata['aws:asset:path'] ?? 'missing');
    expect(readdirSync(asset)).toEqual(expect.arrayContaining(['index.mjs', 'index.mjs.map']));
    expect(existsSync(join(asset, 'node_modules'))).toBe(false);
  });

  test('takes context from the command line, and names the stack as it says', { timeout: 120_000 }, () => {
    const { status, output, assembly } = synth('-c', 'stackName=Orders', '-c', 'nameServers=10.0.1.5:9876', '--strict');
    expect(status, output).toBe(0);
    expect(existsSync(join(assembly, 'Orders.template.json'))).toBe(true);
  });

  test('tells every fault of the context in one go, and fails', { timeout: 120_000 }, () => {
    const { status, output } = synth('-c', 'batchSize=ten', '-c', 'topic=a b');
    expect(status).not.toBe(0);
    expect(output).toContain('batchSize: must be a whole number');
    expect(output).toContain('topic: Topic "a b" holds a character');
    expect(output).not.toContain('at buildApp');
  });

  test('fails when the visibility timeout is too short', { timeout: 120_000 }, () => {
    const { status, output } = synth('-c', 'nameServers=10.0.1.5:9876', '-c', 'visibilityTimeoutSeconds=60');
    expect(status).not.toBe(0);
    expect(output).toContain('[rocketmq-lambda:sqs-visibility-timeout]');
  });
});
