import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { type FunctionSettings, functionEnvironment } from './function-environment.ts';
import { OutputLines } from './output-lines.ts';
import { guardProcess } from './process-guard.ts';
import { type Delivery, RuntimeApi, type RuntimeCall } from './runtime-api.ts';
import { continueProcess, stopProcess } from './stopped-process.ts';

const runtimeInterfaceClient = createRequire(import.meta.url).resolve('aws-lambda-ric');
const rapidClient = fileURLToPath(new URL('rapid-client.cjs', import.meta.url));

/** How a process ended: by itself with a code, or by a signal. */
export interface ProcessEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What came first while the runtime was waited for. */
export type Step =
  | { readonly kind: 'call'; readonly call: RuntimeCall }
  | { readonly kind: 'ended'; readonly end: ProcessEnd }
  | { readonly kind: 'out-of-time' };

/** One execution environment: a process that runs AWS's runtime loop, and the Runtime API that only this process talks to. */
export class Sandbox {
  readonly #process: ChildProcess;
  readonly #api: RuntimeApi;
  readonly #output: OutputLines;
  readonly #ended: Promise<Step>;
  #nextCalls = 0;
  #frozen = false;
  #end: ProcessEnd | undefined;

  private constructor(process: ChildProcess, api: RuntimeApi, output: OutputLines) {
    this.#process = process;
    this.#api = api;
    this.#output = output;
    this.#ended = new Promise((resolve) => {
      // `close` and not `exit`: by then everything the process wrote has been read.
      process.once('close', (exitCode, signal) => {
        this.#end = { exitCode, signal };
        resolve({ kind: 'ended', end: this.#end });
      });
    });
  }

  /** Starts the process; the function's module scope then runs in it. */
  static async start(settings: FunctionSettings, node: string): Promise<Sandbox> {
    const api = await RuntimeApi.start();
    try {
      const process = spawn(node, [...nodeFlags(settings.memoryMb), '--require', rapidClient, runtimeInterfaceClient], {
        cwd: settings.taskRoot,
        env: functionEnvironment(settings, api.address),
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const sandbox = new Sandbox(process, api, new OutputLines([process.stdout, process.stderr]));
      await once(process, 'spawn');
      if (process.pid !== undefined) process.once('close', guardProcess(process.pid));
      return sandbox;
    } catch (error) {
      await api.stop();
      throw error;
    }
  }

  get pid(): number | undefined {
    return this.#end === undefined ? this.#process.pid : undefined;
  }

  get frozen(): boolean {
    return this.#frozen && this.#end === undefined;
  }

  get ended(): boolean {
    return this.#end !== undefined;
  }

  /** Lines written since they were last taken. */
  takeLog(): string[] {
    return this.#output.take();
  }

  /** Waits for the runtime to say something, for the process to end, or for the time to be over, whichever comes first. */
  async step(untilAt: number): Promise<Step> {
    const limit = Promise.withResolvers<Step>();
    const timer = setTimeout(limit.resolve, Math.max(0, untilAt - Date.now()), { kind: 'out-of-time' });
    const called = this.#api.nextCall().then(async (call): Promise<Step> => {
      // The log travels on another way than the call. Once both have arrived, the log of the invocation is whole.
      if (call.kind === 'next') await this.#output.untilMark(++this.#nextCalls);
      return { kind: 'call', call };
    });
    try {
      return await Promise.race([called, this.#ended, limit.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Stops the process where it stands. Does nothing to one that has ended. */
  async freeze(): Promise<void> {
    const { pid } = this;
    if (pid === undefined) return;
    this.#frozen = await stopProcess(pid);
    if (!this.#frozen) await this.#ended;
  }

  /** Lets the process run on, and hands it the event it has asked for. */
  deliver(delivery: Delivery): void {
    if (this.#frozen && this.pid !== undefined) continueProcess(this.pid);
    this.#frozen = false;
    this.#api.deliver(delivery);
  }

  /** Ends the process at once, frozen or not, and the Runtime API with it. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#ended;
    await this.#api.stop();
  }
}

/** Lambda's own flags for Node, which keep the heap within the function's memory. */
function nodeFlags(memoryMb: number): string[] {
  const percent = (share: number) => Math.floor((memoryMb * share) / 100);
  return ['--expose-gc', `--max-semi-space-size=${percent(5)}`, `--max-old-space-size=${percent(90)}`];
}
