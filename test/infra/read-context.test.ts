import { describe, expect, test } from 'vitest';
import { ContextError, readContext } from '../../infra/read-context.ts';

function faultsOf(given: Record<string, unknown>): readonly string[] {
  try {
    readContext(given);
  } catch (error) {
    if (error instanceof ContextError) return error.faults;
    throw error;
  }
  return [];
}

test('nothing given is nothing read', () => {
  expect(readContext({})).toEqual({});
});

test('values are read into their types', () => {
  expect(
    readContext({
      topic: 'orders',
      nameServers: 'a:9876;b:9876',
      batchSize: '100',
      fifo: 'false',
      logRetentionDays: 14,
    }),
  ).toEqual({ topic: 'orders', nameServers: ['a:9876', 'b:9876'], batchSize: 100, fifo: false, logRetentionDays: 14 });
});

test('keys of the CDK and of others are left alone', () => {
  expect(
    readContext({
      'aws:cdk:enable-path-metadata': true,
      '@aws-cdk/core:x': true,
      'team:name': 'x',
      'cli-telemetry': false,
    }),
  ).toEqual({});
});

test.each([
  ['toppic', 'topic'],
  ['nameServer', 'nameServers'],
  ['aclParameter', 'aclParameterName'],
  ['maxconcurrency', 'maxConcurrency'],
])('the misspelt key %s is refused together with the one that was probably meant', (name, meant) => {
  expect(faultsOf({ [name]: 'orders' })).toEqual([`${name}: is not a key of this app (did you mean "${meant}"?).`]);
});

test('a key that is like none is refused together with the list of those that exist', () => {
  expect(faultsOf({ colour: 'green' })).toEqual([
    expect.stringMatching(/^colour: is not a key of this app\. Known keys: .*\btopic\b/),
  ]);
});

test('names that every object has are not taken for keys', () => {
  expect(faultsOf({ constructor: 'x' })).toHaveLength(1);
});

test('all faults are told at once, each with its key, what is allowed, and what was given', () => {
  const given = { topic: 'a b', batchSize: 'ten', maxConcurrency: 1, nameServers: 'host' };
  expect(faultsOf(given)).toEqual([
    expect.stringMatching(/^topic: Topic "a b" holds a character .* \(given: "a b"\)$/),
    'batchSize: must be a whole number from 1 to 10000 (given: "ten")',
    'maxConcurrency: must be a whole number from 2 to 1000 (given: 1)',
    'nameServers: must be a list of name servers, host:port each, separated by commas (given: "host")',
  ]);
  expect(() => readContext(given)).toThrow(/has faults:\n {2}- topic: .*\n {2}- batchSize: /);
});

describe('the network', () => {
  const vpc = {
    vpcId: 'vpc-0123456789abcdef0',
    availabilityZones: 'eu-west-1a,eu-west-1b',
    privateSubnetIds: 'subnet-0123456789abcdef0,subnet-0123456789abcdef1',
    brokerCidr: '10.0.0.0/16',
  };

  test('is described by a VPC, its zones and subnets, and where brokers are', () => {
    expect(faultsOf(vpc)).toEqual([]);
  });

  test('is refused when a VPC comes alone', () => {
    expect(faultsOf({ vpcId: vpc.vpcId })).toEqual([
      'vpcId: needs availabilityZones too; nothing is looked up in an account.',
      'vpcId: needs privateSubnetIds too; nothing is looked up in an account.',
      'vpcId: needs brokerCidr or brokerSecurityGroupId, or the function could reach no broker.',
    ]);
  });

  test('is refused when the rest comes without a VPC', () => {
    const { vpcId: _, ...rest } = vpc;
    expect(faultsOf(rest)).toEqual([
      'availabilityZones: has no effect without vpcId.',
      'privateSubnetIds: has no effect without vpcId.',
      'brokerCidr: has no effect without vpcId.',
    ]);
  });

  test('is refused when subnets cannot be spread over the zones', () => {
    expect(faultsOf({ ...vpc, privateSubnetIds: 'subnet-0123456789abcdef0' })).toEqual([
      'privateSubnetIds: 1 subnets cannot be spread evenly over 2 availability zones.',
    ]);
  });
});

describe('sources', () => {
  test('come as a list of names', () => {
    expect(readContext({ sources: 'kinesis,sqs' })).toEqual({ sources: ['kinesis', 'sqs'] });
    expect(faultsOf({ sources: 'carrier-pigeon' })).toEqual([
      expect.stringMatching(/^sources: must be a list of sources \(sqs, kinesis, .*\), separated by commas/),
    ]);
  });

  test('that were not chosen are not described', () => {
    expect(faultsOf({ streamArn: 'arn:aws:kinesis:eu-west-1:123456789012:stream/orders' })).toEqual([
      'streamArn: has no effect without kinesis in sources (there: sqs).',
    ]);
    expect(faultsOf({ sources: 'sns,s3', batchSize: 5 })).toEqual([
      'batchSize: has no effect without sqs or kinesis or dynamodb or kafka in sources (there: sns, s3).',
    ]);
  });

  test('need a topic for Kafka, and a VPC for its security group', () => {
    expect(faultsOf({ sources: 'kafka', kafkaSecurityGroupId: 'sg-0123456789abcdef0' })).toEqual([
      'sources: kafka needs kafkaTopic, and mskClusterArn or kafkaBootstrapServers.',
      'kafkaSecurityGroupId: has no effect without vpcId.',
    ]);
  });
});

test('a mapping is for a chosen source that has records', () => {
  expect(faultsOf({ mappings: { kinesis: {} } })).toEqual([
    'mappings: the one for kinesis has no effect without kinesis in sources (there: sqs).',
  ]);
  expect(faultsOf({ sources: 'sqs,http', mappings: '{"http":{}}' })).toEqual([
    expect.stringMatching(/^mappings: has a mapping for "http": there are mappings for sqs, /),
  ]);
  expect(faultsOf({ mappings: { sqs: 'body.kind' } })).toEqual([
    expect.stringMatching(/^mappings: must have a JSON object for "sqs" /),
  ]);
  expect(faultsOf({ mappings: '{"sqs":{' })).toEqual([expect.stringMatching(/^mappings: must be a JSON object \(/)]);
  expect(readContext({ mappings: '{"sqs":{"tag":"body.kind"}}' })).toEqual({ mappings: { sqs: { tag: 'body.kind' } } });
});
