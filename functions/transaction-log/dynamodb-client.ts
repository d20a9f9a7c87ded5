import type { DynamoDB } from '@aws-sdk/client-dynamodb';

/**
 * Limits of the SDK. A broker waits 3 s for the answer to a check, and a missing route to DynamoDB must show in seconds. An
 * idle connection that died while the sandbox was frozen costs one attempt.
 */
const CONNECT_TIMEOUT_MS = 1000;
const REQUEST_TIMEOUT_MS = 2000;
const MAX_ATTEMPTS = 3;

let shared: DynamoDB | undefined;

/**
 * The sandbox's one DynamoDB client. The SDK is loaded at the first call, so a cold start that asks nothing does not pay for
 * it; connections are kept from invocation to invocation.
 */
export async function dynamoDbClient(): Promise<DynamoDB> {
  const { DynamoDB } = await import('@aws-sdk/client-dynamodb');
  shared ??= new DynamoDB({
    maxAttempts: MAX_ATTEMPTS,
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
    },
  });
  return shared;
}
