import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { endWithParent } from '../../local/real/end-with-parent.ts';
import { peakRssBytes } from '../measure/process-tree.ts';
import { ANSWER_MARK, type Load, type Round, type Target } from './load.ts';

/** How to start a contender. */
export interface ContenderPlan {
  /** What tables call it. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it can send batches. */
  readonly hasBatches: boolean;
}

const START_LIMIT_MS = 60_000;
/** A round that takes so much longer than planned is a hang. */
const ROUND_GRACE_MS = 60_000;

/** A client in a process of its own, which does a round when it is told to. */
export class Contender implements AsyncDisposable {
  readonly plan: ContenderPlan;
  readonly #process: ChildProcess;
  readonly #exited: Promise<void>;
  #answer: PromiseWithResolvers<unknown> = Promise.withResolvers();
  #lastErrors: string[] = [];
  /** Set once its process has ended. */
  #end: Error | undefined;

  private constructor(plan: ContenderPlan, process: ChildProcess) {
    this.plan = plan;
    this.#process = process;
    const doneWith = process.pid === undefined ? undefined : endWithParent({ pid: process.pid });
    const [stdout, stderr] = [process.stdout, process.stderr];
    if (stdout !== null) createInterface({ input: stdout }).on('line', (line) => this.#hear(line));
    if (stderr !== null) createInterface({ input: stderr }).on('line', (line) => this.#remember(line));
    this.#exited = new Promise((resolve) => {
      process.once('error', (error) => this.#remember(error.message));
      process.once('close', (code, signal) => {
        doneWith?.();
        this.#answer.promise.catch(() => undefined);
        const words = this.#lastErrors.length === 0 ? [] : ['It wrote:', ...this.#lastErrors];
        this.#end = new Error([`${plan.name} ended with ${signal ?? code}`, ...words].join('\n'));
        this.#answer.reject(this.#end);
        resolve();
      });
    });
  }

  /** Starts it; resolves when it is connected. @throws Error with its last words when it does not get there. */
  static async start(plan: ContenderPlan, target: Target): Promise<Contender> {
    const child = spawn(plan.command, plan.args, {
      env: { ...process.env, ...plan.env, BENCH_TARGET: JSON.stringify(target) },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    // A process that has gone says so by its end; a broken pipe to it says nothing more.
    child.stdin.on('error', () => undefined);
    const contender = new Contender(plan, child);
    try {
      await contender.#next(START_LIMIT_MS);
    } catch (error) {
      await contender.stop();
      throw error;
    }
    return contender;
  }

  get name(): string {
    return this.plan.name;
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Most memory it has held so far. */
  get peakRssBytes(): number | undefined {
    return this.pid === undefined ? undefined : peakRssBytes(this.pid);
  }

  /** One round. @throws Error when it ends or hangs. */
  async run(load: Load): Promise<Round> {
    this.#process.stdin?.write(`${JSON.stringify(load)}\n`);
    return (await this.#next(load.warmupMs + load.durationMs + ROUND_GRACE_MS)) as Round;
  }

  /** Ends it at once. May be called twice. */
  async stop(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#exited;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #next(limitMs: number): Promise<unknown> {
    if (this.#end !== undefined) throw this.#end;
    const timer = setTimeout(() => {
      this.#answer.reject(new Error(`${this.name} said nothing for ${limitMs} ms`));
    }, limitMs);
    try {
      return await this.#answer.promise;
    } finally {
      clearTimeout(timer);
      this.#answer = Promise.withResolvers();
    }
  }

  #hear(line: string): void {
    if (line.startsWith(ANSWER_MARK)) this.#answer.resolve(JSON.parse(line.slice(ANSWER_MARK.length)));
    else this.#remember(line);
  }

  #remember(line: string): void {
    this.#lastErrors.push(line);
    if (this.#lastErrors.length > 20) this.#lastErrors = this.#lastErrors.slice(-20);
  }
}
