import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    environment: 'node',
    // Processes rather than threads: tests send signals, change the environment, and look at their own active resources.
    pool: 'forks',
    // Most tests wait for servers: two workers leave a fifth of two cores idle, and with four, freezes lose connections to the wait.
    maxWorkers: 3,
    globalSetup: ['./test/global-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // What a poll waits for comes in milliseconds, but a machine with much to do may take seconds for it.
    expect: { poll: { timeout: 15_000 } },
    reporters: ['default', './test/reporter.ts'],
  },
});
