import { randomUUID } from 'node:crypto';
import type { FunctionSettings } from './function-environment.ts';
import type { RuntimeCall } from './runtime-api.ts';
import { Sandbox } from './sandbox.ts';

/** One of several events that a process is given at once. */
export interface ConcurrentEvent {
  readonly event: unknown;
  readonly timeoutMs: number;
  readonly traceId: string;
}

/** What the function answered to one of them, or threw. */
export type ConcurrentAnswer =
  | { readonly status: 'ok'; readonly payload: unknown; readonly leftBehind: readonly string[] }
  | { readonly status: 'error'; readonly errorType: string; readonly leftBehind: readonly string[] };

/**
 * An execution environment of Lambda Managed Instances: one process that is never frozen, in which AWS's runtime loop runs
 * several invocations at once in one worker thread.
 */
export class ManagedInstance implements AsyncDisposable {
  readonly #sandbox: Sandbox;
  /** The runtime has asked for an event that is not there yet. */
  #isAsking = false;

  private constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox;
  }

  /** Starts the process. @param node binary of Node. */
  static async start(
    settings: FunctionSettings,
    maxConcurrency: number,
    node = process.execPath,
  ): Promise<ManagedInstance> {
    const environment = {
      ...settings.environment,
      AWS_LAMBDA_MAX_CONCURRENCY: String(maxConcurrency),
      AWS_LAMBDA_NODEJS_WORKER_COUNT: '1',
    };
    return new ManagedInstance(await Sandbox.start({ ...settings, environment }, node));
  }

  /**
   * Hands events to the function as fast as its runtime asks for them, and waits for all answers.
   * @param onAllBegun called when the runtime has taken the last event, and asks for one more.
   * @returns them in the order of the events.
   * @throws Error when the process ends, or does not answer within the longest of the times.
   */
  async invokeAtOnce(
    events: readonly ConcurrentEvent[],
    onAllBegun: () => void = () => {},
  ): Promise<ConcurrentAnswer[]> {
    const startedAt = Date.now();
    const untilAt = startedAt + Math.max(...events.map(({ timeoutMs }) => timeoutMs));
    const ids = events.map(() => randomUUID());
    const answers = new Map<string, ConcurrentAnswer>();
    let next = 0;
    while (answers.size < events.length) {
      const one = events[next];
      if (this.#isAsking && one !== undefined) {
        const { event, traceId, timeoutMs } = one;
        const requestId = ids[next++] ?? '';
        const functionArn = 'arn:aws:lambda:eu-west-1:000000000000:function:managed';
        this.#isAsking = false;
        this.#sandbox.deliver({ requestId, event, traceId, deadlineAt: startedAt + timeoutMs, functionArn });
      }
      const step = await this.#sandbox.step(untilAt);
      if (step.kind !== 'call')
        throw new Error(`the function did not answer: ${JSON.stringify(step)}\n${this.takeLog().join('\n')}`);
      this.#take(step.call, answers);
      if (step.call.kind === 'next' && next === events.length) onAllBegun();
    }
    return ids.flatMap((id) => answers.get(id) ?? []);
  }

  /** Lines written since they were last taken. */
  takeLog(): string[] {
    return this.#sandbox.takeLog();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sandbox.kill();
  }

  #take(call: RuntimeCall, answers: Map<string, ConcurrentAnswer>): void {
    if (call.kind === 'next') this.#isAsking = true;
    else if (call.kind === 'init-error') throw new Error(`the function did not start: ${call.error.errorMessage}`);
    else if (call.kind === 'error') {
      const { errorType } = call.error;
      answers.set(call.requestId, { status: 'error', errorType, leftBehind: call.leftBehind });
    } else answers.set(call.requestId, { status: 'ok', payload: call.payload, leftBehind: call.leftBehind });
  }
}
