import { describe, expect, test } from 'vitest';
import { contextKeys } from '../../infra/context-keys.ts';

describe.each(Object.entries(contextKeys))('the context key %s', (_name, key) => {
  test('takes its own example, as the command line gives it', () => {
    expect(() => key.read(key.example)).not.toThrow();
  });

  test('refuses an empty value', () => {
    expect(() => key.read('')).toThrow(/must be|is empty/);
  });

  test('is explained in whole sentences and has its default in words', () => {
    expect(key.meaning).toMatch(/^[A-Z].*\.$/);
    expect(key.defaultText).not.toBe('');
  });
});
