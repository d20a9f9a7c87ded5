import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BundleReport, bundleFunction, bundleHandler, functionSources } from '../../infra/bundling.ts';
import { startLambdaHost } from '../../local/lambda/lambda-host.ts';
import { startSsmEndpoint } from '../../local/ssm/ssm-endpoint.ts';

const handlerNamed = (name: string) => fileURLToPath(new URL(`bundled/${name}`, import.meta.url));

let root: string;
let outDir: string;
let report: BundleReport;

beforeAll(async () => {
  // Far from any node_modules: what the bundle lacks is not found by accident.
  root = await mkdtemp(join(tmpdir(), 'bundling-'));
  outDir = join(root, 'lazy-ssm');
  report = bundleHandler(handlerNamed('lazy-ssm.ts'), outDir);
});

afterAll(() => rm(root, { recursive: true }));

const codeIn = async (folder: string) => (await readdir(folder)).filter((file) => file.endsWith('.mjs')).sort();

async function contentsOf(folder: string): Promise<Record<string, string>> {
  const files = (await readdir(folder)).sort();
  return Object.fromEntries(
    await Promise.all(files.map(async (file) => [file, await readFile(join(folder, file), 'utf8')])),
  );
}

describe('a bundle', () => {
  test('is an index.mjs with the middleware in it and chunks for what is imported on demand', async () => {
    expect(report.entryFile).toBe(join(outDir, 'index.mjs'));
    expect(report.eagerPackages.map(({ name }) => name)).toEqual(['@middy/core', 'test/infra']);
    expect(report.lazyPackages.map(({ name }) => name)).toContain('@aws-sdk/client-ssm');
    expect(report.eagerBytes).toBeLessThan(10_000);
    expect(report.warnings).toEqual([]);
  });

  test('is reported with the sizes of the files written', async () => {
    const sizes = await Promise.all((await codeIn(outDir)).map(async (file) => (await stat(join(outDir, file))).size));
    expect(report.totalBytes).toBe(sizes.reduce((sum, size) => sum + size, 0));
    expect(report.totalBytes).toBe(report.eagerBytes + report.lazyBytes);
    expect(report.sourceMapBytes).toBeGreaterThan(0);
  });

  test('leaves nothing to the runtime but Node itself', () => {
    expect(report.externalImports).not.toEqual([]);
    expect(report.externalImports.filter((name) => !name.startsWith('node:'))).toEqual([]);
  });

  test('consists of the same bytes wherever it is written to', async () => {
    const elsewhere = join(root, 'deep', 'down', 'elsewhere');
    bundleHandler(handlerNamed('lazy-ssm.ts'), elsewhere);
    expect(await contentsOf(elsewhere)).toEqual(await contentsOf(outDir));
  });

  test('has maps that name the sources and leave their text out', async () => {
    const map = JSON.parse(await readFile(join(outDir, 'index.mjs.map'), 'utf8'));
    expect(map.sources).toContain('../../test/infra/bundled/lazy-ssm.ts');
    expect(map).not.toHaveProperty('sourcesContent');
    expect(await readFile(report.entryFile, 'utf8')).toContain('//# sourceMappingURL=index.mjs.map');
  });

  test('has no maps where they are switched off', async () => {
    const bare = join(root, 'bare');
    expect(bundleHandler(handlerNamed('throws.ts'), bare, { sourceMaps: false }).sourceMapBytes).toBe(0);
    expect(await readdir(bare)).toEqual(['index.mjs']);
  });

  test('takes the place of an earlier one and leaves other files alone', async () => {
    const reused = join(root, 'reused');
    bundleHandler(handlerNamed('lazy-ssm.ts'), reused);
    await writeFile(join(reused, 'notes.txt'), 'kept');
    bundleHandler(handlerNamed('throws.ts'), reused);
    expect((await readdir(reused)).sort()).toEqual(['index.mjs', 'index.mjs.map', 'notes.txt']);
  });
});

test('CommonJS imported on demand without a module in between is warned of, for its named exports would be missing', () => {
  const { warnings } = bundleHandler(handlerNamed('common-js-on-demand.mjs'), join(root, 'on-demand'));
  expect(warnings).toEqual([
    expect.stringContaining('test/infra/bundled/needs-util.cjs is CommonJS and loaded by import()'),
  ]);
});

test('only files that ask for require are given one: making it costs each cold start', async () => {
  const commonJs = join(root, 'with-require');
  bundleHandler(handlerNamed('common-js.mjs'), commonJs);
  const files = { ...(await contentsOf(outDir)), ...(await contentsOf(commonJs)) };
  const code = Object.entries(files).filter(([name]) => name.endsWith('.mjs'));
  const given = code.filter(([, text]) => text.includes('createRequire')).map(([name]) => name);
  expect(given).toEqual(code.filter(([, text]) => text.includes('typeof require')).map(([name]) => name));
  expect(given).toHaveLength(1);
});

describe('in the Lambda host', () => {
  test('a bundle reaches SSM through a chunk loaded on demand', async () => {
    await using ssm = await startSsmEndpoint({ parameters: { '/name-servers': 'a:9876' } });
    await using host = startLambdaHost({
      taskRoot: outDir,
      environment: { AWS_ENDPOINT_URL_SSM: ssm.url },
      timeoutMs: 10_000,
    });
    expect(await host.invoke({})).toMatchObject({ status: 'ok', payload: { looked: false } });
    expect(ssm.calls).toEqual([]);
    expect(await host.invoke({ name: '/name-servers' })).toMatchObject({
      status: 'ok',
      payload: { looked: true, value: 'a:9876' },
    });
    expect(ssm.calls).toMatchObject([{ action: 'GetParameter', names: ['/name-servers'] }]);
  });

  test('CommonJS code finds built-in modules, in the entry and in a chunk', async () => {
    const taskRoot = join(root, 'common-js');
    expect(bundleHandler(handlerNamed('common-js.mjs'), taskRoot).warnings).toEqual([]);
    expect(await codeIn(taskRoot)).not.toEqual(['index.mjs']);
    await using host = startLambdaHost({ taskRoot, environment: {}, timeoutMs: 5_000 });
    expect(await host.invoke({})).toMatchObject({ status: 'ok', payload: { inspected: '{ a: 1 }', joined: 'a/b' } });
  });

  test("Node's modules come as from imports, and loading one loads nothing more", async () => {
    const taskRoot = join(root, 'built-ins');
    bundleHandler(handlerNamed('built-ins.mjs'), taskRoot);
    await using host = startLambdaHost({ taskRoot, environment: {}, timeoutMs: 5_000 });
    const { status, payload } = (await host.invoke({})) as { status: string; payload: { loaded: string[] } };
    expect(status).toBe('ok');
    expect(payload).toMatchObject({ isOneEmitter: true, joined: '/b', inspected: '{ a: 1 }', hasDefault: true });
    expect(payload.loaded.filter((name) => name.includes('undici'))).toEqual([]);
  });

  test('a trace names the line of the source when source maps are enabled', async () => {
    const taskRoot = join(root, 'throws');
    bundleHandler(handlerNamed('throws.ts'), taskRoot);
    const environment = { NODE_OPTIONS: '--enable-source-maps' };
    await using host = startLambdaHost({ taskRoot, environment, timeoutMs: 5_000 });
    const result = await host.invoke({});
    expect(result).toMatchObject({ status: 'error', errorMessage: 'on line 3' });
    expect(result.status === 'error' && result.trace.join('\n')).toMatch(/throws\.ts:3:\d+/);
  });
});

describe('the functions of the pack', () => {
  test.each(functionSources())('%s is bundled without the code of another source', (source) => {
    const { eagerPackages, lazyPackages, externalImports, warnings } = bundleFunction(source, join(root, source));
    const others = functionSources().filter((other) => other !== source);
    const bundled = [...eagerPackages, ...lazyPackages].map(({ name }) => name);
    expect(bundled).toContain(`functions/${source}`);
    expect(bundled.filter((name) => others.includes(name.replace('functions/', '')))).toEqual([]);
    expect(externalImports.filter((name) => !name.startsWith('node:'))).toEqual([]);
    expect(warnings).toEqual([]);
  });

  test('are named in the error about one that does not exist', () => {
    expect(() => bundleFunction('carrier-pigeon', join(root, 'none'))).toThrow(
      'There is no function "carrier-pigeon": functions/carrier-pigeon/handler.ts does not exist. Known functions:',
    );
    expect(existsSync(join(root, 'none'))).toBe(false);
  });
});
