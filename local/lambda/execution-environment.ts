import { randomBytes, randomUUID } from 'node:crypto';
import type { FunctionSettings } from './function-environment.ts';
import { type InvocationResult, outcomeOf } from './invocation-result.ts';
import type { Delivery } from './runtime-api.ts';
import { Sandbox, type Step } from './sandbox.ts';

/** How the processes of an environment are run. */
export interface EnvironmentSettings extends FunctionSettings {
  /** Node binary. */
  readonly node: string;
  /** Stop the process between invocations. */
  readonly freeze: boolean;
  /** Time the module scope has before the process is started anew within the invocation. */
  readonly initLimitMs: number;
}

/**
 * What Lambda calls an execution environment: at most one process at a time, kept from invocation to invocation, replaced
 * when it is lost. Its methods are not to be called while an invocation is under way, `close` excepted.
 */
export class ExecutionEnvironment {
  readonly #settings: EnvironmentSettings;
  #sandbox: Sandbox | undefined;
  #closed = false;
  /** The process before was lost: Lambda starts the next one within the invocation. */
  #restarting = false;
  /** What lost processes wrote that no invocation has reported yet. */
  readonly #pendingLog: string[] = [];

  constructor(settings: EnvironmentSettings) {
    this.#settings = settings;
  }

  get pid(): number | undefined {
    return this.#sandbox?.pid;
  }

  get frozen(): boolean {
    return this.#sandbox?.frozen ?? false;
  }

  /** Hands an event to the function and waits until the process stands still again, or is gone. */
  async invoke(event: unknown, timeoutMs: number): Promise<InvocationResult> {
    // Whoever killed the process during the freeze did so before this invocation, even if its end has not been seen yet.
    if (this.#sandbox?.frozen === true) await this.#sandbox.freeze();
    if (this.#sandbox?.ended === true) await this.#discard();
    const cold = this.#sandbox === undefined;
    const initMs = cold && !this.#restarting ? await this.#initAhead() : undefined;
    const suppressedInit = this.#sandbox === undefined;

    const requestId = randomUUID();
    const startedAt = performance.now();
    const deadlineAt = Date.now() + timeoutMs;
    const sandbox = this.#sandbox ?? (await this.#start());
    const ready = suppressedInit ? await sandbox.step(deadlineAt) : undefined;
    const answer =
      ready === undefined || isNext(ready) ? await this.#handle(sandbox, { requestId, event, deadlineAt }) : ready;
    const durationMs = performance.now() - startedAt;

    if (isAnswer(answer)) await this.#rest(sandbox, deadlineAt);
    else await this.#lose(answer, deadlineAt);
    return {
      ...outcomeOf(answer, requestId, timeoutMs),
      requestId,
      cold,
      suppressedInit,
      ...(initMs === undefined ? {} : { initMs }),
      durationMs,
      log: [...this.#pendingLog.splice(0), ...(this.#sandbox?.takeLog() ?? [])],
      leftBehind: isAnswer(answer) ? answer.call.leftBehind : [],
    };
  }

  /** Kills the process, also one that is about to start. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#discard();
  }

  async #discard(): Promise<void> {
    const sandbox = this.#sandbox;
    if (sandbox === undefined) return;
    this.#sandbox = undefined;
    this.#restarting = true;
    await sandbox.kill();
    this.#pendingLog.push(...sandbox.takeLog());
  }

  /** Runs the module scope in time of its own. Leaves no sandbox behind when it fails: then it runs again in the invocation's time. */
  async #initAhead(): Promise<number | undefined> {
    const startedAt = performance.now();
    const limitAt = Date.now() + this.#settings.initLimitMs;
    const step = await (await this.#start()).step(limitAt);
    if (isNext(step)) return performance.now() - startedAt;
    await this.#lose(step, limitAt);
    return undefined;
  }

  async #start(): Promise<Sandbox> {
    this.#sandbox = await Sandbox.start(this.#settings, this.#settings.node);
    this.#restarting = false;
    const sandbox = this.#sandbox;
    if (this.#closed) await this.#discard();
    return sandbox;
  }

  async #handle(sandbox: Sandbox, invocation: Pick<Delivery, 'requestId' | 'event' | 'deadlineAt'>): Promise<Step> {
    const { region, functionName } = this.#settings;
    const hex = (bytes: number) => randomBytes(bytes).toString('hex');
    sandbox.deliver({
      ...invocation,
      functionArn: `arn:aws:lambda:${region}:000000000000:function:${functionName}`,
      traceId: `Root=1-${hex(4)}-${hex(12)};Parent=${hex(8)};Sampled=0`,
    });
    return await sandbox.step(invocation.deadlineAt);
  }

  /** After the answer: the process asks for the next event and stands still, or is lost. */
  async #rest(sandbox: Sandbox, deadlineAt: number): Promise<void> {
    const step = await sandbox.step(deadlineAt);
    if (!isNext(step)) await this.#discard();
    else if (this.#settings.freeze) await sandbox.freeze();
  }

  async #lose(step: Step, limitAt: number): Promise<void> {
    // The runtime ends the process itself after it has reported a failed init, and logs why.
    if (step.kind === 'call') await this.#sandbox?.step(limitAt);
    await this.#discard();
  }
}

type Answer = Step & { kind: 'call'; call: { kind: 'response' | 'error' } };

function isAnswer(step: Step): step is Answer {
  return step.kind === 'call' && (step.call.kind === 'response' || step.call.kind === 'error');
}

function isNext(step: Step): boolean {
  return step.kind === 'call' && step.call.kind === 'next';
}
