import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundleFunction, functionSources } from '../../infra/bundling.ts';
import { AdminClient } from '../../local/admin-client.ts';
import { type EmbeddedCluster, startEmbeddedCluster } from '../../local/embedded/embedded-cluster.ts';
import { startLambdaHost } from '../../local/lambda/lambda-host.ts';
import { startSsmEndpoint } from '../../local/ssm/ssm-endpoint.ts';
import { freshTopic } from '../contract/clusters.ts';
import { type Synthesized, synthOffline } from '../infra/offline-cdk.ts';
import { freshApp, packProject, run } from './fresh-app.ts';
import { appOf, appOfAll, sourceConstructs } from './source-apps.ts';

/** What the tarball may weigh. All functions are in it, each with its copy of the SDK and source maps. */
const LARGEST_TARBALL_BYTES = 8_000_000;
const SYNTH_LIMIT_MS = 120_000;
const projectRoot = fileURLToPath(new URL('../..', import.meta.url));
const compiler = join(projectRoot, 'node_modules/.bin/tsc');
const bundler = join(projectRoot, 'node_modules/.bin/esbuild');

const root = mkdtempSync(join(tmpdir(), 'rocketmq-lambda-package-'));
let tarball: string;
/** Where the package is installed, as its user would have it. */
let app: string;
let installed: string;

beforeAll(() => {
  mkdirSync(join(root, 'packed'));
  tarball = packProject(join(root, 'packed'));
  app = freshApp(join(root, 'app'), tarball, 'aws-cdk-lib', 'constructs', '@types/node');
  installed = join(app, 'node_modules/rocketmq-lambda');
}, 600_000);
afterAll(() => rmSync(root, { recursive: true }));

const readme = readFileSync(join(projectRoot, 'README.md'), 'utf8');

function write(name: string, text: string): string {
  writeFileSync(join(app, name), text);
  return name;
}

function typeCheck(files: readonly string[], ...options: string[]): void {
  const strict = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', '--types', 'node'];
  run(app, compiler, ...strict, ...options, ...files);
}

/** The files of the one function in a stack. */
function deployedFiles({ assembly }: Synthesized, stackName: string): string[] {
  const template = JSON.parse(readFileSync(join(assembly, `${stackName}.template.json`), 'utf8'));
  const [fn] = Object.values<{ Type: string; Metadata: Record<string, string> }>(template.Resources).filter(
    ({ Type, Metadata }) => Type === 'AWS::Lambda::Function' && Metadata?.['aws:asset:path'] !== undefined,
  );
  return readdirSync(join(assembly, fn?.Metadata['aws:asset:path'] ?? 'missing'));
}

describe('the tarball', () => {
  test('has compiled code with types, and nothing that a user of it cannot use', () => {
    const files = readdirSync(installed, { recursive: true, encoding: 'utf8' }).filter((name) =>
      statSync(join(installed, name)).isFile(),
    );
    const top = new Set(files.map((name) => name.split('/')[0]));
    expect([...top].sort()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'docs', 'package.json']);
    expect(files.filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))).toEqual([]);
    expect(files.filter((name) => /bundling|esbuild/.test(name))).toEqual([]);
    expect(statSync(tarball).size).toBeLessThan(LARGEST_TARBALL_BYTES);
  });

  test('has every page and file that its pages link to', () => {
    const pages = ['README.md', 'CHANGELOG.md', ...readdirSync(join(installed, 'docs')).map((name) => `docs/${name}`)];
    const links = pages
      .filter((page) => page.endsWith('.md'))
      .flatMap((page) => {
        const text = readFileSync(join(installed, page), 'utf8');
        return [...text.matchAll(/\]\((?![a-z]+:|#)([^)#]+)/g)].map(([, link = '']) => join(dirname(page), link));
      });
    expect(links.length).toBeGreaterThan(40);
    expect([...new Set(links)].filter((link) => !existsSync(join(installed, link)))).toEqual([]);
  });

  test('has every function, byte for byte as a checkout bundles it', () => {
    const prebuilt = join(installed, 'dist/package/prebuilt');
    expect(readdirSync(prebuilt).sort()).toEqual(functionSources());
    const bundled = join(root, 'sqs');
    bundleFunction('sqs', bundled);
    const contents = (folder: string) =>
      Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
    expect(contents(join(prebuilt, 'sqs'))).toEqual(contents(bundled));
  });
});

describe('a CDK app that installed it', () => {
  test('is what the README shows', () => {
    expect(readme).toContain(appOf('SqsToRocketMq'));
  });

  test('is type-checked whole, the types of the package included', { timeout: SYNTH_LIMIT_MS }, () => {
    const files = sourceConstructs.map((construct) => write(`checked-${construct}.mts`, appOf(construct)));
    typeCheck([...files], '--skipLibCheck', 'false');
  });

  test('is told by the compiler when it leaves out what is needed', { timeout: SYNTH_LIMIT_MS }, () => {
    const [construct = ''] = sourceConstructs;
    const file = write('wrong.mts', appOf(construct).replace("topic: 'orders'", 'topic: 5'));
    expect(() => typeCheck([file])).toThrow(/wrong\.mts.*Type 'number' is not assignable to type 'string'/);
  });

  test.each(['mjs', 'mts'])(
    'synthesizes as .%s without network, esbuild and Docker',
    { timeout: SYNTH_LIMIT_MS },
    (language) => {
      const [construct = ''] = sourceConstructs;
      const result = synthOffline(app, root, '--app', `node ${write(`app.${language}`, appOf(construct))}`);
      expect(result.status, result.output).toBe(0);
      expect(deployedFiles(result, 'Orders')).toEqual(expect.arrayContaining(['index.mjs', 'index.mjs.map']));
    },
  );

  test('synthesizes every construct, each with its function', { timeout: SYNTH_LIMIT_MS }, () => {
    const result = synthOffline(app, root, '--app', `node ${write('all.mjs', appOfAll())}`);
    expect(result.status, result.output).toBe(0);
    for (const construct of sourceConstructs) {
      expect(deployedFiles(result, construct), construct).toEqual(
        expect.arrayContaining(['index.mjs', 'index.mjs.map']),
      );
    }
  });

  test('synthesizes as a CommonJS module too, in both languages', { timeout: 2 * SYNTH_LIMIT_MS }, () => {
    const [construct = ''] = sourceConstructs;
    const required = appOf(construct).replace(/import (.*) from '(.*)';/g, "const $1 = require('$2');");
    const script = synthOffline(app, root, '--app', `node ${write('app.cjs', required)}`);
    expect(script.status, script.output).toBe(0);
    const typed = write('app.cts', appOf(construct));
    typeCheck([typed], '--skipLibCheck', 'false');
    run(app, compiler, '--module', 'nodenext', '--target', 'es2024', '--skipLibCheck', '--types', 'node', typed);
    const compiled = synthOffline(app, root, '--app', 'node app.cjs');
    expect(compiled.status, compiled.output).toBe(0);
  });

  test('is told which functions there are when it names one that is not', () => {
    const named = `${appOf('RocketMqProducerFunction').replace("topic: 'orders'", "source: 'nothing', topic: 'orders'")}`;
    const result = synthOffline(app, root, '--app', `node ${write('unknown.mjs', named)}`);
    expect(result.status).not.toBe(0);
    expect(result.output).toContain(
      `There is no function "nothing". Known functions: ${functionSources().join(', ')}.`,
    );
  });
});

describe('an own handler that installed it', () => {
  let cluster: EmbeddedCluster;
  let admin: AdminClient;
  beforeAll(async () => {
    cluster = await startEmbeddedCluster();
    admin = new AdminClient(cluster);
  });
  afterAll(async () => {
    await admin?.close();
    await cluster?.stop();
  });

  test('sends with the client', { timeout: SYNTH_LIMIT_MS }, async () => {
    const topic = await freshTopic({ admin });
    const script = write(
      'send.mts',
      `import { createClient } from 'rocketmq-lambda/client';
const client = createClient({ nameServerAddrs: ${JSON.stringify(cluster.nameServerAddrs)} });
await client.producer({ group: 'own' }).send({ topic: '${topic}', body: 'from the package' });
await client.shutdown();
`,
    );
    typeCheck([script], '--skipLibCheck', 'false');
    // Not the synchronous call: the cluster lives in this process.
    await promisify(execFile)(process.execPath, [join(app, script)]);
    expect((await admin.readAll(topic)).map(({ body }) => body.toString())).toEqual(['from the package']);
  });

  test('gets the warm producer from the middleware, frozen between invocations', {
    timeout: SYNTH_LIMIT_MS,
  }, async () => {
    const topic = await freshTopic({ admin });
    const [sending = ''] = handlersOf(readme);
    await using host = hostOf(sending, 'handler', topic);
    for (const body of ['cold', 'warm']) {
      expect(await host.invoke({ body })).toMatchObject({ status: 'ok', cold: body === 'cold', leftBehind: [] });
    }
    expect((await admin.readAll(topic)).map(({ body }) => body.toString()).sort()).toEqual(['cold', 'warm']);
  });

  test('delivers records, and has them counted', { timeout: SYNTH_LIMIT_MS }, async () => {
    const topic = await freshTopic({ admin });
    const [, delivering = ''] = handlersOf(readme);
    await using host = hostOf(delivering, 'batch', topic);
    const Records = ['a', 'b'].map((body) => ({ messageId: `id-${body}`, body }));
    const invoked = await host.invoke({ Records });
    expect(invoked).toMatchObject({ status: 'ok', payload: { batchItemFailures: [] } });
    expect(invoked.log.join('\n')).toContain('"MessagesSent":2');
    expect((await admin.readAll(topic)).map(({ body }) => body.toString()).sort()).toEqual(['a', 'b']);
  });

  const constructs = readFileSync(join(projectRoot, 'docs/constructs.md'), 'utf8');
  test.each([...constructs.matchAll(/--format=(?:cjs|esm)(?: --\S+(?=`))?/g)].map(([options]) => options))(
    'reads SSM when esbuild has bundled it as docs/constructs.md says: %s',
    { timeout: SYNTH_LIMIT_MS },
    async (options) => {
      const topic = await freshTopic({ admin });
      const [sending = ''] = handlersOf(readme);
      const entry = write('bundled.mts', sending);
      const name = `bundled-${options.includes('esm') ? 'esm' : 'cjs'}`;
      const outfile = `--outfile=${name}/index.${options.includes('esm') ? 'mjs' : 'cjs'}`;
      run(app, bundler, entry, '--bundle', '--platform=node', '--log-level=error', ...options.split(' '), outfile);
      await using ssm = await startSsmEndpoint({ parameters: { '/servers': cluster.nameServerAddrs.join(';') } });
      await using host = startLambdaHost({
        taskRoot: join(app, name),
        handler: 'index.handler',
        timeoutMs: 30_000,
        environment: {
          ROCKETMQ_TOPIC: topic,
          ROCKETMQ_PRODUCER_GROUP: 'own',
          ROCKETMQ_NAME_SERVER_PARAMETER: '/servers',
          AWS_ENDPOINT_URL_SSM: ssm.url,
        },
      });
      expect(await host.invoke({ body: 'bundled' })).toMatchObject({ status: 'ok' });
      expect((await admin.readAll(topic)).map(({ body }) => body.toString())).toEqual(['bundled']);
    },
  );

  /** Handlers that the README shows, in its order. */
  function handlersOf(text: string): string[] {
    return [...text.matchAll(/^import middy[\s\S]*?(?=^```)/gm)].map(([code]) => code);
  }

  /** Compiles a handler, and has it run as Lambda would. */
  function hostOf(code: string, name: string, topic: string) {
    const handler = write(`${name}.mts`, code);
    // The types of @middy/core themselves need a package that it does not install.
    typeCheck([handler], '--skipLibCheck', 'true');
    run(app, compiler, '--module', 'nodenext', '--target', 'es2024', '--skipLibCheck', '--types', 'node', handler);
    return startLambdaHost({
      taskRoot: app,
      handler: `${name}.handler`,
      timeoutMs: 30_000,
      environment: {
        ROCKETMQ_TOPIC: topic,
        ROCKETMQ_PRODUCER_GROUP: 'own',
        ROCKETMQ_NAME_SERVERS: cluster.nameServerAddrs.join(';'),
      },
    });
  }
});
