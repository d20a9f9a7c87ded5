import { describe, expect, test } from 'vitest';
import { DECLARED_VERSION, MQVersion, versionName } from '../../../../functions/rocketmq/protocol/mq-version.ts';

describe('a version number', () => {
  test.each(Object.entries(MQVersion))('%s has the name of its release', (key, version) => {
    expect(versionName(version)).toBe(key.slice(1).replaceAll('_', '.'));
  });

  test.each([
    [213, '4.0.0'],
    [373, '4.8.0'],
    [400, '4.9.4-SNAPSHOT'],
    [409, '4.9.8'],
    [412, '5.0.0-SNAPSHOT'],
    [493, '5.4.0'],
    [121, 'before 4.0.0 (121)'],
    [0, 'unknown'],
  ])('%d is %s', (version, name) => {
    expect(versionName(version)).toBe(name);
  });

  test('that we declare gets standard JSON routes and no GO_AWAY', () => {
    expect(DECLARED_VERSION).toBeGreaterThanOrEqual(401);
    expect(DECLARED_VERSION).toBeLessThanOrEqual(441);
  });
});
