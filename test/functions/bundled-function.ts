import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { StoredMessage } from '../../functions/rocketmq/protocol/stored-message.ts';
import { type BundleReport, bundleFunction } from '../../infra/bundling.ts';
import { AdminClient } from '../../local/admin-client.ts';
import { type EmbeddedCluster, startEmbeddedCluster } from '../../local/embedded/embedded-cluster.ts';
import { type LambdaHost, startLambdaHost } from '../../local/lambda/lambda-host.ts';

export const TOPIC = 'orders';

/** The function of a source as it is deployed, far from any node_modules. */
export interface BundledFunction extends Disposable {
  readonly report: BundleReport;
  /** Where it lies. */
  readonly taskRoot: string;
  /** Starts it on a cluster of its own: two brokers with four queues of the topic each. */
  start(environment?: Readonly<Record<string, string>>, overrides?: StartOverrides): Promise<StartedFunction>;
}

/** What a test wants otherwise than it is for all. */
export interface StartOverrides {
  readonly taskRoot?: string;
  readonly timeoutMs?: number;
  /** Topics of the cluster besides the one of the function, with one queue on each broker. */
  readonly otherTopics?: readonly string[];
}

export interface StartedFunction extends AsyncDisposable {
  readonly cluster: EmbeddedCluster;
  readonly host: LambdaHost;
  /** Every message of a topic, by default of the function's, read over the protocol. */
  readBack(topic?: string): Promise<StoredMessage[]>;
}

export function bundledFunction(source: string): BundledFunction {
  const taskRoot = mkdtempSync(join(tmpdir(), `${source}-function-`));
  return {
    report: bundleFunction(source, taskRoot),
    taskRoot,
    start: (environment = {}, overrides = {}) => start({ taskRoot, ...overrides }, environment),
    [Symbol.dispose]: () => rmSync(taskRoot, { recursive: true }),
  };
}

async function start(
  { taskRoot, timeoutMs = 20_000, otherTopics = [] }: StartOverrides & { readonly taskRoot: string },
  environment: Readonly<Record<string, string>>,
): Promise<StartedFunction> {
  const cluster = await startEmbeddedCluster({
    brokers: [{ name: 'broker-a' }, { name: 'broker-b' }],
    topics: [{ name: TOPIC, queues: 4 }, ...otherTopics.map((name) => ({ name, queues: 1 }))],
  });
  const host = startLambdaHost({
    taskRoot,
    timeoutMs,
    environment: {
      ROCKETMQ_TOPIC: TOPIC,
      ROCKETMQ_PRODUCER_GROUP: 'orders-lambda',
      ROCKETMQ_NAME_SERVERS: cluster.nameServerAddrs.join(';'),
      ...environment,
    },
  });
  const admin = new AdminClient({ nameServerAddrs: cluster.nameServerAddrs });
  return {
    cluster,
    host,
    readBack: (topic = TOPIC) => admin.readAll(topic),
    async [Symbol.asyncDispose]() {
      await Promise.all([host.stop(), admin.close()]);
      await cluster.stop();
    },
  };
}

/** A sample event of `events/`, by source and name of its file. The type is what the test takes it for. */
export function sample<Event>(source: string, name: string): Event {
  return JSON.parse(readFileSync(new URL(`../../events/${source}/${name}.json`, import.meta.url), 'utf8'));
}

/** Names of the sample events of a source, sorted. */
export function sampleNames(source: string): string[] {
  const files = readdirSync(new URL(`../../events/${source}/`, import.meta.url));
  return files.map((file) => file.replace(/\.json$/, '')).toSorted();
}

/** Names of the commands of AWS clients that a bundle holds, sorted. */
export function awsCommandsIn({ eagerPackages, lazyPackages }: BundleReport): string[] {
  const files = [...eagerPackages, ...lazyPackages].flatMap((bundled) => bundled.files);
  return files.flatMap((file) => /client-[a-z]+\/.*\/(\w+Command)\.js$/.exec(file)?.[1] ?? []).toSorted();
}

/** Expects a bundle to hold the source, what all sources share, and nothing of another source. */
export function expectOwnCodeOnly(source: string, report: BundleReport): void {
  const { eagerPackages, lazyPackages, eagerBytes } = report;
  const own = [...eagerPackages, ...lazyPackages].map(({ name }) => name);
  const allowed = ['delivery', 'invocation', 'mapping', 'rocketmq', source].map((folder) => `functions/${folder}`);
  expect(own.filter((name) => name.startsWith('functions/') && !allowed.includes(name))).toEqual([]);
  expect(own).toContain(`functions/${source}`);
  expect(eagerPackages.map(({ name }) => name)).not.toContain('@aws-sdk/client-ssm');
  expect(awsCommandsIn(report)).toEqual(['GetParametersCommand']);
  expect(eagerBytes).toBeLessThan(210_000);
}

/** Messages by their key, which is the id of their record. */
export function byKey(stored: readonly StoredMessage[]): Map<string | undefined, StoredMessage> {
  return new Map(stored.map((message) => [message.properties.KEYS, message]));
}
