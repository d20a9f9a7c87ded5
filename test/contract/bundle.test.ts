import { afterAll, expect, test } from 'vitest';
import { buildFunction } from './function-under-test.ts';

/** What a cold start may have to read and compile, minified, without what is loaded on demand. */
const LARGEST_BUNDLE_BYTES = 200_000;

const built = buildFunction('sqs');
afterAll(() => built[Symbol.dispose]());

test('what the sqs function reads at a cold start is small, has the SSM client apart, and needs nothing of the runtime but Node', () => {
  const { eagerBytes, eagerPackages, lazyPackages, externalImports, warnings } = built.report;
  expect(eagerBytes).toBeLessThan(LARGEST_BUNDLE_BYTES);
  expect(eagerPackages.map(({ name }) => name).filter((name) => name.startsWith('@aws-sdk'))).toEqual([]);
  expect(lazyPackages.map(({ name }) => name)).toContain('@aws-sdk/client-ssm');
  expect(externalImports.filter((name) => name.startsWith('@aws-sdk'))).toEqual([]);
  expect(warnings).toEqual([]);
});
