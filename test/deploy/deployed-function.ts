import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import type { InvocationResult } from '../../local/lambda/invocation-result.ts';
import { startLambdaHost } from '../../local/lambda/lambda-host.ts';
import type { AwsApi } from './aws-api.ts';
import { type Ministack, REGION } from './ministack.ts';

/** What the emulator knows of a function. */
interface FunctionDescription {
  readonly Configuration: {
    readonly Handler: string;
    readonly Timeout: number;
    readonly MemorySize: number;
    readonly Environment: { readonly Variables: Readonly<Record<string, string>> };
  };
  readonly Code: { readonly Location: string };
}

/** A function as it was deployed, run by the Lambda host. */
export interface DeployedFunction extends AsyncDisposable {
  /** Every invocation so far, oldest first. */
  readonly results: readonly InvocationResult[];
  /** The process that runs it, while there is one. */
  readonly pid: number | undefined;
}

/**
 * Takes the code of a function from where it was deployed to, and runs it in the Lambda host with the settings it was deployed with.
 * From then on, the emulator hands all events of the function to it, whatever they come from. The function finds SSM at the emulator.
 */
export async function runDeployedFunction(
  aws: AwsApi,
  { python, folder }: Ministack,
  name: string,
): Promise<DeployedFunction> {
  const path = `/2015-03-31/functions/${name}`;
  const { Configuration, Code }: FunctionDescription = JSON.parse(await aws.rest('lambda', 'GET', path));
  const { Variables } = Configuration.Environment;
  const archive = join(mkdtempSync(join(folder, 'function-')), 'code.zip');
  writeFileSync(archive, await (await aws.download(Code.Location)).bytes());
  const taskRoot = archive.replace(/\.zip$/, '');
  await promisify(execFile)(python, ['-m', 'zipfile', '-e', archive, taskRoot]);

  const host = startLambdaHost({
    taskRoot,
    handler: Configuration.Handler,
    functionName: name,
    memoryMb: Configuration.MemorySize,
    timeoutMs: Configuration.Timeout * 1000,
    region: REGION,
    environment: { ...Variables, AWS_ENDPOINT_URL_SSM: aws.url },
  });
  const results: InvocationResult[] = [];
  const server = createServer(async (request, response) => {
    const result = await host.invoke(JSON.parse(await text(request)));
    results.push(result);
    if (result.status === 'ok') response.end(JSON.stringify(result.payload));
    else response.writeHead(500).end(JSON.stringify(result));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const proxy = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const forwarded = { Environment: { Variables: { ...Variables, MINISTACK_LAMBDA_PROXY_URL: proxy } } };
  await aws.rest('lambda', 'PUT', `${path}/configuration`, JSON.stringify(forwarded));
  return {
    results,
    get pid() {
      return host.pid;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await host.stop();
    },
  };
}
