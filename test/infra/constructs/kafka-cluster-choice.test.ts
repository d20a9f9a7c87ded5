import { Fn, type Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { expect, test } from 'vitest';
import { KafkaAuthentication } from '../../../infra/constructs/kafka-authentication.ts';
import {
  type KafkaClusterChoice,
  kafkaClusterFaults,
  pollersOf,
} from '../../../infra/constructs/kafka-cluster-choice.ts';
import { testStack, testVpc } from '../test-app.ts';

const mskClusterArn = 'arn:aws:kafka:eu-west-1:123456789012:cluster/orders/01234567-89ab-cdef-0123-456789abcdef-1';
const stack: Stack = testStack();
const secret = secretsmanager.Secret.fromSecretNameV2(stack, 'Secret', 'AmazonMSK_orders');
const kafkaVpc = testVpc(stack);
const group = ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-0123456789abcdef0');

const msk: KafkaClusterChoice = { kafkaTopic: 'orders', mskClusterArn, consumerGroupId: 'to-rocketmq' };
const own: KafkaClusterChoice = {
  kafkaTopic: 'orders',
  bootstrapServers: ['broker-1.example.com:9096', 'broker-2.example.com:9096'],
  authentication: KafkaAuthentication.scramSha512(secret),
};

function brokers(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `broker-${index}.example.com:9096`);
}

test.each<[string, KafkaClusterChoice]>([
  ['MSK with IAM', msk],
  ['MSK with SCRAM', { kafkaTopic: 'orders', mskClusterArn, authentication: KafkaAuthentication.scramSha512(secret) }],
  ['MSK with certificates', { ...msk, authentication: KafkaAuthentication.mutualTls(secret) }],
  ['MSK that lets anybody in', { kafkaTopic: 'orders', mskClusterArn, authentication: KafkaAuthentication.none() }],
  ['a cluster over the internet', own],
  [
    'SASL/PLAIN with an authority',
    { ...own, authentication: KafkaAuthentication.plain(secret), rootCaCertificate: secret },
  ],
  ['SCRAM of 256 bits', { ...own, authentication: KafkaAuthentication.scramSha256(secret) }],
  [
    'a cluster in a VPC, without authentication',
    { kafkaTopic: 'orders', bootstrapServers: ['10.0.1.9:9092'], kafkaVpc, kafkaSecurityGroups: [group] },
  ],
  ['more pollers', { ...msk, pollers: { minimumPollers: 2, maximumPollers: 2000, pollerGroupName: 'shared' } }],
  ['more pollers at least than there are at most by default', { ...msk, pollers: { minimumPollers: 20 } }],
  ['a list of brokers that is known at deployment only', { ...own, bootstrapServers: Fn.split(',', 'a:1,b:2') }],
  ['ten brokers', { ...own, bootstrapServers: brokers(10) }],
  ['the shortest topic', { ...msk, kafkaTopic: '_1' }],
])('%s is fine', (_title, choice) => {
  expect(kafkaClusterFaults(choice)).toEqual([]);
});

test.each<[string, KafkaClusterChoice, string, RegExp]>([
  ['no cluster', { kafkaTopic: 'orders' }, 'kafka-cluster', /^Neither/],
  ['two clusters', { ...own, mskClusterArn }, 'kafka-cluster', /^Both/],
  ['no broker', { kafkaTopic: 'orders', bootstrapServers: [] }, 'kafka-cluster', /^Neither/],
  [
    'the ARN of something else',
    { ...msk, mskClusterArn: 'arn:aws:kafka:x:1:topic/a/b' },
    'kafka-cluster',
    /ARN of a cluster/,
  ],
  ['a broker without a port', { ...own, bootstrapServers: ['broker-1'] }, 'kafka-cluster', /"broker-1" is not/],
  ['a port that does not exist', { ...own, bootstrapServers: ['broker-1:70000'] }, 'kafka-cluster', /host:port/],
  ['eleven brokers', { ...own, bootstrapServers: brokers(11) }, 'kafka-cluster', /names 11 brokers; .* 1 to 10/],
  ['an illegal topic', { ...msk, kafkaTopic: 'a b' }, 'kafka-topic', /kafkaTopic is "a b"/],
  ['too long a topic', { ...msk, kafkaTopic: 'a'.repeat(250) }, 'kafka-topic', /2 to 249/],
  ['a topic of one letter, which Lambda does not read', { ...msk, kafkaTopic: 'x' }, 'kafka-topic', /2 to 249/],
  ['a topic that begins with a dot', { ...msk, kafkaTopic: '.orders' }, 'kafka-topic', /begin with "\."/],
  ['an illegal group', { ...msk, consumerGroupId: 'a b' }, 'kafka-consumer-group', /consumerGroupId is "a b"/],
  [
    'IAM without a group',
    { kafkaTopic: 'orders', mskClusterArn },
    'kafka-consumer-group',
    /IAM .* needs a consumerGroupId/,
  ],
  [
    'PLAIN with MSK',
    { ...msk, authentication: KafkaAuthentication.plain(secret) },
    'kafka-authentication',
    /PLAIN .* MSK/,
  ],
  [
    'IAM without MSK',
    { ...own, authentication: KafkaAuthentication.iam() },
    'kafka-authentication',
    /IAM .* self-managed/,
  ],
  [
    'no authentication over the internet',
    { ...own, authentication: KafkaAuthentication.none() },
    'kafka-authentication',
    /over the internet need authentication/,
  ],
  [
    'an authority with MSK',
    { ...msk, rootCaCertificate: secret },
    'kafka-authentication',
    /rootCaCertificate would have no/,
  ],
  ['a VPC with MSK', { ...msk, kafkaVpc, kafkaSecurityGroups: [group] }, 'kafka-network', /would have no effect/],
  ['a VPC without groups', { ...own, kafkaVpc }, 'kafka-network', /go together/],
  ['groups without a VPC', { ...own, kafkaSecurityGroups: [group] }, 'kafka-network', /go together/],
  ['no pollers', { ...msk, pollers: { minimumPollers: 0 } }, 'kafka-pollers', /are 0 to 10;/],
  [
    'fewer pollers at most than at least',
    { ...msk, pollers: { minimumPollers: 5, maximumPollers: 4 } },
    'kafka-pollers',
    /5 to 4/,
  ],
])('%s is refused', (_title, choice, id, text) => {
  expect(kafkaClusterFaults(choice)).toEqual([{ id, text: expect.stringMatching(text) }]);
});

test.each([
  [undefined, { minimumPollers: 1, maximumPollers: 10 }],
  [{ minimumPollers: 3 }, { minimumPollers: 3, maximumPollers: 10 }],
  [{ minimumPollers: 20 }, { minimumPollers: 20, maximumPollers: 20 }],
  [{ maximumPollers: 5 }, { minimumPollers: 1, maximumPollers: 5 }],
])('of pollers %o become %o', (pollers, expected) => {
  expect(pollersOf(pollers)).toEqual(expected);
});
