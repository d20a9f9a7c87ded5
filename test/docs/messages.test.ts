import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as rocketmq from '#rocketmq';
import { readClusterArguments } from '../../local/cluster-arguments.ts';
import { type EmbeddedCluster, startEmbeddedCluster } from '../../local/embedded/embedded-cluster.ts';
import { runSnippet } from './run-snippet.ts';

const page = readFileSync(new URL('../../docs/messages.md', import.meta.url), 'utf8');
const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

interface Snippet {
  readonly heading: string;
  readonly code: string;
}

/** Runnable snippets, each under its heading. The set-up is given; the request has nobody here who replies. */
function snippets(): Snippet[] {
  let heading = '';
  return [...page.matchAll(/^## (.+)$|^```ts\n([\s\S]*?)^```$/gm)].flatMap(([, title, code]) => {
    if (title !== undefined) heading = title;
    return code === undefined ? [] : [{ heading, code }];
  });
}

/** What the command that the page gives starts. */
function documentedCluster() {
  const [, text = ''] = /^npm run cluster -- (.+)$/m.exec(page) ?? [];
  const read = readClusterArguments(text.split(' '));
  if (read.kind !== 'run') throw new Error(`the page starts no cluster: ${JSON.stringify(read)}`);
  return read;
}

describe('docs/messages.md', () => {
  let running: EmbeddedCluster;

  beforeAll(async () => {
    running = await startEmbeddedCluster({ topics: documentedCluster().topics, recallMessageEnable: true });
  });
  afterAll(() => running.stop());

  test('starts a cluster where its set-up looks for it, with every topic that it sends to', () => {
    const { nameServerPort, topics } = documentedCluster();
    expect(page).toContain(`createClient({ nameServerAddrs: ['127.0.0.1:${nameServerPort}'] })`);
    expect(topics.map(({ name }) => name)).toEqual(['orders', 'reminders', 'tenant1%orders', 'RMQ_SYS_TRACE_TOPIC']);
  });

  test('shows every capability with a snippet', () => {
    expect(snippets().map(({ heading }) => heading)).toEqual([
      'Normal messages',
      'Deadlines',
      'Oneway',
      'To a given queue, by selector, by sharding key',
      'Ordered messages',
      'Many messages, in batches',
      'Scheduled messages',
      'Recall',
      'Asking whether a message is stored',
      'Compression',
      'Namespaces and units',
      'Trace',
      'Hooks',
      'Access control and TLS',
    ]);
  });

  test('begins with what users of the package import', () => {
    const [, names = '', from = ''] = /^```ts setup\nimport \{ (.+) \} from '(.+)';$/m.exec(page) ?? [];
    const entrance = manifest.exports[from.replace(manifest.name, '.')];
    expect(entrance?.default).toBe(
      manifest.imports['#rocketmq'].replace('./', './dist/package/').replace('.ts', '.js'),
    );
    for (const name of names.split(', ')) expect(rocketmq).toHaveProperty(name);
  });

  test.each(snippets())('the snippet under "$heading" runs as it stands', async ({ code }) => {
    const client = rocketmq.createClient({ nameServerAddrs: running.nameServerAddrs });
    const producer = client.producer({ group: 'orders-producer' });
    const silent = { log: () => undefined, error: () => undefined };
    await runSnippet(code, { ...rocketmq, client, producer, console: silent });
    await client.shutdown();
    expect(client.pendingCount).toBe(0);
  });
});
