import { defineConfig } from 'vitest/config';
import { SlowestFirst } from './test/slowest-first.ts';

/** Tests of code that leaves nothing behind in its process: their files share one, and load what they test once. */
const sharing = ['test/functions/{delivery,http,mapping,rocketmq}/**/*.test.ts', 'test/infra/constructs/**/*.test.ts'];

export default defineConfig({
  test: {
    environment: 'node',
    // Processes rather than threads: tests send signals, change the environment, and look at their own active resources.
    pool: 'forks',
    // Most tests wait for servers: one worker a core, where the default would leave a core of two idle. With three, answers take longer
    // than some tests allow, which are about time-outs.
    maxWorkers: 2,
    sequence: { sequencer: SlowestFirst },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // What a poll waits for comes in milliseconds, but a machine with much to do may take seconds for it.
    expect: { poll: { timeout: 15_000 } },
    reporters: ['default', './test/reporter.ts'],
    projects: [
      { extends: true, test: { name: 'sharing', include: sharing, isolate: false } },
      {
        extends: true,
        test: {
          name: 'alone',
          include: ['test/**/*.test.ts'],
          exclude: sharing,
          globalSetup: ['./test/global-setup.ts'],
        },
      },
    ],
  },
});
