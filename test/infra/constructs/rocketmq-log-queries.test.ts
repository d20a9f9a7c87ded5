import middy from '@middy/core';
import { Template } from 'aws-cdk-lib/assertions';
import { expect, test, vi } from 'vitest';
import { InvocationMetrics } from '../../../functions/invocation/invocation-metrics.ts';
import type { ProducerContext } from '../../../functions/invocation/with-producer.ts';
import { logQueries } from '../../../infra/constructs/log-queries.ts';
import { RocketMqCluster } from '../../../infra/constructs/rocketmq-cluster.ts';
import { RocketMqLogQueries } from '../../../infra/constructs/rocketmq-log-queries.ts';
import { RocketMqProducerFunction } from '../../../infra/constructs/rocketmq-producer-function.ts';
import { testStack } from '../test-app.ts';

test('each query is saved under the path of the construct, for the log groups of the functions', () => {
  const stack = testStack();
  const cluster = new RocketMqCluster(stack, 'Cluster', { nameServers: ['10.0.1.5:9876'] });
  const settings = { cluster, topic: 'orders', producerGroup: 'orders' };
  const producers = ['sqs', 'sns'].map(
    (source) => new RocketMqProducerFunction(stack, source, { ...settings, source }),
  );
  new RocketMqLogQueries(stack, 'Queries', { producers });
  const queries = Object.values(Template.fromStack(stack).findResources('AWS::Logs::QueryDefinition'));
  expect(queries).toHaveLength(Object.keys(logQueries).length);
  for (const { Properties } of queries) {
    expect(Properties).toMatchObject({
      Name: expect.stringMatching(/^Test\/Queries\/[a-z ,]+$/),
      LogGroupNames: [{ Ref: expect.stringMatching(/^sqsLogs/) }, { Ref: expect.stringMatching(/^snsLogs/) }],
    });
  }
  expect(queries.map(({ Properties }) => Properties.QueryString)).toContain(
    'filter ispresent(records) and ispresent(code)\n| stats sum(records) as total by code, cause, outcome, retryable, service\n| sort total desc',
  );
});

test('a folder may be given', () => {
  const stack = testStack();
  const cluster = new RocketMqCluster(stack, 'Cluster', { nameServers: ['10.0.1.5:9876'] });
  const props = { cluster, topic: 'orders', producerGroup: 'orders', source: 'sqs' };
  const producers = [new RocketMqProducerFunction(stack, 'Sqs', props)];
  new RocketMqLogQueries(stack, 'Queries', { producers, folder: 'shop/orders' });
  Template.fromStack(stack).hasResourceProperties('AWS::Logs::QueryDefinition', {
    Name: 'shop/orders/failures by code',
  });
});

/** Words that a query takes for fields of our own lines; functions, aliases and Lambda's own fields are not among them. */
function fieldsAsked(name: 'failuresByCode' | 'latestFailures' | 'oneRecord' | 'possiblyStored' | 'poison'): string[] {
  const text = logQueries[name].lines.join(' ').replace(/"[^"]*"|@\w+|as total|sort total/g, ' ');
  const ours = /\b(records|recordId|code|cause|outcome|retryable|reason|service|function_request_id)\b/g;
  const known = new Set('fields filter stats sort limit by and or ispresent desc asc sum like'.split(' '));
  const words = text.match(/[A-Za-z_]\w*/g) ?? [];
  expect(words.filter((word) => !known.has(word) && word.match(ours) === null)).toEqual([]);
  return words.filter((word) => !known.has(word));
}

test('queries about records ask for fields that the functions write', async () => {
  const environment = {
    POWERTOOLS_SERVICE_NAME: 'orders',
    ROCKETMQ_TOPIC: 'orders',
    ROCKETMQ_PRODUCER_GROUP: 'orders',
    ROCKETMQ_NAME_SERVERS: '127.0.0.1:1',
  };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  vi.resetModules();
  const { RemotingTimeoutError, SendFailedError } = await import('#rocketmq');
  const { withProducer } = await import('../../../functions/invocation/with-producer.ts');
  const handler = middy<unknown, void, Error, ProducerContext>({ timeoutEarlyInMillis: 0 })
    .use(withProducer<unknown, void>())
    .handler(async (_event, { rocketmq }) => {
      const error = new SendFailedError('orders', 'm-1', [], new RemotingTimeoutError('a:1', 1, 2000));
      rocketmq.record({ status: 'failed', error }, 1, 'record-1');
    });
  const context = { awsRequestId: '1', getRemainingTimeInMillis: () => 10_000 } as unknown as ProducerContext;
  const lines = await linesOf(() => handler({}, context));
  vi.unstubAllEnvs();
  const line = lines.find(({ recordId }) => recordId === 'record-1');
  for (const name of ['failuresByCode', 'latestFailures', 'oneRecord', 'possiblyStored', 'poison'] as const) {
    expect(Object.keys(line ?? {})).toEqual(expect.arrayContaining(fieldsAsked(name)));
  }
});

test('the query about connections asks for metrics that the functions write', async () => {
  const connectionsOpened = { first: 1, idle: 1, 'closed by peer': 1, error: 1, timeout: 1 };
  const [line = {}] = await linesOf(() =>
    new InvocationMetrics('Orders').publish({ isCold: true, connectionsOpened, parameterAgeMs: 1, dueWorkFailures: 0 }),
  );
  const names = logQueries.connections.lines.join(' ').match(/ConnectionsOpened\w*/g) ?? [];
  expect(Object.keys(line)).toEqual(expect.arrayContaining(names));
});

/** JSON lines that something writes to stdout and stderr. */
async function linesOf(run: () => unknown): Promise<Record<string, unknown>[]> {
  let written = '';
  const spies = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, 'write').mockImplementation((chunk) => {
      written += String(chunk);
      return true;
    }),
  );
  try {
    await run();
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return written.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []));
}
