import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { clientOptionRules, producerOptionRules } from '#rocketmq';
import { environmentRules } from '../../functions/invocation/environment.ts';
import { InvocationMetrics } from '../../functions/invocation/invocation-metrics.ts';
import { logQueries } from '../../infra/constructs/log-queries.ts';
import { connectionReasons } from '../../infra/constructs/rocketmq-producer-function.ts';
import { metricLinesOf } from '../functions/invocation/metric-lines.ts';
import { tableBelow, tableOf } from './markdown-table.ts';

const root = new URL('../../', import.meta.url);
const page = readFileSync(new URL('docs/operations.md', root), 'utf8');
const migration = readFileSync(new URL('docs/migration.md', root), 'utf8');

/** Text of every source file below a folder. */
function sourcesOf(folder: string): string[] {
  return readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => readFileSync(new URL(`${folder}/${path}`, root), 'utf8'));
}

const found = (texts: readonly string[], pattern: RegExp) =>
  [...new Set(texts.flatMap((text) => [...text.matchAll(pattern)].map(([, name = '']) => name)))].toSorted();

const namesIn = (cell = '') => [...cell.matchAll(/`([\w-]+)`/g)].map(([, name = '']) => name);

describe('docs/operations.md', () => {
  test('has cause and action of every error code, each once', () => {
    const rows = tableBelow(page, '## Errors');
    const variables = new Set(Object.values(environmentRules).map(({ variable }) => variable));
    const sources = sourcesOf('functions');
    // One code is the name of a variable too.
    const codes = found(sources, /'(ROCKETMQ_[A-Z_]+)'/g)
      .filter((code) => !variables.has(code))
      .concat(found(sources, /\bcode(?::| =) '([A-Z]+_[A-Z_]+)'/g));
    expect(rows.map(([code]) => namesIn(code)[0]).toSorted()).toEqual([...new Set(codes)].toSorted());
    for (const cells of rows) {
      expect(cells).toHaveLength(3);
      for (const cell of cells) expect(cell).not.toBe('');
    }
  });

  test('has every code that the function http answers with', () => {
    const codes = found(sourcesOf('functions/http'), /\bcode: '([a-z-]+)'/g);
    const named = tableBelow(page, '### Answers of the function `http`').flatMap(([names]) => namesIn(names));
    expect(named.toSorted()).toEqual(codes);
  });

  test('has every metric that functions write', async () => {
    const metrics = new InvocationMetrics('Orders');
    const stored = { status: 'stored', result: { attempts: 1, isPossibleDuplicate: false } };
    metrics.record(stored as Parameters<InvocationMetrics['record']>[0], 1);
    const [line] = await metricLinesOf(() =>
      metrics.publish({ isCold: true, connectionsOpened: {}, parameterAgeMs: 1, dueWorkFailures: 0 }),
    );
    const written = (line?._aws.CloudWatchMetrics ?? []).flatMap(({ Metrics }) => Metrics.map(({ Name }) => Name));
    const byReason = connectionReasons.map((reason) => `ConnectionsOpened${reason}`);
    const counted = found(sourcesOf('functions'), /\.count\('(\w+)'/g);
    const named = tableOf(page, 'metric').flatMap(([names]) => namesIn(names));
    expect(named.toSorted()).toEqual([...written, ...byReason, ...counted].toSorted());
  });

  test('has every alarm that constructs make', () => {
    const made = found(sourcesOf('infra'), /createAlarm\(\w+, '(\w+)'/g);
    const named = tableOf(page, 'alarm').flatMap(([names]) => namesIn(names));
    expect(named.toSorted()).toEqual(made);
  });

  test('names saved queries that exist', () => {
    const titles = Object.values(logQueries).map(({ title }) => title);
    const named = [...page.matchAll(/quer(?:y|ies) “([^”]+)”/g)].map(([, title]) => title);
    expect(named).not.toEqual([]);
    for (const title of named) expect(titles).toContain(title);
  });
});

describe('docs/migration.md', () => {
  test('leads to options that exist', () => {
    const known = new Set([
      ...Object.keys(clientOptionRules),
      ...Object.keys(producerOptionRules),
      // Of messages, sends, results, and of what they are called on.
      ...'send sendAll sendTransaction recall request queue selectQueue shardingKey delayLevel delayMs deliverAt'.split(
        ' ',
      ),
      ...'createClient topic tag body keys properties msgId recallHandle status outcome start accessKey secretKey'.split(
        ' ',
      ),
    ]);
    const clients = migration.slice(migration.indexOf('## From the Java client'));
    const cells = clients.split('\n').flatMap((line) => (line.startsWith('| ') ? [line.split('|')[2] ?? ''] : []));
    const words = cells.flatMap((cell) => [...cell.matchAll(/`([a-z]\w*)(?:: [^`]+)?`/g)].map(([, name = '']) => name));
    expect(words.length).toBeGreaterThan(40);
    expect(words.filter((word) => !known.has(word))).toEqual([]);
  });
});
