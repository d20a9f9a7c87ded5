import type { Reporter, SerializedError, TestCase, TestModule, Vitest } from 'vitest/node';

/**
 * Ends the output of a run with one line that people and scripts can read: `N passed, N failed`. Skipped tests are in
 * neither number: each has a line of its own above, with its reason. Where `CI` is set nobody reads those, so there a
 * skipped test fails the run. A file that does not load, a hook that fails and an error outside any test count as failed.
 */
export default class CountReporter implements Reporter {
  readonly #isCi = Boolean(process.env.CI);
  #lines: string[] = [];
  #passed = 0;
  #failed = 0;
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
    // Written when the process exits, because closing servers and global tear-downs may still print, and fail, after
    // the last test. The exit code has the last word: a run that failed for any reason never reads "0 failed".
    if (!vitest.config.watch) process.once('exit', (exitCode) => this.#write(exitCode));
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    this.#lines = [];
    this.#passed = 0;
    this.#failed = unhandledErrors.length;
    for (const module of modules) {
      this.#failed += module.errors().length;
      for (const suite of module.children.allSuites()) this.#failed += suite.errors().length;
      for (const test of module.children.allTests()) this.#count(test);
    }
    if (this.#failed > 0) process.exitCode = 1;
    if (this.#vitest?.config.watch) this.#write(0);
  }

  #count(test: TestCase): void {
    const result = test.result();
    if (result.state === 'passed') this.#passed += 1;
    else if (result.state === 'failed') this.#failed += 1;
    else if (result.state === 'pending') this.#fail(`not run: ${nameOf(test)}`);
    else if (result.note === undefined && this.#vitest?.config.testNamePattern)
      return; // Left out by -t, not by the test.
    else {
      const line = `skipped: ${nameOf(test)} (${result.note ?? 'no reason given'})`;
      if (this.#isCi) this.#fail(line);
      else this.#lines.push(line);
    }
  }

  #fail(line: string): void {
    this.#lines.push(line);
    this.#failed += 1;
  }

  #write(exitCode: number): void {
    const failed = exitCode === 0 ? this.#failed : Math.max(this.#failed, 1);
    process.stdout.write(`${[...this.#lines, `${this.#passed} passed, ${failed} failed`].join('\n')}\n`);
  }
}

function nameOf(test: TestCase): string {
  return `${test.module.relativeModuleId} > ${test.fullName}`;
}
