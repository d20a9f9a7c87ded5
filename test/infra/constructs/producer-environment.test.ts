import { Duration, Lazy } from 'aws-cdk-lib';
import { describe, expect, test } from 'vitest';
import { type EnvironmentRule, environmentRules, readEnvironment } from '../../../functions/invocation/environment.ts';
import {
  deduplications,
  environmentSizeFaults,
  functionDefaults,
  functionRanges,
  type ProducerSettings,
  producerEnvironment,
  propOfVariable,
  strayVariableFaults,
  variablesWithoutProp,
} from '../../../infra/constructs/producer-environment.ts';
import { RocketMqCluster } from '../../../infra/constructs/rocketmq-cluster.ts';
import { RocketMqProducerFunction } from '../../../infra/constructs/rocketmq-producer-function.ts';
import { errorsOf, testStack } from '../test-app.ts';

const settings: Required<ProducerSettings> = {
  topic: 'orders',
  producerGroup: 'orders-from-sqs',
  sendTimeout: Duration.seconds(5),
  attemptTimeout: Duration.millis(1500),
  deadlineReserve: Duration.millis(0),
  instanceName: 'orders',
  unitName: 'unit1',
  brokersPerSandbox: 2,
  zone: 'auto',
  brokerZones: { 'broker-a': 'use1-az1', 'broker-b': 'use1-az2' },
  deduplicate: 'always',
  mapping: { tag: 'body.kind', keys: ['body.id'], properties: { from: { literal: 'web' } } },
};
const surroundings = {
  nameServerParameterName: '/rocketmq/name-servers',
  seed: ['10.0.1.5:9876', '10.0.2.5:9876'],
  serviceName: 'orders',
  metricsNamespace: 'Shop',
};

test('the function reads from its environment what the construct was given', () => {
  expect(readEnvironment(producerEnvironment(settings, surroundings))).toEqual({
    topic: 'orders',
    producerGroup: 'orders-from-sqs',
    nameServerParameter: '/rocketmq/name-servers',
    nameServers: ['10.0.1.5:9876', '10.0.2.5:9876'],
    sendTimeoutMs: 5000,
    attemptTimeoutMs: 1500,
    deadlineReserveMs: 0,
    instanceName: 'orders',
    unitName: 'unit1',
    namespace: undefined,
    aclParameter: undefined,
    tls: false,
    tlsCaParameter: undefined,
    tlsServername: undefined,
    brokersPerSandbox: 2,
    zone: 'auto',
    brokerZones: { 'broker-a': 'use1-az1', 'broker-b': 'use1-az2' },
    transactionTopics: undefined,
    transactionTable: undefined,
    transactionAwakeMs: undefined,
    transactionPatienceMs: 60_000,
    ordersTable: undefined,
    deduplicate: 'always',
    mapping: '{"tag":"body.kind","keys":["body.id"],"properties":{"from":{"literal":"web"}}}',
    metricsNamespace: 'Shop',
  });
});

test('the construct sets every variable that the function knows, but those that have no prop yet', () => {
  const variables = Object.keys(producerEnvironment(settings, surroundings));
  const known = Object.values(environmentRules).map(({ variable }) => variable);
  expect(known.filter((variable) => !variables.includes(variable))).toEqual([
    'ROCKETMQ_NAMESPACE',
    'ROCKETMQ_ACL_PARAMETER',
    'ROCKETMQ_TLS',
    'ROCKETMQ_TLS_CA_PARAMETER',
    'ROCKETMQ_TLS_SERVERNAME',
    // Of two functions alone, which other constructs deploy.
    'ROCKETMQ_TRANSACTION_TOPICS',
    'ROCKETMQ_TRANSACTION_TABLE',
    'ROCKETMQ_TRANSACTION_AWAKE_MS',
    'ROCKETMQ_TRANSACTION_PATIENCE_MS',
    'ORDERS_TABLE',
  ]);
});

test('synth knows every variable of ours that the function knows, with its prop where it has one', () => {
  const known = Object.values(environmentRules).map(({ variable }) => variable);
  const ours = known.filter((variable) => variable.startsWith('ROCKETMQ_'));
  const always = ['ROCKETMQ_TOPIC', 'ROCKETMQ_PRODUCER_GROUP', 'ROCKETMQ_NAME_SERVER_PARAMETER'];
  expect([...always, ...Object.keys(propOfVariable), ...variablesWithoutProp].toSorted()).toEqual(ours.toSorted());
});

test('synth reckons with the defaults that the function has', () => {
  const { sendTimeoutMs, attemptTimeoutMs, deadlineReserveMs } = environmentRules;
  expect(functionDefaults).toEqual({
    sendTimeoutMs: sendTimeoutMs.default,
    attemptTimeoutMs: attemptTimeoutMs.default,
    deadlineReserveMs: deadlineReserveMs.default,
  });
});

test('synth knows the words that the function knows', () => {
  expect(deduplications).toEqual(environmentRules.deduplicate.allowed);
});

test('synth refuses what is out of the ranges that the function has', () => {
  const { sendTimeoutMs, attemptTimeoutMs, deadlineReserveMs, brokersPerSandbox } = environmentRules;
  const range = ({ min, max }: EnvironmentRule) => ({ min, max });
  expect(functionRanges).toEqual({
    sendTimeout: range(sendTimeoutMs),
    attemptTimeout: range(attemptTimeoutMs),
    deadlineReserve: range(deadlineReserveMs),
    brokersPerSandbox: range(brokersPerSandbox),
  });
});

describe('a variable of ours that a caller sets', () => {
  test.each([
    [
      'what only the prop has checked',
      'ROCKETMQ_SEND_TIMEOUT_MS',
      /, which is checked only in the prop sendTimeout\. /,
    ],
    ['what the cluster says', 'ROCKETMQ_TLS', /, which is checked only in the prop tls of RocketMqCluster\. /],
    ['what no function reads', 'ROCKETMQ_SEND_TIMEOUT', /, which no function reads\. /],
  ])('is a fault when it says %s', (_what, name, text) => {
    const faults = strayVariableFaults({ [name]: '3000' }, {});
    expect(faults).toEqual([{ id: 'environment', text: expect.stringContaining(`environment sets ${name}, `) }]);
    expect(faults[0]?.text).toMatch(text);
  });

  test.each(variablesWithoutProp)('is none when it has no prop there: %s', (name) => {
    expect(strayVariableFaults({ [name]: 'said' }, {})).toEqual([]);
  });

  test('is none of this kind when the construct sets it too, or when it is of somebody else', () => {
    const given = { ROCKETMQ_ZONE: 'auto', POWERTOOLS_LOG_LEVEL: 'DEBUG' };
    expect(strayVariableFaults(given, { ROCKETMQ_ZONE: 'auto' })).toEqual([]);
  });
});

describe('the room that Lambda has for all variables together', () => {
  const room = 4096 - '{"A":"","LONG":""}'.length;

  test('is measured in the JSON of names and values', () => {
    expect(environmentSizeFaults({ A: 'a', LONG: 'x'.repeat(room - 1) })).toEqual([]);
    expect(environmentSizeFaults({ A: 'a', LONG: 'x'.repeat(room) })).toEqual([
      { id: 'environment-size', text: expect.stringMatching(/ 4097 bytes .* 4096.* LONG, /) },
    ]);
  });

  test('is also taken by the name of a variable that is empty', () => {
    expect(environmentSizeFaults({ A: '', LONG: 'x'.repeat(room) })).toEqual([]);
    expect(environmentSizeFaults({ AB: '', LONG: 'x'.repeat(room) })).toHaveLength(1);
  });

  test('has bytes and no characters, and a quote takes two', () => {
    expect(environmentSizeFaults({ A: '', LONG: 'ü'.repeat(room / 2) })).toEqual([]);
    expect(environmentSizeFaults({ A: 'a', LONG: 'ü'.repeat(room / 2) })).toHaveLength(1);
    expect(environmentSizeFaults({ A: '', LONG: '"'.repeat(room / 2) })).toEqual([]);
    expect(environmentSizeFaults({ A: 'a', LONG: '"'.repeat(room / 2) })).toHaveLength(1);
  });

  test('has no known part for what is known at deployment only', () => {
    const atDeployment = Lazy.string({ produce: () => 'name' });
    expect(environmentSizeFaults({ A: atDeployment, LONG: 'x'.repeat(room) })).toEqual([]);
    expect(environmentSizeFaults({ A: `a${atDeployment}`, LONG: 'x'.repeat(room) })).toHaveLength(1);
  });
});

describe('a namespace', () => {
  /** Errors at synth of a function in a namespace, and the environment that the function would have. */
  function inNamespace(namespace: string, topic: string) {
    const stack = testStack();
    const cluster = new RocketMqCluster(stack, 'Cluster', { nameServers: surroundings.seed, namespace });
    new RocketMqProducerFunction(stack, 'Producer', { cluster, source: 'sqs', topic, producerGroup: 'orders' });
    const security = cluster.securityEnvironment;
    const environment = producerEnvironment({ topic, producerGroup: 'orders' }, { ...surroundings, security });
    return { errors: errorsOf(stack), environment };
  }

  test.each([
    ['a character that no topic may have', 'my shop', 'orders', /holds a character that RocketMQ does not allow/],
    ['so many that the topic is too long', 'n'.repeat(100), 'o'.repeat(27), /has 128 characters; RocketMQ allows 127/],
  ])('of %s is a fault at synth, where the function refuses it', (_title, namespace, topic, message) => {
    const { errors, environment } = inNamespace(namespace, topic);
    expect(errors).toEqual([expect.stringMatching(message)]);
    expect(errors[0]).toMatch(/^\[rocketmq-lambda:namespace\] The cluster has the namespace "/);
    expect(() => readEnvironment(environment)).toThrow(/ROCKETMQ_NAMESPACE/);
  });

  test('that the topic has already is none, as for the function', () => {
    const { errors, environment } = inNamespace('shop', `shop%${'o'.repeat(122)}`);
    expect(errors).toEqual([]);
    expect(readEnvironment(environment).namespace).toBe('shop');
  });

  test('that is known at deployment only is none', () => {
    expect(inNamespace(Lazy.string({ produce: () => 'my shop' }), 'orders').errors).toEqual([]);
  });
});
