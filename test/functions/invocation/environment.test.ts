import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { OptionsError } from '#rocketmq';
import {
  asksSsmAtOnce,
  environmentRules,
  readEnvironment,
  readMetadataEndpoint,
  readTraceId,
} from '../../../functions/invocation/environment.ts';

const least = { ROCKETMQ_TOPIC: 'orders', ROCKETMQ_PRODUCER_GROUP: 'orders-lambda', ROCKETMQ_NAME_SERVERS: 'a:9876' };

/** What is told of variables that cannot be used. */
function faultsOf(variables: NodeJS.ProcessEnv): readonly string[] {
  try {
    readEnvironment(variables);
  } catch (error) {
    if (error instanceof OptionsError) return error.faults;
    throw error;
  }
  return [];
}

describe('the environment', () => {
  test('needs a topic, a group and name servers; everything else has a default', () => {
    expect(readEnvironment(least)).toEqual({
      topic: 'orders',
      producerGroup: 'orders-lambda',
      nameServerParameter: undefined,
      nameServers: ['a:9876'],
      sendTimeoutMs: 6000,
      attemptTimeoutMs: 2000,
      deadlineReserveMs: 500,
      instanceName: undefined,
      unitName: undefined,
      namespace: undefined,
      aclParameter: undefined,
      tls: false,
      tlsCaParameter: undefined,
      tlsServername: undefined,
      brokersPerSandbox: 0,
      zone: undefined,
      brokerZones: undefined,
      transactionTopics: undefined,
      transactionTable: undefined,
      transactionAwakeMs: undefined,
      transactionPatienceMs: 60_000,
      ordersTable: undefined,
      deduplicate: 'redelivered',
      metricsNamespace: 'RocketMqLambda',
    });
  });

  test('is read from all its variables, blanks around them aside', () => {
    const variables = {
      ROCKETMQ_TOPIC: ' stock ',
      ROCKETMQ_PRODUCER_GROUP: 'stock-lambda',
      ROCKETMQ_NAME_SERVER_PARAMETER: '/rocketmq/name-servers',
      ROCKETMQ_NAME_SERVERS: 'a:9876;b:9876',
      ROCKETMQ_SEND_TIMEOUT_MS: '900',
      ROCKETMQ_ATTEMPT_TIMEOUT_MS: '300',
      ROCKETMQ_DEADLINE_RESERVE_MS: '0',
      ROCKETMQ_INSTANCE_NAME: 'one',
      ROCKETMQ_UNIT_NAME: 'unit',
      ROCKETMQ_NAMESPACE: 'tenant1',
      ROCKETMQ_ACL_PARAMETER: '/rocketmq/acl',
      ROCKETMQ_TLS: ' true ',
      ROCKETMQ_TLS_CA_PARAMETER: '/rocketmq/ca',
      ROCKETMQ_TLS_SERVERNAME: 'rocketmq.internal',
      ROCKETMQ_BROKERS_PER_SANDBOX: '2',
      ROCKETMQ_ZONE: 'auto',
      ROCKETMQ_BROKER_ZONES: ' broker-a = use1-az1; broker-b=use1-az2; ;',
      ROCKETMQ_TRANSACTION_TOPICS: ' orders, stock,,orders',
      ROCKETMQ_TRANSACTION_TABLE: 'log',
      ROCKETMQ_TRANSACTION_AWAKE_MS: '60000',
      ROCKETMQ_TRANSACTION_PATIENCE_MS: '0',
      ORDERS_TABLE: 'orders',
      ROCKETMQ_MAPPING: ' {"tag":"body.kind"} ',
      ROCKETMQ_DEDUPLICATE: 'always',
      POWERTOOLS_METRICS_NAMESPACE: 'Orders',
    };
    expect(readEnvironment(variables)).toEqual({
      topic: 'stock',
      producerGroup: 'stock-lambda',
      nameServerParameter: '/rocketmq/name-servers',
      nameServers: ['a:9876', 'b:9876'],
      sendTimeoutMs: 900,
      attemptTimeoutMs: 300,
      deadlineReserveMs: 0,
      instanceName: 'one',
      unitName: 'unit',
      namespace: 'tenant1',
      aclParameter: '/rocketmq/acl',
      tls: true,
      tlsCaParameter: '/rocketmq/ca',
      tlsServername: 'rocketmq.internal',
      brokersPerSandbox: 2,
      zone: 'auto',
      brokerZones: { 'broker-a': 'use1-az1', 'broker-b': 'use1-az2' },
      transactionTopics: ['orders', 'stock'],
      transactionTable: 'log',
      transactionAwakeMs: 60_000,
      transactionPatienceMs: 0,
      ordersTable: 'orders',
      mapping: '{"tag":"body.kind"}',
      deduplicate: 'always',
      metricsNamespace: 'Orders',
    });
    expect(Object.keys(variables).toSorted()).toEqual(
      Object.values(environmentRules)
        .map(({ variable }) => variable)
        .toSorted(),
    );
  });

  test.each([0, 60_000])('takes the ends of a range: %d ms', (ms) => {
    expect(readEnvironment({ ...least, ROCKETMQ_DEADLINE_RESERVE_MS: `${ms}` }).deadlineReserveMs).toBe(ms);
  });

  test('cannot be changed after it was read', () => {
    expect(Object.isFrozen(readEnvironment(least))).toBe(true);
  });

  test('takes an empty variable for none', () => {
    const variables = { ...least, ROCKETMQ_NAME_SERVER_PARAMETER: ' ', ROCKETMQ_SEND_TIMEOUT_MS: '' };
    expect(readEnvironment(variables)).toMatchObject({ nameServerParameter: undefined, sendTimeoutMs: 6000 });
  });

  test('with a parameter needs no name servers', () => {
    const { ROCKETMQ_NAME_SERVERS: _, ...rest } = least;
    const variables = { ...rest, ROCKETMQ_NAME_SERVER_PARAMETER: '/ns' };
    expect(readEnvironment(variables)).toMatchObject({ nameServerParameter: '/ns', nameServers: undefined });
  });

  test('is not taken from this process when variables are given', () => {
    process.env.ROCKETMQ_UNIT_NAME = 'of-the-process';
    try {
      expect(readEnvironment(least).unitName).toBeUndefined();
      expect(readEnvironment({ ...process.env, ...least }).unitName).toBe('of-the-process');
    } finally {
      delete process.env.ROCKETMQ_UNIT_NAME;
    }
  });
});

describe('faults of the environment', () => {
  test('are told all at once, each with its variable', () => {
    const faults = faultsOf({
      ROCKETMQ_TOPIC: 'two words',
      ROCKETMQ_NAME_SERVERS: 'a:9876;b;c:0;d:65536',
      ROCKETMQ_SEND_TIMEOUT_MS: '1s',
      ROCKETMQ_DEADLINE_RESERVE_MS: '-1',
    });
    expect(faults).toEqual([
      'ROCKETMQ_TOPIC is "two words": topic "two words" may hold only letters, digits, "%", "|", "-" and "_"',
      'ROCKETMQ_PRODUCER_GROUP is missing (Producer group)',
      expect.stringMatching(/^ROCKETMQ_NAME_SERVERS is "a:9876;b;c:0;d:65536": .*"b".*"c:0".*"d:65536"/),
      expect.stringMatching(/^ROCKETMQ_SEND_TIMEOUT_MS is "1s": it must be a whole number of milliseconds from 1 to/),
      'ROCKETMQ_DEADLINE_RESERVE_MS is "-1": it must be a whole number of milliseconds from 0 to 60000',
    ]);
  });

  test('of a value are told once, and not again for what it does to others', () => {
    const faults = faultsOf({ ...least, ROCKETMQ_TLS: 'yes', ROCKETMQ_TLS_CA_PARAMETER: '/ca' });
    expect(faults).toEqual(['ROCKETMQ_TLS is "yes": it must be true or false']);
  });

  test('of an empty environment name what is needed', () => {
    expect(faultsOf({})).toEqual([
      'ROCKETMQ_TOPIC is missing (Topic that records go to; it must exist)',
      'ROCKETMQ_PRODUCER_GROUP is missing (Producer group)',
      'ROCKETMQ_NAME_SERVER_PARAMETER and ROCKETMQ_NAME_SERVERS are both missing: set one of them, or both',
    ]);
    expect(() => readEnvironment({})).toThrow('environment variables: ROCKETMQ_TOPIC is missing');
  });

  test.each<[string, string, string]>([
    ['ROCKETMQ_TOPIC', 'TBW102', 'topic "TBW102" belongs to the broker'],
    ['ROCKETMQ_PRODUCER_GROUP', 'DEFAULT_PRODUCER', 'choose a name of your own'],
    ['ROCKETMQ_NAME_SERVERS', ' ; ', 'it must name at least one host:port'],
    ['ROCKETMQ_NAME_SERVERS', 'http://a:9876', '"http://a:9876" is not host:port'],
    ['ROCKETMQ_NAME_SERVERS', 'a:', '"a:" has no port from 1 to 65535'],
    ['ROCKETMQ_SEND_TIMEOUT_MS', '0', 'from 1 to 900000'],
    ['ROCKETMQ_SEND_TIMEOUT_MS', '900001', 'from 1 to 900000'],
    ['ROCKETMQ_SEND_TIMEOUT_MS', '1e3', 'a whole number of milliseconds'],
    ['ROCKETMQ_SEND_TIMEOUT_MS', '1000.5', 'a whole number of milliseconds'],
    ['ROCKETMQ_ATTEMPT_TIMEOUT_MS', '6000', 'it must be less than ROCKETMQ_SEND_TIMEOUT_MS (6000)'],
    ['ROCKETMQ_DEADLINE_RESERVE_MS', '60001', 'from 0 to 60000'],
    ['ROCKETMQ_TRANSACTION_TOPICS', 'orders,two words', 'topic "two words" may hold only'],
    ['ROCKETMQ_TRANSACTION_TOPICS', ' , ', 'it must name at least one topic'],
    ['ROCKETMQ_TRANSACTION_AWAKE_MS', '0', 'from 1 to 900000'],
    ['ROCKETMQ_NAMESPACE', 'two words', 'topic "two words%orders" may hold only letters'],
    ['ROCKETMQ_NAMESPACE', 'n'.repeat(121), 'is longer than 127 characters'],
    ['ROCKETMQ_TLS', 'yes', 'it must be true or false'],
    ['ROCKETMQ_BROKERS_PER_SANDBOX', '-1', 'it must be a whole number from 0 to 10000'],
    ['ROCKETMQ_BROKERS_PER_SANDBOX', 'two', 'it must be a whole number from 0 to 10000'],
    ['ROCKETMQ_BROKER_ZONES', 'broker-a', 'it must be written as broker=zone'],
    ['ROCKETMQ_BROKER_ZONES', 'broker-a=z1,broker-b=z2', 'with ";" between brokers'],
    ['ROCKETMQ_BROKER_ZONES', 'broker-a=', 'it must be written as broker=zone'],
    ['ROCKETMQ_BROKER_ZONES', 'broker-a=z1; broker-b', 'it must be written as broker=zone'],
    ['ROCKETMQ_DEDUPLICATE', 'yes', 'it must be one of off, redelivered, always'],
    ['ROCKETMQ_BROKER_ZONES', 'broker-a=z1', 'needs ROCKETMQ_ZONE'],
    ['ROCKETMQ_TLS_CA_PARAMETER', '/ca', 'need ROCKETMQ_TLS=true'],
    ['ROCKETMQ_TLS_SERVERNAME', 'a', 'need ROCKETMQ_TLS=true'],
  ])('%s=%s: %s', (variable, value, reason) => {
    const faults = faultsOf({ ...least, [variable]: value });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(variable);
    expect(faults[0]).toContain(reason);
  });
});

test('nothing else of the functions reads the environment of the process', () => {
  const root = fileURLToPath(new URL('../../../functions/', import.meta.url));
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const readers = files.filter((file) => readFileSync(`${root}${file}`, 'utf8').includes('process.env'));
  expect(readers).toEqual(['invocation/environment.ts']);
});

test('the trace of an invocation is what Lambda puts into the environment, and undefined without it', () => {
  const traceId = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1';
  expect(readTraceId({ _X_AMZN_TRACE_ID: traceId })).toBe(traceId);
  expect([readTraceId({}), readTraceId({ _X_AMZN_TRACE_ID: '' })]).toEqual([undefined, undefined]);
  expect(readTraceId({ _X_AMZN_TRACE_ID: traceId, AWS_LAMBDA_MAX_CONCURRENCY: '8' })).toBeUndefined();
});

test('the metadata endpoint is where Lambda says, with its token', () => {
  const variables = { AWS_LAMBDA_METADATA_API: '169.254.100.1:9001', AWS_LAMBDA_METADATA_TOKEN: 'secret' };
  expect(readMetadataEndpoint(variables)).toEqual({ addr: '169.254.100.1:9001', token: 'secret' });
  expect(readMetadataEndpoint({ AWS_LAMBDA_METADATA_API: '169.254.100.1:9001' })).toBeUndefined();
  expect(readMetadataEndpoint({})).toBeUndefined();
});

test('SSM has to be asked at once for secrets, and for name servers without a seed', () => {
  const parameter = { ROCKETMQ_NAME_SERVER_PARAMETER: '/name-servers' };
  expect(asksSsmAtOnce(parameter)).toBe(true);
  expect(asksSsmAtOnce({ ...parameter, ROCKETMQ_NAME_SERVERS: ' ' })).toBe(true);
  expect(asksSsmAtOnce({ ...parameter, ROCKETMQ_NAME_SERVERS: 'a:9876' })).toBe(false);
  expect(asksSsmAtOnce({ ROCKETMQ_NAME_SERVERS: 'a:9876' })).toBe(false);
  expect(asksSsmAtOnce({ ROCKETMQ_NAME_SERVERS: 'a:9876', ROCKETMQ_ACL_PARAMETER: '/acl' })).toBe(true);
  expect(asksSsmAtOnce({ ROCKETMQ_NAME_SERVERS: 'a:9876', ROCKETMQ_TLS_CA_PARAMETER: '/ca' })).toBe(true);
});
