import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { reservePorts } from '../../local/free-ports.ts';
import { endWithParent } from '../../local/real/end-with-parent.ts';
import { ministackPython } from './ministack-environment.ts';

const START_LIMIT_MS = 60_000;
const READY = /Running on http/;
const LAST_LINES = 60;

/** Where everything is deployed. */
export const REGION = 'eu-west-1';
/** The emulator takes a key id of twelve digits for the account. */
export const ACCOUNT = '000000000000';

/** A running emulator of AWS. */
export interface Ministack extends AsyncDisposable {
  /** Endpoint of every service. */
  readonly url: string;
  /** Python that runs it. */
  readonly python: string;
  /** A folder that goes with it, for whatever the test needs. */
  readonly folder: string;
  readonly pid: number;
  /** The last lines it wrote. */
  readonly lastLines: readonly string[];
}

/** Starts an emulator with nothing in it, on loopback, installing it first where it is not. Resolves when it answers. */
export async function startMinistack(): Promise<Ministack> {
  const python = await ministackPython();
  const ports = await reservePorts();
  const folder = mkdtempSync(join(tmpdir(), 'rocketmq-lambda-deploy-'));
  const home = join(folder, 'home');
  mkdirSync(home);
  const child = spawn(python, ['-m', 'ministack'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    // Code that the CDK deploys runs in processes of its own, which end with this group.
    detached: true,
    env: {
      PATH: [dirname(python), dirname(process.execPath), process.env.PATH].join(delimiter),
      HOME: home,
      TMPDIR: folder,
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(ports.base),
      MINISTACK_REGION: REGION,
      IOT_MTLS_ENABLED: '0',
      SFTP_ENABLED: '0',
    },
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('the AWS emulator could not be started');
  const doneWith = endWithParent({ pid });
  const ended = once(child, 'exit');
  const lastLines: string[] = [];
  const ready = Promise.withResolvers<void>();
  const fail = (reason: string) => ready.reject(new Error(`The AWS emulator ${reason}:\n${lastLines.join('\n')}`));
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input }).on('line', (line) => {
      lastLines.push(line);
      if (lastLines.length > LAST_LINES) lastLines.shift();
      if (READY.test(line)) ready.resolve();
    });
  }
  child.on('exit', (code, signal) => fail(`ended with ${signal ?? code} before it was ready`));
  const limit = setTimeout(() => fail(`was not ready within ${START_LIMIT_MS} ms`), START_LIMIT_MS);
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-pid, 'SIGKILL');
    await ended;
    doneWith();
    await ports.release();
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  };
  try {
    await ready.promise;
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(limit);
  }
  return { url: `http://127.0.0.1:${ports.base}`, python, folder, pid, lastLines, [Symbol.asyncDispose]: stop };
}
