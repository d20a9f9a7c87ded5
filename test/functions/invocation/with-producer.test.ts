import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Producer } from '#rocketmq';
import type { ProducerContext, ProducerInvocation } from '../../../functions/invocation/with-producer.ts';
import { RequestCode } from '../../../functions/rocketmq/protocol/request-code.ts';
import { type EmbeddedCluster, startEmbeddedCluster } from '../../../local/embedded/embedded-cluster.ts';
import { rejectionOf, TOPIC } from '../rocketmq/producer/start-producer.ts';
import { metricLinesOf } from './metric-lines.ts';

type Work = (invocation: ProducerInvocation, event: unknown) => Promise<unknown>;

let cluster: EmbeddedCluster;
/** The middleware of a process that has not run yet. */
let modules: {
  withProducer: typeof import('../../../functions/invocation/with-producer.ts').withProducer;
  warmClient: typeof import('../../../functions/invocation/warm-client.ts').warmClient;
  logger: typeof import('../../../functions/invocation/logger.ts').logger;
};

beforeEach(async () => {
  cluster = await startEmbeddedCluster({ topics: [{ name: TOPIC, queues: 4 }] });
  Object.assign(process.env, {
    ROCKETMQ_TOPIC: TOPIC,
    ROCKETMQ_PRODUCER_GROUP: 'orders-lambda',
    ROCKETMQ_NAME_SERVERS: cluster.nameServerAddrs.join(';'),
  });
  vi.resetModules();
  modules = {
    ...(await import('../../../functions/invocation/with-producer.ts')),
    ...(await import('../../../functions/invocation/warm-client.ts')),
    ...(await import('../../../functions/invocation/logger.ts')),
  };
});

afterEach(async () => {
  vi.useRealTimers();
  if (process.env.ROCKETMQ_TOPIC !== undefined) await modules.warmClient().client.shutdown();
  await cluster.stop();
});

function contextOf(awsRequestId: string, remainingMs = 10_000): Context {
  return { awsRequestId, getRemainingTimeInMillis: () => remainingMs } as unknown as Context;
}

/** A handler that does some work, as a function would have it. */
function handlerOf(work: Work): (event: unknown, context: Context) => Promise<unknown> {
  const handler = middy<unknown, unknown, Error, ProducerContext>({ timeoutEarlyInMillis: 0 })
    .use(modules.withProducer<unknown, unknown>())
    .handler((event, { rocketmq }) => work(rocketmq, event));
  return async (event, context) => handler(event, context as ProducerContext);
}

/** Sends one message and tells the middleware of it. */
const sendOne: Work = async ({ producer, deadline, record }, event) => {
  const result = await producer.send({ topic: TOPIC, body: String(event) }, { deadline });
  record({ status: 'stored', result }, 1, String(event));
  return event;
};

/** Sends one message in a transaction. */
const commits = (producer: Producer, event: unknown) =>
  producer.sendTransaction({ topic: TOPIC, body: String(event) }, async () => 'commit');

describe('a handler behind withProducer', () => {
  test('is given the producer, the environment and a deadline with the reserve taken off', async () => {
    const seen = Promise.withResolvers<ProducerInvocation>();
    await metricLinesOf(() =>
      handlerOf(async (invocation) => seen.resolve(invocation))(undefined, contextOf('1', 3000)),
    );
    const { producer, environment, deadline, client } = await seen.promise;
    expect(producer.group).toBe('orders-lambda');
    expect(environment.topic).toBe(TOPIC);
    expect(deadline.remainingMs()).toBe(2500);
    expect(client).toBe(modules.warmClient().client);
  });

  test('sends by its deadline, also where it gives none', async () => {
    const handler = handlerOf(({ producer }, event) => producer.send({ topic: TOPIC, body: String(event) }));
    await metricLinesOf(async () => {
      const error = await rejectionOf(handler('late', contextOf('1', 503)));
      expect(error).toMatchObject({ code: 'ROCKETMQ_DEADLINE', outcome: 'notSent', remainingMs: 3 });
      await handler('in time', contextOf('2'));
    });
    expect(cluster.messages(TOPIC).map(({ body }) => body.toString())).toEqual(['in time']);
  });

  test('is given the trace of each invocation', async () => {
    const traces: (string | undefined)[] = [];
    const handler = handlerOf(async ({ traceId }) => traces.push(traceId));
    await metricLinesOf(() => handler(undefined, contextOf('1')));
    for (const trace of ['Root=1-first', 'Root=1-second']) {
      vi.stubEnv('_X_AMZN_TRACE_ID', trace);
      await metricLinesOf(() => handler(undefined, contextOf(trace)));
    }
    vi.unstubAllEnvs();
    expect(traces).toEqual([undefined, 'Root=1-first', 'Root=1-second']);
  });

  test('connects to nothing when it sends nothing', async () => {
    const lines = await metricLinesOf(() => handlerOf(async () => undefined)(undefined, contextOf('1')));
    expect(lines).toMatchObject([{ ColdStart: 1, MessagesSent: 0, ConnectionsOpened: 0 }]);
    expect(cluster.nameServer().connections.total).toBe(0);
  });

  test('has one client for all its invocations, and is cold once', async () => {
    const clients = new Set<unknown>();
    const handler = handlerOf(async (invocation, event) => {
      clients.add(invocation.client);
      return sendOne(invocation, event);
    });
    const lines = await metricLinesOf(async () => {
      for (const id of ['1', '2', '3']) await handler(id, contextOf(id));
    });
    expect(clients.size).toBe(1);
    expect(lines).toMatchObject([
      { ColdStart: 1, MessagesSent: 1, ConnectionsOpened: 2, connectionsOpened: '{"first":2}' },
      { ColdStart: 0, MessagesSent: 1, ConnectionsOpened: 0 },
      { ColdStart: 0, MessagesSent: 1, ConnectionsOpened: 0 },
    ]);
    expect(cluster.broker().connections.total).toBe(1);
  });

  test('fails with what it threw, after the due work was waited for and metrics were written', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    await metricLinesOf(() => handlerOf(sendOne)('1', contextOf('1')));
    const { client } = modules.warmClient();
    vi.setSystemTime(Date.now() + 40_000);
    const release = Promise.withResolvers<void>();
    const asked = cluster.nameServer().requests.count(RequestCode.GET_ROUTEINFO_BY_TOPIC);
    cluster.nameServer().faults.add({ kind: 'delay', until: release.promise });
    let isOver = false;
    const lines = await metricLinesOf(async () => {
      const failing = rejectionOf(
        handlerOf(async () => {
          throw new TypeError('of the handler');
        })('2', contextOf('2')),
      ).finally(() => {
        isOver = true;
      });
      await cluster.nameServer().requests.arrived(RequestCode.GET_ROUTEINFO_BY_TOPIC, asked + 1);
      expect(isOver).toBe(false);
      release.resolve();
      expect(await failing).toMatchObject({ name: 'TypeError', message: 'of the handler' });
    });
    expect(client.pendingCount).toBe(0);
    expect(lines).toMatchObject([{ ColdStart: 0, MessagesSent: 0 }]);
    expect(client.dueWorkReport()).toContainEqual(
      expect.objectContaining({ name: 'updateTopicRouteInfoFromNameServer', runs: 1, failures: 0 }),
    );
  });

  test.each<[string, Work]>([
    [
      'fails beside them',
      ({ producer }, event) => Promise.all([producer.send({ topic: TOPIC, body: '' }), commits(producer, event)]),
    ],
    ['does not wait for them', async ({ producer }, event) => void commits(producer, event)],
  ])('leaves no send of its own behind when it %s', async (_what, work) => {
    const handler = handlerOf(work);
    await metricLinesOf(async () => {
      for (const id of ['cold', 'warm']) await handler(id, contextOf(id)).catch(() => undefined);
    });
    expect(
      cluster
        .messages(TOPIC)
        .map(({ body }) => body.toString())
        .toSorted(),
    ).toEqual(['cold', 'warm']);
    // A broker would ask for transactions of others too, and wait in vain for a sandbox that is frozen.
    expect(cluster.broker().producers.clients('orders-lambda')).toEqual([]);
    expect(modules.warmClient().client.pendingCount).toBe(0);
  });

  test('counts each failed run of due work once', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const handler = handlerOf(sendOne);
    await metricLinesOf(() => handler('1', contextOf('1')));
    vi.setSystemTime(Date.now() + 40_000);
    cluster.nameServer().faults.add({ kind: 'answer', code: 1, codes: [RequestCode.GET_ROUTEINFO_BY_TOPIC] });
    const lines = await metricLinesOf(async () => {
      for (const id of ['2', '3']) await handler(id, contextOf(id));
    });
    expect(lines).toMatchObject([
      { DueWorkFailures: 1, MessagesSent: 1 },
      { DueWorkFailures: 0, MessagesSent: 1 },
    ]);
  });

  test.each<[string, string, Work, string]>([
    ['a variable of Powertools that is no boolean', '', sendOne, 'POWERTOOLS_METRICS_DISABLED must be a boolean'],
    [
      'a metric without a name',
      'false',
      async (invocation, event) => {
        if (event === '1') invocation.count('', 1);
        return sendOne(invocation, event);
      },
      'The metric name should be between',
    ],
  ])('answers though its metrics cannot be written, because of %s, and says so', async (_what, disabled, work, why) => {
    vi.stubEnv('POWERTOOLS_METRICS_DISABLED', disabled);
    const warned = vi.spyOn(modules.logger, 'error').mockImplementation(() => undefined);
    const handler = handlerOf(work);
    await metricLinesOf(async () => expect(await handler('1', contextOf('1'))).toBe('1'));
    expect(cluster.messages(TOPIC).map(({ body }) => body.toString())).toEqual(['1']);
    expect(warned.mock.calls).toEqual([
      ['metrics were not written', { reason: expect.stringContaining(why), function_request_id: '1' }],
    ]);
    vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'false');
    const lines = await metricLinesOf(() => handler('2', contextOf('2')));
    expect(lines).toMatchObject([{ ColdStart: 0, MessagesSent: 1 }]);
    vi.unstubAllEnvs();
  });

  test('that another middleware answered for is ended by the first invocation after its time', async () => {
    let remainingMs = 10_000;
    const answered = middy<unknown, unknown, Error, ProducerContext>({ timeoutEarlyInMillis: 0 })
      .use(modules.withProducer<unknown, unknown>())
      .before((request) => (request.event === 'early' ? 'answered' : undefined))
      .handler((event, { rocketmq }) => sendOne(rocketmq, event));
    const context = (id: string) =>
      ({ ...contextOf(id), getRemainingTimeInMillis: () => remainingMs }) as ProducerContext;
    const lines = await metricLinesOf(async () => {
      expect(await answered('early', context('1'))).toBe('answered');
      remainingMs = 0;
      expect(await answered('sent', contextOf('2') as ProducerContext)).toBe('sent');
    });
    expect(lines).toMatchObject([
      { ColdStart: 1, MessagesSent: 0 },
      { ColdStart: 0, MessagesSent: 1 },
    ]);
    // With time that is over, no connection would be told of the group.
    expect(cluster.broker().requests.count(RequestCode.HEART_BEAT)).toBe(1);
  });

  test('leaves nothing under way, neither requests nor timers', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
    const before = timers();
    await metricLinesOf(() => handlerOf(sendOne)('1', contextOf('1')));
    expect(modules.warmClient().client.pendingCount).toBe(0);
    // What the test runner had waiting may have ended meanwhile.
    expect(timers()).toBeLessThanOrEqual(before);
  });

  test('is not run when the environment is faulty, and is when that was mended', async () => {
    const { ROCKETMQ_TOPIC: topic } = process.env;
    process.env.ROCKETMQ_TOPIC = 'two words';
    const handler = handlerOf(sendOne);
    const error = await rejectionOf(handler('1', contextOf('1')));
    expect(error).toMatchObject({ code: 'ROCKETMQ_OPTIONS' });
    process.env.ROCKETMQ_TOPIC = topic;
    await metricLinesOf(async () => expect(await handler('2', contextOf('2'))).toBe('2'));
  });
});

describe('eight invocations at once in one process', () => {
  test('share one client, connect once, and see nothing of each other', async () => {
    const ids = Array.from({ length: 8 }, (_, index) => `${index}`);
    const together = Promise.withResolvers<void>();
    let begun = 0;
    const handler = handlerOf(async (invocation, event) => {
      const { producer, deadline, record, client } = invocation;
      if (++begun === ids.length) together.resolve();
      await together.promise;
      const count = Number(event);
      const messages = Array.from({ length: count }, (_, index) => ({ topic: TOPIC, body: `${count}-${index}` }));
      for (const outcome of await producer.sendAll(messages, { deadline })) record(outcome, count, `${event}`);
      return { event, client, remainingMs: deadline.remainingMs() };
    });
    let answers: unknown[] = [];
    const lines = await metricLinesOf(async () => {
      answers = await Promise.all(ids.map((id) => handler(id, contextOf(id, 5000 + Number(id)))));
    });
    const { client } = modules.warmClient();
    expect(answers).toEqual(ids.map((id) => ({ event: id, client, remainingMs: 4500 + Number(id) })));
    expect(lines.map(({ MessagesSent }) => MessagesSent).toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    for (const { MessagesSent, SendMs = [] } of lines) {
      expect([SendMs].flat()).toEqual(Array(Number(MessagesSent)).fill(MessagesSent));
    }
    expect(lines.filter(({ ColdStart }) => ColdStart === 1)).toHaveLength(1);
    expect(cluster.messages(TOPIC)).toHaveLength(28);
    expect(client.pendingCount).toBe(0);
  });

  test('have each connection counted in the metrics of one of them', async () => {
    const handler = handlerOf(sendOne);
    const lines = await metricLinesOf(() =>
      Promise.all(Array.from({ length: 8 }, (_, index) => handler(`${index}`, contextOf(`${index}`)))),
    );
    const counted = lines.reduce((sum, { ConnectionsOpened }) => sum + Number(ConnectionsOpened), 0);
    expect(counted).toBe(cluster.nameServer().connections.total + cluster.broker().connections.total);
  });

  test('ask for the due work once', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const handler = handlerOf(sendOne);
    await metricLinesOf(() => handler('cold', contextOf('cold')));
    const asked = cluster.nameServer().requests.count();
    vi.setSystemTime(Date.now() + 40_000);
    await metricLinesOf(() =>
      Promise.all(Array.from({ length: 8 }, (_, index) => handler(`${index}`, contextOf(`${index}`)))),
    );
    expect(cluster.nameServer().requests.count()).toBe(asked + 1);
  });
});
