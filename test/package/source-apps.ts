import { Construct } from 'constructs';
import * as pack from '../../infra/index.ts';

/** Constructs that an app has beside others, or that it is not complete with. */
const foundations = ['RocketMqCluster', 'RocketMqDashboard', 'RocketMqLogQueries', 'RocketMqProducerFunction'];

/** Constructs of the package that make an app of themselves, by name. */
export const sourceConstructs: readonly string[] = Object.entries(pack)
  .filter(([name, exported]) => !foundations.includes(name) && exported.prototype instanceof Construct)
  .map(([name]) => name);

/** What a construct must be told besides the cluster and the group, where that is not one topic. */
const neededProps: Readonly<Record<string, string>> = {
  KafkaToRocketMq:
    "topic: 'orders', kafkaTopic: 'orders', consumerGroupId: 'orders', mskClusterArn: 'arn:aws:kafka:eu-west-1:123456789012:cluster/orders/01234567-89ab-cdef-0123-456789abcdef-1'",
  TransactionChecker: "topics: ['orders']",
};

/** A CDK app of five lines, as its user would write it, in JavaScript and TypeScript alike. Its stack is `Orders`. */
export function appOf(construct: string): string {
  return `${importsOf(construct)}const stack = new Stack(new App(), 'Orders');
${inStack(construct)}`;
}

/** A CDK app with all of them, each in a stack named after it. */
export function appOfAll(): string {
  const stacks = sourceConstructs.map(
    (construct) => `{
const stack = new Stack(app, '${construct}');
${inStack(construct)}}
`,
  );
  return `${importsOf(sourceConstructs.join(', '))}const app = new App();\n${stacks.join('')}`;
}

function importsOf(constructs: string): string {
  return `import { App, Stack } from 'aws-cdk-lib';
import { RocketMqCluster, ${constructs} } from 'rocketmq-lambda';
`;
}

function inStack(construct: string): string {
  return `const cluster = new RocketMqCluster(stack, 'Cluster', { nameServers: ['10.0.1.5:9876'] });
new ${construct}(stack, 'Orders', { cluster, producerGroup: 'orders', ${neededProps[construct] ?? "topic: 'orders'"} });
`;
}
