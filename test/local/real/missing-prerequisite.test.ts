import { afterEach, expect, test, vi } from 'vitest';
import { missingPrerequisite } from '../../../local/real/missing-prerequisite.ts';

afterEach(() => vi.unstubAllEnvs());

test('names everything that is missing in one sentence', async () => {
  vi.stubEnv('JAVA_HOME', '');
  vi.stubEnv('PATH', '/nowhere');
  expect(await missingPrerequisite()).toMatch(
    /^a real RocketMQ cannot be run here: a JDK of version 17 or later is needed \(set JAVA_HOME .*; Maven is needed/,
  );
});

test('names the program of JAVA_HOME when that is the one which does not run', async () => {
  vi.stubEnv('JAVA_HOME', '/nowhere/jdk');
  expect(await missingPrerequisite()).toContain('/nowhere/jdk/bin/java could not be run');
});
