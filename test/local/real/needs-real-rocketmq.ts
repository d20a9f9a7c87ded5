import type { TestContext } from 'vitest';
import { missingPrerequisite } from '../../../local/real/missing-prerequisite.ts';

let missing: Promise<string | undefined> | undefined;

/**
 * To be awaited first in a test that runs a real RocketMQ. Where Java or Maven is missing the test is skipped with that reason;
 * where `CI` is set it fails instead, because there nobody reads what was skipped.
 */
export async function needsRealRocketMQ(context: TestContext): Promise<void> {
  missing ??= missingPrerequisite();
  const reason = await missing;
  if (reason === undefined) return;
  if (process.env.CI) throw new Error(reason);
  context.skip(reason);
}
