import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleHandler } from '../../infra/bundling.ts';
import type { InvocationResult } from '../../local/lambda/invocation-result.ts';
import { type LambdaHost, startLambdaHost } from '../../local/lambda/lambda-host.ts';
import type { Target } from '../contenders/load.ts';
import { BENCH_CACHE } from '../peers.ts';

const PARAMETER = '/rocketmq/name-servers';

/** Bundles a handler of this folder as a function is bundled; answers its task root. */
export function benchFunction(name: string): string {
  const outDir = join(BENCH_CACHE, 'lambda', name);
  bundleHandler(fileURLToPath(new URL(`${name}.ts`, import.meta.url)), outDir);
  return outDir;
}

/** Where the function finds its name servers: in its environment, or in SSM. */
export function functionEnvironment(target: Target, ssmUrl?: string): Record<string, string> {
  return {
    ROCKETMQ_TOPIC: target.topic,
    ROCKETMQ_PRODUCER_GROUP: 'bench-function',
    POWERTOOLS_SERVICE_NAME: 'bench',
    ...(ssmUrl === undefined
      ? { ROCKETMQ_NAME_SERVERS: target.nameServerAddrs.join(';') }
      : { ROCKETMQ_NAME_SERVER_PARAMETER: PARAMETER, AWS_ENDPOINT_URL_SSM: ssmUrl }),
  };
}

/** Parameters of an SSM endpoint for `functionEnvironment`. */
export function ssmParameters({ nameServerAddrs }: Target): Record<string, string> {
  return { [PARAMETER]: nameServerAddrs.join(';') };
}

/** A host for a measured function, frozen between invocations as on Lambda. */
export function benchHost(taskRoot: string, environment: Record<string, string>, memoryMb = 512): LambdaHost {
  return startLambdaHost({ taskRoot, environment, memoryMb, functionName: 'bench', timeoutMs: 60_000 });
}

/** Invocations before the first that counts, for the function's compiler: a sandbox that is used a little has had as many. */
export function warmups(isShort: boolean): number {
  return isShort ? 10 : 200;
}

/** Passes on an answer that reports no record. @throws Error for every other one. */
export function succeeded(result: InvocationResult): InvocationResult {
  if (result.status !== 'ok') throw new Error(`${result.errorType}: ${result.errorMessage}\n${result.log.join('\n')}`);
  const { batchItemFailures = [], failed = 0 } = result.payload as { batchItemFailures?: unknown[]; failed?: number };
  const failures = batchItemFailures.length + failed;
  if (failures > 0) throw new Error(`${failures} records were not stored:\n${result.log.join('\n')}`);
  return result;
}
