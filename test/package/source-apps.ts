import * as pack from '../../infra/index.ts';

/** Constructs that an app has beside others, or that it is not complete with. */
const foundations = ['RocketMqCluster', 'RocketMqDashboard', 'RocketMqLogQueries', 'RocketMqProducerFunction'];

/** Constructs of the package that make an app of themselves, by name. */
export const sourceConstructs: readonly string[] = Object.keys(pack).filter((name) => !foundations.includes(name));

/** What a construct must be told besides the cluster and the group, where that is not one topic. */
const neededProps: Readonly<Record<string, string>> = { TransactionChecker: "topics: ['orders']" };

/** A CDK app of five lines, as its user would write it, in JavaScript and TypeScript alike. */
export function appOf(construct: string): string {
  return `import { App, Stack } from 'aws-cdk-lib';
import { RocketMqCluster, ${construct} } from 'rocketmq-lambda';
const stack = new Stack(new App(), 'Orders');
const cluster = new RocketMqCluster(stack, 'Cluster', { nameServers: ['10.0.1.5:9876'] });
new ${construct}(stack, 'Orders', { cluster, producerGroup: 'orders', ${neededProps[construct] ?? "topic: 'orders'"} });
`;
}
