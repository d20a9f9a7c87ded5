import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { ExecutionEnvironment } from './execution-environment.ts';
import type { InvocationResult } from './invocation-result.ts';

/** What function to run, and how. */
export interface LambdaHostOptions {
  /** Folder with the built function. */
  readonly taskRoot: string;
  /**
   * File without extension, a dot, name of the export.
   * @default 'index.handler'
   */
  readonly handler?: string;
  /** The function's own variables. Names that Lambda reserves are refused. */
  readonly environment: Readonly<Record<string, string>>;
  /** Time limit of an invocation, in ms; above 0. */
  readonly timeoutMs: number;
  /** @default 'local' */
  readonly functionName?: string;
  /**
   * Sizes the heap, as Lambda does; memory outside the heap is not limited.
   * @default 256
   */
  readonly memoryMb?: number;
  /** @default 'eu-west-1' */
  readonly region?: string;
  /**
   * Time the module scope has before the process is started anew within the invocation, in ms; above 0.
   * @default 10_000 (Lambda's)
   */
  readonly initLimitMs?: number;
  /**
   * Node binary to run the function with.
   * @default process.execPath
   */
  readonly node?: string;
  /**
   * Stop the process between invocations, as Lambda does.
   * @default true
   */
  readonly freeze?: boolean;
}

/** Settings of a single invocation. */
export interface InvokeOptions {
  /** Time limit of this invocation in place of the function's, in ms. */
  readonly timeoutMs?: number;
}

/**
 * Runs a built function as Lambda runs it: in a process of its own under AWS's runtime loop, frozen (SIGSTOP) from the moment it asks for
 * the next event until there is one. The process starts with the first invocation. It is killed at the time limit and started anew, with a
 * suppressed init, after a crash, a timeout or a failed init. One environment handles one event at a time: later calls wait.
 */
export interface LambdaHost extends AsyncDisposable {
  /** Never rejects for what the function does; that is the result's status. */
  invoke(event: unknown, options?: InvokeOptions): Promise<InvocationResult>;
  /** Id of the process, or undefined while there is none. */
  readonly pid: number | undefined;
  /** The process stands still. */
  readonly frozen: boolean;
  /** Kills the process. The host cannot be used afterwards. May be called twice. */
  stop(): Promise<void>;
}

/** Makes a host for one function; nothing runs before the first invocation. Throws when there is no such folder. */
export function startLambdaHost(options: LambdaHostOptions): LambdaHost {
  const taskRoot = resolve(options.taskRoot);
  if (!existsSync(taskRoot)) {
    throw new Error(`There is no folder ${taskRoot}. Bundle the function first: npm run bundle.`);
  }
  const environment = new ExecutionEnvironment({
    taskRoot,
    handler: options.handler ?? 'index.handler',
    functionName: options.functionName ?? 'local',
    memoryMb: options.memoryMb ?? 256,
    region: options.region ?? 'eu-west-1',
    environment: { ...options.environment },
    node: options.node ?? process.execPath,
    freeze: options.freeze ?? true,
    initLimitMs: options.initLimitMs ?? 10_000,
  });
  let last: Promise<unknown> = Promise.resolve();
  let stopped: Promise<void> | undefined;

  async function stop(): Promise<void> {
    await environment.close();
    // An invocation that was under way, has lost its process and is about to end.
    await last;
  }

  return {
    invoke(event, { timeoutMs = options.timeoutMs } = {}) {
      if (stopped !== undefined)
        return Promise.reject(new Error('The Lambda host was stopped: it takes no more events.'));
      const result = last.then(() => environment.invoke(event, timeoutMs));
      last = result.catch(() => undefined);
      return result;
    },
    get pid() {
      return environment.pid;
    },
    get frozen() {
      return environment.frozen;
    },
    stop() {
      stopped ??= stop();
      return stopped;
    },
    [Symbol.asyncDispose]() {
      return this.stop();
    },
  };
}
