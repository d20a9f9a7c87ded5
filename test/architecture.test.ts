import { describe, expect, test } from 'vitest';
import { codeFaults } from './architecture/code-rules.ts';
import { importCycles } from './architecture/import-cycles.ts';
import { importFaults } from './architecture/import-rules.ts';
import { importsOf, readSourceFiles, type SourceFile } from './architecture/source-file.ts';

const product = readSourceFiles('functions', 'infra', 'local');
const everything = [...product, ...readSourceFiles('test', 'bench')];

describe('the project', () => {
  test('imports only what the table of its parts allows', () => {
    expect(importFaults(product)).toEqual([]);
  });

  test('has no circle of imports, types included', () => {
    expect(importCycles(everything)).toEqual([]);
  });

  test('keeps the clock, the environment and timers where they belong, files small and names telling', () => {
    expect(codeFaults(everything)).toEqual([]);
  });

  test('is seen by this test', () => {
    const count = (folder: string) => product.filter(({ path }) => path.startsWith(folder)).length;
    expect(count('functions/rocketmq/protocol/')).toBeGreaterThan(15);
    expect(count('infra/')).toBeGreaterThan(5);
    expect(count('local/')).toBeGreaterThan(20);
    expect(product.flatMap(importsOf).length).toBeGreaterThan(200);
  });
});

const file = (path: string, text: string): SourceFile => ({ path, text });

describe('imports are found', () => {
  test.each([
    ["import { a } from './a.ts';", './a.ts'],
    ["import type { A } from './a.ts';", './a.ts'],
    ["import a, { type B } from './a.ts';", './a.ts'],
    ["import {\n  type A,\n  b,\n} from './a.ts';", './a.ts'],
    ["import * as a from './a.ts';", './a.ts'],
    ["import './a.ts';", './a.ts'],
    ["export * from './a.ts';", './a.ts'],
    ["export { type A, b } from './a.ts';", './a.ts'],
    ["const { a } = await import('./a.ts');", './a.ts'],
    ["let a: import('./a.ts').A;", './a.ts'],
    ['import { a } from "node:net";', 'node:net'],
  ])('in %j', (text, specifier) => {
    expect(importsOf(file('functions/sqs/handler.ts', text)).map((found) => found.specifier)).toEqual([specifier]);
  });

  test.each([
    ["// import { a } from './a.ts';"],
    ["/**\n * import { a } from './a.ts';\n */"],
    ['const text = "import { a } from \'./a.ts\'";'],
    ["export const from = 'a';"],
  ])('but not in %j', (text) => {
    expect(importsOf(file('functions/sqs/handler.ts', text))).toEqual([]);
  });
});

describe('an import against the table is refused', () => {
  test.each([
    ['functions/rocketmq/protocol/a.ts', '../client/b.ts'],
    ['functions/rocketmq/protocol/a.ts', '../options.ts'],
    ['functions/rocketmq/protocol/a.ts', 'node:net'],
    ['functions/rocketmq/protocol/a.ts', 'node:timers'],
    ['functions/rocketmq/remoting/a.ts', '../client/b.ts'],
    ['functions/rocketmq/remoting/a.ts', '@aws-sdk/client-ssm'],
    ['functions/rocketmq/client/a.ts', '../producer/b.ts'],
    ['functions/rocketmq/client/a.ts', 'node:dns/promises'],
    ['functions/rocketmq/client/a.ts', '../index.ts'],
    ['functions/rocketmq/client/a.ts', '#rocketmq'],
    ['functions/rocketmq/producer/a.ts', '../remoting/b.ts'],
    ['functions/rocketmq/producer/a.ts', '../protocol/remoting-command.ts'],
    ['functions/rocketmq/errors.ts', './protocol/b.ts'],
    ['functions/rocketmq/options.ts', './client-options.ts'],
    ['functions/rocketmq/client-options.ts', './create-client.ts'],
    ['functions/rocketmq/client-options.ts', 'node:tls'],
    ['functions/rocketmq/client/a.ts', '../producer-options.ts'],
    ['functions/rocketmq/remoting/a.ts', '../client-options.ts'],
    ['functions/rocketmq/producer/a.ts', '../client-options.ts'],
    ['functions/rocketmq/create.ts', '../invocation/b.ts'],
    ['functions/rocketmq/create.ts', './index.ts'],
    ['functions/invocation/a.ts', '../rocketmq/index.ts'],
    ['functions/invocation/a.ts', '../rocketmq/errors.ts'],
    ['functions/invocation/a.ts', '../sqs/b.ts'],
    ['functions/invocation/a.ts', 'aws-cdk-lib'],
    ['functions/invocation/a.ts', 'node:tls'],
    ['functions/delivery/a.ts', '../invocation/b.ts'],
    ['functions/delivery/a.ts', '@aws-sdk/client-ssm'],
    ['functions/delivery/a.ts', 'aws-lambda'],
    ['functions/middleware.ts', './sqs/b.ts'],
    ['functions/middleware.ts', './rocketmq/errors.ts'],
    ['functions/sqs/handler.ts', '../kinesis/b.ts'],
    ['functions/sqs/handler.ts', '../rocketmq/errors.ts'],
    ['functions/sqs/handler.ts', '@aws-sdk/client-ssm'],
    ['functions/sqs/handler.ts', '../../local/b.ts'],
    ['infra/app.ts', '../functions/sqs/handler.ts'],
    ['infra/app.ts', '#rocketmq'],
    ['infra/app.ts', '../functions/mapping/compiled-mapping.ts'],
    ['infra/app.ts', '../local/b.ts'],
    ['infra/app.ts', '../test/b.ts'],
    ['local/a.ts', '../test/b.ts'],
    ['local/a.ts', '../bench/b.ts'],
  ])('%s → %s', (importer, specifier) => {
    expect(importFaults([file(importer, `import type { X } from '${specifier}';`)])).toHaveLength(1);
  });

  test('with a sentence that says what, where and why', () => {
    expect(importFaults([file('functions/delivery/a.ts', "import { X } from '../invocation/b.ts';")])).toEqual([
      'functions/delivery/a.ts imports ../invocation/b.ts (functions/invocation/b.ts). delivery may not: it turns records into sends for every source alike, and may import #rocketmq only: no AWS SDK, no Lambda, no environment.',
    ]);
  });
});

describe('an import that the table allows is not', () => {
  test.each([
    ['functions/rocketmq/protocol/a.ts', './b.ts'],
    ['functions/rocketmq/protocol/a.ts', '../errors.ts'],
    ['functions/rocketmq/remoting/a.ts', 'node:tls'],
    ['functions/rocketmq/client/a.ts', '../protocol/topic-route-data.ts'],
    ['functions/rocketmq/producer/a.ts', '../protocol/message-properties.ts'],
    ['functions/rocketmq/client-options.ts', './remoting/b.ts'],
    ['functions/rocketmq/client/a.ts', '../client-options.ts'],
    ['functions/rocketmq/producer/a.ts', '../producer-options.ts'],
    ['functions/rocketmq/producer/a.ts', '../protocol/mq-version.ts'],
    ['functions/rocketmq/index.ts', './producer/b.ts'],
    ['functions/invocation/a.ts', '#rocketmq'],
    ['functions/invocation/a.ts', '@aws-sdk/client-ssm'],
    ['functions/delivery/a.ts', '#rocketmq'],
    ['functions/middleware.ts', './delivery/b.ts'],
    ['functions/sqs/handler.ts', './b.ts'],
    ['functions/sqs/handler.ts', '../delivery/b.ts'],
    ['infra/app.ts', 'aws-cdk-lib/aws-sqs'],
    ['infra/constructs/a.ts', '../../functions/mapping/mapping-settings.ts'],
    ['local/a.ts', '../functions/rocketmq/protocol/b.ts'],
    ['test/a.ts', '../functions/rocketmq/protocol/b.ts'],
  ])('%s → %s', (importer, specifier) => {
    expect(importFaults([file(importer, `import { X } from '${specifier}';`)])).toEqual([]);
  });
});

test('a circle of imports is shown from file to file', () => {
  const files = [
    file('functions/rocketmq/client/a.ts', "import './b.ts';"),
    file('functions/rocketmq/client/b.ts', "import type { C } from './c.ts';"),
    file('functions/rocketmq/client/c.ts', "import './b.ts';"),
  ];
  expect(importCycles(files)).toEqual([
    'functions/rocketmq/client/b.ts → functions/rocketmq/client/c.ts → functions/rocketmq/client/b.ts',
  ]);
});

describe('code that does not belong is refused', () => {
  test.each([
    ['functions/delivery/a.ts', 'const x = process.env.X;', /:1 reads process\.env/],
    ['functions/delivery/a.ts', '\nconst { env } = process;', /:2 reads process\.env/],
    ['functions/rocketmq/client/a.ts', "const x = process['env'];", /reads process\.env/],
    ['functions/rocketmq/client/a.ts', 'setInterval(f, 5);', /uses setInterval/],
    ['functions/rocketmq/protocol/a.ts', 'const now = Date.now();', /asks the clock/],
    ['functions/sqs/a.ts', 'const x = await import(name);', /imports what it computes/],
    ['functions/rocketmq/producer/a.ts', "const { x } = await import('./b.ts');", /a file of its own on demand/],
    [
      'functions/rocketmq/a.ts',
      "import { inflate, zstdCompress } from 'node:zlib';",
      /takes ZSTD from node:zlib by name/,
    ],
    ['functions/rocketmq/a.ts', "import * as zlib from 'node:zlib';", /takes ZSTD from node:zlib by name/],
    ['infra/app.ts', 'export default class {}', /has a default export/],
    ['local/a.ts', 'class A {\n  private readonly x = 1;\n}', /:2 has a private member by word/],
    ['local/a.ts', `${'\n'.repeat(400)}x`, /has 401 lines/],
    ['functions/delivery/utils.ts', '', /says nothing/],
    ['functions/delivery/string-helpers.ts', '', /says nothing/],
    ['functions/common/a.ts', '', /says nothing/],
    ['functions/delivery/MessageBatch.ts', '', /not in kebab-case/],
  ])('%s: %j', (path, text, fault) => {
    expect(codeFaults([file(path, text)])).toEqual([expect.stringMatching(fault)]);
  });

  test.each([
    ['functions/invocation/environment.ts', 'export const x = process.env;'],
    ['functions/rocketmq/client/a.ts', '// no setInterval here'],
    ['functions/rocketmq/client/a.ts', '/** Not process.env. */'],
    ['local/a.ts', 'setInterval(f, 5); const x = process.env.X;'],
    ['test/reporter.ts', 'export default class {}'],
    ['functions/rocketmq/producer/a.ts', "const { x } = await import('./rarely-used.ts');"],
    ['functions/rocketmq/create-client.ts', "const { x } = await import('./producer/rarely-used.ts');"],
    ['functions/rocketmq/remoting/a.ts', "const { connect } = await import('node:tls');"],
    ['functions/rocketmq/producer/a.ts', "import zlib from 'node:zlib';"],
    ['functions/rocketmq/producer/a.ts', "import { inflate } from 'node:zlib';"],
    ['functions/rocketmq/protocol/serialize-type.ts', ''],
  ])('but not %s: %j', (path, text) => {
    expect(codeFaults([file(path, text)])).toEqual([]);
  });
});
