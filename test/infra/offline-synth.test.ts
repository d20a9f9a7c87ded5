import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';

const projectRoot = fileURLToPath(new URL('../..', import.meta.url));
const cli = join(projectRoot, 'node_modules/aws-cdk/bin/cdk');
const root = mkdtempSync(join(tmpdir(), 'rocketmq-lambda-synth-'));
afterAll(() => rmSync(root, { recursive: true }));

/** Commands that run another one without any network; the first that this machine allows is taken. */
const withoutNetwork = [
  ['unshare', '-n'],
  ['unshare', '-r', '-n'],
].find(([command = '', ...options]) => spawnSync(command, [...options, 'true']).status === 0);

if (withoutNetwork === undefined) {
  console.warn(
    'unshare does not work here: synth is tested without AWS settings and proxies, but not cut off from the network.',
  );
}

/** Runs `cdk synth` as a user without AWS account, settings, home or network would. */
function synth(...args: string[]): { status: number | null; output: string; assembly: string } {
  const home = mkdtempSync(join(root, 'home-'));
  const assembly = join(home, 'cdk.out');
  mkdirSync(assembly);
  const [command = process.execPath, ...rest] = [...(withoutNetwork ?? []), process.execPath, cli, 'synth', '--quiet'];
  const { status, stdout, stderr } = spawnSync(command, [...rest, '--output', assembly, ...args], {
    cwd: projectRoot,
    encoding: 'utf8',
    // The app is started by the name `node`, which must be the one that runs TypeScript.
    env: { PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`, HOME: home, CI: 'true' },
  });
  return { status, output: `${stdout}${stderr}`, assembly };
}

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
