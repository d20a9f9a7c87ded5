import { execFile } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ACCOUNT, type Ministack, REGION } from './ministack.ts';

const run = promisify(execFile);
const projectRoot = fileURLToPath(new URL('../..', import.meta.url));
const cli = join(projectRoot, 'node_modules/aws-cdk/bin/cdk');

/** Runs the CDK CLI against an emulator, with what it deploys taken from this project. Throws with its output when it fails. */
export async function cdk({ url, folder }: Ministack, ...args: string[]): Promise<void> {
  const env = {
    PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
    HOME: join(folder, 'home'),
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: ACCOUNT,
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: REGION,
    AWS_EC2_METADATA_DISABLED: 'true',
    CDK_DISABLE_CLI_TELEMETRY: 'true',
  };
  try {
    const all = [cli, ...args, '--output', join(folder, 'cdk.out')];
    await run(process.execPath, all, { cwd: projectRoot, env, maxBuffer: 64 * 1024 * 1024 });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`cdk ${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: error });
  }
}
