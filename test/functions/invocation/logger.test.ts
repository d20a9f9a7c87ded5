import { afterEach, expect, test, vi } from 'vitest';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/** The logger of a process that has these variables, and what it wrote when it was made. */
async function loggerWith(variables: Record<string, string>) {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  const written = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  // Then Powertools writes by the console that there is.
  vi.stubEnv('POWERTOOLS_DEV', 'true');
  vi.resetModules();
  const { logger } = await import('../../../functions/invocation/logger.ts');
  return { logger, warned: written.mock.calls.map(([line]) => JSON.parse(String(line))) };
}

test.each([
  ['POWERTOOLS_LOGGER_LOG_EVENT', ''],
  ['POWERTOOLS_LOGGER_SAMPLE_RATE', '10%'],
])('is made though %s is "%s", and says that it is not used', async (variable, value) => {
  const { logger, warned } = await loggerWith({ [variable]: value, POWERTOOLS_SERVICE_NAME: 'orders' });
  expect(warned).toMatchObject([{ service: 'orders', reason: expect.stringContaining(`${variable} must be`) }]);
  expect(process.env[variable]).toBe(value);
  expect(logger.getLevelName()).toBe('INFO');
});

test('is configured by Powertools’ variables', async () => {
  const { logger, warned } = await loggerWith({ POWERTOOLS_LOGGER_SAMPLE_RATE: '0', POWERTOOLS_LOG_LEVEL: 'ERROR' });
  expect(logger.getLevelName()).toBe('ERROR');
  expect(warned).toEqual([]);
});
