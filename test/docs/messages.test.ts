import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as rocketmq from '#rocketmq';
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

const topics = ['orders', 'reminders', 'questions', 'tenant1%orders', 'RMQ_SYS_TRACE_TOPIC'];

describe('docs/messages.md', () => {
  let cluster: EmbeddedCluster;

  beforeAll(async () => {
    const settings = { recallMessageEnable: true };
    cluster = await startEmbeddedCluster({ topics: topics.map((name) => ({ name, queues: 4 })), ...settings });
  });
  afterAll(() => cluster.stop());

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
    const client = rocketmq.createClient({ nameServerAddrs: cluster.nameServerAddrs });
    const producer = client.producer({ group: 'orders-producer' });
    const silent = { log: () => undefined, error: () => undefined };
    await runSnippet(code, { ...rocketmq, client, producer, console: silent });
    await client.shutdown();
    expect(client.pendingCount).toBe(0);
  });
});
