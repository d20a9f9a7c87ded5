import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Where tests start servers, install packages and wait. */
const slow = /\/test\/(bench|contract|deploy|local|package)\//;

/** Runs what takes long first: else, where no earlier run tells how long, the last of them would have the machine to itself. */
export class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isSlow = ({ moduleId }: TestSpecification) => slow.test(moduleId);
    return [...sorted.filter(isSlow), ...sorted.filter((file) => !isSlow(file))];
  }
}
