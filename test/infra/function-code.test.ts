import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { afterAll, expect, test } from 'vitest';
import { bundleFunction } from '../../infra/bundling.ts';
import { functionCode } from '../../infra/function-code.ts';

const root = mkdtempSync(join(tmpdir(), 'rocketmq-lambda-code-'));
afterAll(() => rmSync(root, { recursive: true }));

test('each function of an app is deployed with the bundle of its own source', () => {
  const app = new App({ outdir: join(root, 'assembly'), context: { 'aws:cdk:enable-asset-metadata': true } });
  const stack = new Stack(app, 'Test');
  const sources = ['sqs', 'http', 'sns'];
  for (const source of sources) {
    new lambda.Function(stack, source, {
      runtime: lambda.Runtime.NODEJS_24_X,
      handler: 'index.handler',
      code: functionCode(source),
    });
  }
  const { Resources } = app.synth().getStackByName('Test').template;
  const functions = Object.entries<{ Type: string; Metadata: Record<string, string> }>(Resources);
  for (const source of sources) {
    const [, fn] = functions.find(([id, { Type }]) => Type === 'AWS::Lambda::Function' && id.startsWith(source)) ?? [];
    const deployed = join(root, 'assembly', fn?.Metadata['aws:asset:path'] ?? 'missing', 'index.mjs');
    const { entryFile } = bundleFunction(source, join(root, source));
    // A bundle is one line of some hundred kilobytes: not to be shown when it differs.
    expect(readFileSync(deployed, 'utf8') === readFileSync(entryFile, 'utf8'), source).toBe(true);
  }
});

test('a function that is not there is refused with the names of those that are', () => {
  expect(() => functionCode('nothing')).toThrow(/There is no function "nothing"\. Known functions: .*\bsqs\b/);
});
