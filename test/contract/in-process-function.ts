import type { SQSEvent } from 'aws-lambda';
import { vi } from 'vitest';
import type { Client } from '#rocketmq';
import type { BatchAnswer } from '../../functions/delivery/batch-answer.ts';
import { PARAMETER } from './function-under-test.ts';

/** The sqs function in this process, where a test can move the clock that it looks at. */
export interface InProcessFunction {
  /** Invokes it with so many ms to go, 20 s unless said otherwise. */
  invoke(event: SQSEvent, remainingMs?: number): Promise<BatchAnswer>;
  readonly client: Client;
}

export interface InProcessOptions {
  readonly topic: string;
  readonly nameServers?: readonly string[];
  readonly ssmUrl?: string;
}

/**
 * Loads the function anew, with a warm client of its own. Its variables are stubs and its wall clock is vitest's: undone by
 * `unloadFunction`, which every test has to call at its end.
 */
export async function loadFunction({ topic, nameServers, ssmUrl }: InProcessOptions): Promise<InProcessFunction> {
  vi.resetModules();
  const variables = {
    ROCKETMQ_TOPIC: topic,
    ROCKETMQ_PRODUCER_GROUP: 'contract-function',
    ROCKETMQ_NAME_SERVERS: nameServers?.join(';'),
    ROCKETMQ_NAME_SERVER_PARAMETER: ssmUrl === undefined ? undefined : PARAMETER,
    AWS_ENDPOINT_URL_SSM: ssmUrl,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'LOCALACCESSKEYID',
    AWS_SECRET_ACCESS_KEY: 'local-secret-access-key',
    POWERTOOLS_METRICS_DISABLED: 'true',
    POWERTOOLS_LOG_LEVEL: 'SILENT',
  };
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  // Timers stay real: what is tested is that wall-clock ages count, and network time goes on.
  vi.useFakeTimers({ toFake: ['Date'] });
  const { handler } = await import('../../functions/sqs/handler.ts');
  const { warmClient } = await import('../../functions/invocation/warm-client.ts');
  const { client } = warmClient();
  const invoke = async (event: SQSEvent, remainingMs = 20_000): Promise<BatchAnswer> => {
    const endAt = performance.now() + remainingMs;
    const context = { awsRequestId: 'in-process', getRemainingTimeInMillis: () => endAt - performance.now() };
    return handler(event, context as Parameters<typeof handler>[1]);
  };
  return { invoke, client };
}

/** Closes the function's client, and gives the process its clock and its variables back. */
export async function unloadFunction({ client }: InProcessFunction): Promise<void> {
  await client.shutdown();
  vi.useRealTimers();
  vi.unstubAllEnvs();
}

/** As if the sandbox had been frozen for so long. */
export function passWallClock(ms: number): void {
  vi.setSystemTime(Date.now() + ms);
}

/** A clock for servers in this process that does not jump with the function's. */
export const steadyClock = { now: () => Math.round(performance.timeOrigin + performance.now()) };
