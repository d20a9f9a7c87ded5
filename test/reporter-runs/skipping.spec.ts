import { expect, test } from 'vitest';

test('passes', () => expect(1).toBe(1));
test('is skipped with a reason', (context) => context.skip('no Java here'));
test.skip('is skipped without a reason', () => {});
