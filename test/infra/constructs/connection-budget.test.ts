import { Lazy } from 'aws-cdk-lib';
import { describe, expect, test } from 'vitest';
import { ConnectionBudget, connectionLimitFaults } from '../../../infra/constructs/connection-budget.ts';
import { RocketMqCluster } from '../../../infra/constructs/rocketmq-cluster.ts';
import { SnsToRocketMq } from '../../../infra/constructs/sns-to-rocketmq.ts';
import { SqsToRocketMq } from '../../../infra/constructs/sqs-to-rocketmq.ts';
import { errorsOf, testStack, warningsOf } from '../test-app.ts';

describe('the budget', () => {
  test('counts a connection for each sandbox and broker, over all functions', () => {
    const budget = new ConnectionBudget({ brokerCount: 3, connectionBudget: 60 });
    expect(budget.add({ path: 'Stack/A', sandboxes: 10 })).toEqual({});
    expect(budget.add({ path: 'Stack/B', sandboxes: 10 })).toEqual({});
    expect(budget.add({ path: 'Stack/C', sandboxes: 1 }).error).toEqual({
      id: 'connection-budget',
      text: expect.stringMatching(
        /can open 63 connections to its 3 brokers \(Stack\/A 30, Stack\/B 30, Stack\/C 3\), and its connectionBudget is 60/,
      ),
    });
  });

  test('counts for one broker unless told of more', () => {
    expect(new ConnectionBudget({ connectionBudget: 9 }).add({ path: 'A', sandboxes: 10 })).toHaveProperty('error');
    expect(new ConnectionBudget({ connectionBudget: 10 }).add({ path: 'A', sandboxes: 10 })).toEqual({});
  });

  test('counts the brokers that a sandbox is limited to', () => {
    const budget = new ConnectionBudget({ brokerCount: 20, connectionBudget: 20 });
    expect(budget.add({ path: 'A', sandboxes: 10, brokersPerSandbox: 2 })).toEqual({});
    expect(budget.add({ path: 'B', sandboxes: 1, brokersPerSandbox: 50 }).error?.text).toContain('A 20, B 20');
  });

  test('warns of a function whose sandboxes nobody limits', () => {
    expect(new ConnectionBudget({ connectionBudget: 9 }).add({ path: 'A', sandboxes: undefined }).warning?.id).toBe(
      'connection-budget-unknown',
    );
  });

  test('says nothing where there is none, or where a limit is known at deployment only', () => {
    expect(new ConnectionBudget({}).add({ path: 'A', sandboxes: undefined })).toEqual({});
    const atDeployment = Lazy.number({ produce: () => 1000 });
    expect(new ConnectionBudget({ connectionBudget: 9 }).add({ path: 'A', sandboxes: atDeployment })).toEqual({});
    expect(new ConnectionBudget({ connectionBudget: atDeployment }).add({ path: 'A', sandboxes: 10 })).toEqual({});
    const unknownBrokers = new ConnectionBudget({ brokerCount: atDeployment, connectionBudget: 9 });
    expect(unknownBrokers.add({ path: 'A', sandboxes: 10 })).toEqual({});
  });

  test('counts all brokers for a sandbox whose limit of them is known at deployment only', () => {
    const budget = new ConnectionBudget({ brokerCount: 3, connectionBudget: 9 });
    const brokersPerSandbox = Lazy.number({ produce: () => 1 });
    expect(budget.add({ path: 'A', sandboxes: 10, brokersPerSandbox }).error?.text).toContain('can open 30');
  });
});

test.each([
  [{}, []],
  [{ brokerCount: 3, connectionBudget: 1 }, []],
  [{ brokerCount: 0 }, ['brokerCount is 0; give a whole number of at least 1.']],
  [
    { brokerCount: 1.5, connectionBudget: -1 },
    [
      'brokerCount is 1.5; give a whole number of at least 1.',
      'connectionBudget is -1; give a whole number of at least 1.',
    ],
  ],
])('the limits %o have the faults %o', (limits, texts) => {
  expect(connectionLimitFaults(limits).map(({ text }) => text)).toEqual(texts);
});

test('functions of a cluster are held against its budget where they are made', () => {
  const stack = testStack();
  const cluster = new RocketMqCluster(stack, 'Cluster', {
    nameServers: ['10.0.1.5:9876'],
    brokerCount: 2,
    connectionBudget: 50,
  });
  const target = { cluster, topic: 'orders', producerGroup: 'orders' };
  new SqsToRocketMq(stack, 'Sqs', { ...target, maxConcurrency: 20 });
  new SnsToRocketMq(stack, 'Reserved', { ...target, functionOptions: { reservedConcurrentExecutions: 10 } });
  new SnsToRocketMq(stack, 'Unlimited', target);
  expect(errorsOf(stack)).toEqual([
    expect.stringMatching(
      /^\[rocketmq-lambda:connection-budget\] .* 60 connections .*Sqs\/Producer 40, Test\/Reserved\/Producer 20/,
    ),
  ]);
  expect(warningsOf(stack)).toEqual([
    expect.stringMatching(/^The cluster has a connectionBudget.*\[ack: rocketmq-lambda:connection-budget-unknown\]/),
  ]);
});

test.each([
  ['the smaller limit of source and reservation counts', 5, 5],
  ['a limit known at deployment only does not hide one that is known', Lazy.number({ produce: () => 5 }), 30],
])('%s', (_what, maxConcurrency, connections) => {
  const stack = testStack();
  const cluster = new RocketMqCluster(stack, 'Cluster', { nameServers: ['10.0.1.5:9876'], connectionBudget: 4 });
  new SqsToRocketMq(stack, 'Sqs', {
    cluster,
    topic: 'orders',
    producerGroup: 'orders',
    maxConcurrency,
    functionOptions: { reservedConcurrentExecutions: 30 },
  });
  expect(errorsOf(stack)).toEqual([expect.stringContaining(`can open ${connections} connections`)]);
});

test.each([
  ['a standard queue', {}, []],
  [
    'a FIFO queue, whose messages go to the broker of their queue',
    { fifo: true },
    [expect.stringMatching(/open 50 conn/)],
  ],
  [
    'a mapping that gives messages sharding keys',
    { mapping: { shardingKey: 'body.customer' } },
    [expect.stringMatching(/open 50 conn/)],
  ],
  ['a mapping that gives them none', { mapping: { tag: 'body.kind' } }, []],
  ['all brokers', { brokersPerSandbox: 0 }, [expect.stringMatching(/open 50 conn/)]],
])('brokersPerSandbox counts with %s', (_title, props, errors) => {
  const stack = testStack();
  const cluster = new RocketMqCluster(stack, 'Cluster', {
    nameServers: ['10.0.1.5:9876'],
    brokerCount: 5,
    connectionBudget: 10,
  });
  const target = { cluster, topic: 'orders', producerGroup: 'orders', brokersPerSandbox: 1 };
  new SqsToRocketMq(stack, 'Sqs', { ...target, ...props });
  expect(errorsOf(stack)).toEqual(errors);
});
