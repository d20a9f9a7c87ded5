import { beforeAll, describe, test } from 'vitest';

describe('a suite', () => {
  beforeAll(() => {
    throw new Error('the hook fails');
  });
  test('never runs', () => {});
});
