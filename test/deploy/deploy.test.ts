import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, type TestContext, test } from 'vitest';
import { topicConfig } from '../../functions/rocketmq/protocol/topic-config.ts';
import { sourceNames } from '../../infra/source-keys.ts';
import { startTcpProxy, type TcpProxy } from '../../local/faults/tcp-proxy.ts';
import type { InvocationResult } from '../../local/lambda/invocation-result.ts';
import { type ContractCluster, freshTopic, openContractCluster } from '../contract/clusters.ts';
import { AwsApi } from './aws-api.ts';
import { cdk } from './cdk.ts';
import { type DeployedFunction, runDeployedFunction } from './deployed-function.ts';
import { ACCOUNT, type Ministack, REGION, startMinistack } from './ministack.ts';
import { missingPython } from './ministack-environment.ts';
import { sourceEvents } from './source-events.ts';

/** Long enough to install the emulator, to fetch and start two real clusters, and to deploy, on a busy machine. */
const SET_UP_LIMIT_MS = 600_000;
const ARRIVAL = { timeout: 60_000, interval: 250 };
/** Routes are looked up again after 30 s; until then sends go where they went. */
const MOVE = { timeout: 120_000, interval: 1000 };
const STACK = 'EverySource';
/** How outputs end that name a function. */
const FUNCTION = 'FunctionName';

/** What was started, so that it is stopped in turn, whatever fails. */
const resources = new AsyncDisposableStack();
afterAll(async () => {
  const { ministack, functions = {} } = deployment ?? {};
  const pids = [ministack?.pid, ...Object.values(functions).map(({ pid }) => pid)].filter((pid) => pid !== undefined);
  await resources.disposeAsync();
  expect(pids.filter(isRunning), 'processes left running').toEqual([]);
}, SET_UP_LIMIT_MS);

interface Deployment {
  readonly ministack: Ministack;
  readonly aws: AwsApi;
  readonly topic: string;
  /** The cluster that the stack is deployed for, and the one that the parameter names later. */
  readonly first: ContractCluster;
  readonly second: ContractCluster;
  /** Stands between the functions and the name server of the first cluster. */
  readonly nameServer: TcpProxy;
  readonly outputs: Readonly<Record<string, string>>;
  /** By the outputs that name them. */
  readonly functions: Readonly<Record<string, DeployedFunction>>;
}

let deploying: Promise<Deployment> | undefined;
let deployment: Deployment | undefined;

/** The deployment that every test uses. */
function deployed(): Deployment {
  if (deployment === undefined) throw new Error('nothing is deployed');
  return deployment;
}

beforeEach(async (context) => {
  if (!process.env.CI && process.env.npm_lifecycle_event !== 'test:deploy') {
    context.skip('npm run test:deploy runs it, and npm test does where CI is set');
  }
  const missing = await missingPython();
  if (missing !== undefined) {
    if (process.env.CI) throw new Error(missing);
    context.skip(missing);
  }
  deploying ??= deployEverySource(context);
  await deploying;
}, SET_UP_LIMIT_MS);

async function deployEverySource(context: TestContext): Promise<Deployment> {
  const first = resources.use(await openContractCluster('5.5.0', context));
  const second = resources.use(await openContractCluster('4.9.5', context));
  const topic = await freshTopic(first);
  await second.admin.createTopic(topicConfig(topic, 4));
  const nameServer = resources.use(await startTcpProxy({ target: first.nameServerAddrs[0] ?? '' }));

  const ministack = resources.use(await startMinistack());
  await cdk(ministack, 'bootstrap', `aws://${ACCOUNT}/${REGION}`);
  const outputsFile = join(ministack.folder, 'outputs.json');
  const answers = ['--require-approval', 'never', '--outputs-file', outputsFile];
  await cdk(ministack, 'deploy', ...app(topic, nameServer.addr), ...answers);
  const outputs: Record<string, string> = JSON.parse(readFileSync(outputsFile, 'utf8'))[STACK];

  const aws = new AwsApi(ministack.url);
  const functions: Record<string, DeployedFunction> = {};
  for (const [output, name] of Object.entries(outputs).filter(([output]) => output.endsWith(FUNCTION))) {
    functions[output] = resources.use(await runDeployedFunction(aws, ministack, name));
  }
  deployment = { ministack, aws, topic, first, second, nameServer, outputs, functions };
  return deployment;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    // ESRCH: it is gone.
    return false;
  }
}

/**
 * The app as it is, with every source that there is, and all it makes to be deleted with it. Without the dashboard: the emulator does
 * not know the saved queries that come with it.
 */
function app(topic: string, nameServer: string): string[] {
  const context = {
    stackName: STACK,
    sources: sourceNames.join(','),
    topic,
    nameServers: nameServer,
    removalPolicy: 'destroy',
    kafkaTopic: 'orders',
    kafkaConsumerGroup: 'deployed',
    mskClusterArn: `arn:aws:kafka:${REGION}:${ACCOUNT}:cluster/orders/01234567-89ab-cdef-0123-456789abcdef-1`,
  };
  return Object.entries(context).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
}

/** Puts an event with a text of its own into a source, and gives the text. */
async function putEvent(source: string): Promise<string> {
  const text = `${source}-${randomUUID()}`;
  const { aws, outputs } = deployed();
  const events = sourceEvents[source];
  await events?.put(aws, outputs[events.output] ?? '', text);
  return text;
}

/** The invocations of the function of a source, oldest first. */
function invocationsOf(source: string): readonly InvocationResult[] {
  const output = `${source[0]?.toUpperCase()}${source.slice(1)}${FUNCTION}`;
  return deployed().functions[output]?.results ?? [];
}

/** Whether a message with the text is stored in a cluster. */
async function isStored({ admin }: ContractCluster, text: string): Promise<boolean> {
  return (await admin.readAll(deployed().topic)).some(({ body }) => body.toString().includes(text));
}

/** The cluster in which a message with the text comes to be stored. */
async function clusterOf(text: string): Promise<ContractCluster | undefined> {
  const { first, second } = deployed();
  let found: ContractCluster | undefined;
  const look = async () => {
    for (const cluster of [first, second]) if (await isStored(cluster, text)) found = cluster;
    return found !== undefined;
  };
  await expect.poll(look, ARRIVAL).toBe(true);
  return found;
}

test.each(Object.keys(sourceEvents))(
  'an event of %s goes through the deployed function to a real RocketMQ',
  { timeout: 120_000 },
  async (source) => {
    const text = await putEvent(source);
    await expect.poll(() => isStored(deployed().first, text), ARRIVAL).toBe(true);
    const results = invocationsOf(source);
    expect(results.length).toBeGreaterThan(0);
    expect(results.filter(({ status, leftBehind }) => status !== 'ok' || leftBehind.length > 0)).toEqual([]);
  },
);

test('warm functions follow when the parameter names another name server', { timeout: 240_000 }, async () => {
  const { aws, outputs, second, nameServer } = deployed();
  const Name = outputs.NameServerParameterName;
  const Value = second.nameServerAddrs.join(';');
  await aws.json('ssm', 'AmazonSSM.PutParameter', { Name, Value, Type: 'String', Overwrite: true });
  // The old name server goes, as it does when a cluster moves; its broker stays until nobody uses it any more.
  nameServer.refuse();
  nameServer.apply({ kind: 'close', by: 'reset' }, 'present');
  for (const source of Object.keys(sourceEvents)) {
    await expect.poll(async () => await clusterOf(await putEvent(source)), { ...MOVE, message: source }).toBe(second);
    expect(invocationsOf(source).filter(({ cold }) => cold)).toHaveLength(1);
  }
});

test('the stack is destroyed with all it made', { timeout: 240_000 }, async () => {
  const { ministack, aws, topic, nameServer, outputs } = deployed();
  const bucket = outputs.S3BucketName;
  for (const [, key = ''] of (await aws.rest('s3', 'GET', `/${bucket}`)).matchAll(/<Key>([^<]+)<\/Key>/g)) {
    await aws.rest('s3', 'DELETE', `/${bucket}/${key}`);
  }
  await cdk(ministack, 'destroy', ...app(topic, nameServer.addr), '--force');
  const { Functions } = JSON.parse(await aws.rest('lambda', 'GET', '/2015-03-31/functions/'));
  expect(Functions).toEqual([]);
  expect(await aws.json('sqs', 'AmazonSQS.ListQueues', {})).not.toHaveProperty('QueueUrls.0');
});
