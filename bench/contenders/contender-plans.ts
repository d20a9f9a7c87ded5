import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleHandler } from '../../infra/bundling.ts';
import { BENCH_CACHE, type Peers } from '../peers.ts';
import type { ContenderPlan } from './contender.ts';
import { ContenderName } from './contender-name.ts';
import { javaProgram } from './java-classes.ts';

/**
 * How to start each contender. Those in Node are bundled first: a process that strips types at run time carries the parser
 * for it, which would count against it.
 * @param peers none: only this client and the frame blaster.
 */
export async function contenderPlans(peers: Peers | undefined): Promise<ContenderPlan[]> {
  const { BLAST_BINARY, BLAST_JSON, THIS, ALI_ONS, GRPC_NODE, JAVA_SYNC, JAVA_ASYNC } = ContenderName;
  const blaster = nodeEntry('blaster');
  const plans: ContenderPlan[] = [
    { name: BLAST_BINARY, ...nodeStart(blaster, ['ROCKETMQ']), hasBatches: true },
    { name: BLAST_JSON, ...nodeStart(blaster, ['JSON']), hasBatches: true },
    { name: THIS, ...nodeStart(nodeEntry('this-client')), hasBatches: true },
  ];
  if (peers === undefined) return plans;
  const { versions, nodePath } = peers;
  const env = { NODE_PATH: nodePath };
  if (versions['ali-ons'] !== undefined) {
    plans.push({ name: ALI_ONS, ...nodeStart(nodeEntry('ali-ons')), env, hasBatches: false });
  }
  if (versions['rocketmq-client-nodejs'] !== undefined) {
    plans.push({ name: GRPC_NODE, ...nodeStart(nodeEntry('grpc-node')), env, hasBatches: false });
  }
  const { command, args } = await javaProgram(new URL('JavaContender.java', import.meta.url), 'JavaContender');
  plans.push({ name: JAVA_SYNC, command, args: [...args, 'sync'], hasBatches: true });
  plans.push({ name: JAVA_ASYNC, command, args: [...args, 'async'], hasBatches: true });
  return plans;
}

function nodeStart(entry: string, args: readonly string[] = []): Pick<ContenderPlan, 'command' | 'args'> {
  return { command: process.execPath, args: [entry, ...args] };
}

function nodeEntry(name: string): string {
  const source = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  return bundleHandler(source, join(BENCH_CACHE, 'contenders', name), { sourceMaps: false }).entryFile;
}
