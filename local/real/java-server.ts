import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { endWithParent } from './end-with-parent.ts';
import { javaCommand } from './java-command.ts';

/** How to start one Java server. */
export interface JavaServerOptions {
  /** Who it is, for errors: "broker-a of RocketMQ 5.5.0". */
  readonly name: string;
  /** Arguments of `java`: JVM options, main class, program arguments. */
  readonly args: readonly string[];
  /** Variables on top of this process's own environment; `undefined` takes one away. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Text of the output line that says the server is ready. */
  readonly readyText: string;
}

const START_LIMIT_MS = 120_000;
const LAST_LINES = 40;

/** A Java server did not come up. The message ends with the last lines it wrote. */
export class JavaServerStartError extends Error {
  override readonly name = 'JavaServerStartError';
  /** Whether it gave up because another process listens on one of its ports. */
  readonly isPortTaken: boolean;

  constructor(server: string, reason: string, output: { lastLines: readonly string[]; isPortTaken: boolean }) {
    super(`${server} ${reason}; its last lines:\n${output.lastLines.join('\n') || '(none)'}`);
    this.isPortTaken = output.isPortTaken;
  }
}

/** One Java server process that can be started, signalled and started again with the same arguments. */
export class JavaServer {
  readonly #options: JavaServerOptions;
  #process: ChildProcess | undefined;

  constructor(options: JavaServerOptions) {
    this.#options = options;
  }

  /** Process id; `undefined` while it does not run. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /**
   * Starts it; resolves when it says it is ready.
   *
   * @throws JavaServerStartError when it ends before that, or is not ready after 120 s (it is killed then).
   * @throws Error when it runs already.
   */
  async start(): Promise<void> {
    const { name, args, env, readyText } = this.#options;
    if (this.#process !== undefined) throw new Error(`${name} runs already (process ${this.pid}): kill it first`);
    const child = spawn(javaCommand(), args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    this.#process = child;
    const doneWith = child.pid === undefined ? undefined : endWithParent({ pid: child.pid });
    const lastLines: string[] = [];
    const output = { lastLines, isPortTaken: false };
    const ready = Promise.withResolvers<void>();
    const fail = (reason: string) => ready.reject(new JavaServerStartError(name, reason, output));
    for (const input of [child.stdout, child.stderr]) {
      createInterface({ input }).on('line', (line) => {
        lastLines.push(line);
        if (lastLines.length > LAST_LINES) lastLines.shift();
        // Looked for at once: the stack traces that follow push this line out of the last ones.
        if (/BindException|Address already in use/i.test(line)) output.isPortTaken = true;
        if (line.includes(readyText)) ready.resolve();
      });
    }
    child.on('error', (error) => {
      this.#process = undefined;
      fail(`could not be started (${error.message})`);
    });
    child.on('exit', () => {
      doneWith?.();
      this.#process = undefined;
    });
    // 'close' comes when the output has been read to its end too, so that the error can quote it.
    child.on('close', (code, signal) => fail(`ended with ${signal ?? `exit code ${code}`} before "${readyText}"`));
    const limit = setTimeout(() => fail(`did not say "${readyText}" within ${START_LIMIT_MS} ms`), START_LIMIT_MS);
    try {
      await ready.promise;
    } catch (error) {
      await this.signal('SIGKILL');
      throw error;
    } finally {
      clearTimeout(limit);
    }
  }

  /**
   * Sends a signal. Resolves when the process is gone, except for SIGSTOP and SIGCONT, which freeze and thaw it: these
   * resolve at once. Does nothing when it does not run.
   */
  async signal(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (child?.pid === undefined) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await gone;
  }
}
