import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { sourceNames } from '../../infra/source-keys.ts';
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

  test('makes every source, each with the bundle of its own function', { timeout: 240_000 }, () => {
    const { status, output, assembly } = synth(
      ...['-c', `sources=${sourceNames.join(',')}`, '-c', 'nameServers=10.0.1.5:9876'],
      ...['-c', 'kafkaTopic=orders', '-c', 'kafkaConsumerGroup=orders-to-rocketmq'],
      ...['-c', `mskClusterArn=arn:aws:kafka:eu-west-1:123456789012:cluster/orders/0123-4567`, '--strict'],
    );
    expect(status, output).toBe(0);
    const template = JSON.parse(readFileSync(join(assembly, 'RocketMqLambda.template.json'), 'utf8'));
    const handlers = Object.values<{
      Type: string;
      Properties: { Handler?: string };
      Metadata?: Record<string, string>;
    }>(template.Resources)
      .filter(({ Type, Properties }) => Type === 'AWS::Lambda::Function' && Properties.Handler === 'index.handler')
      .map(({ Metadata }) => Metadata?.['aws:asset:path'])
      .filter((path) => path !== undefined);
    expect(new Set(handlers).size).toBe(sourceNames.length);
    for (const path of handlers) expect(existsSync(join(assembly, path, 'index.mjs'))).toBe(true);
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
