import type { DynamoDbSdk } from './dynamodb-sdk.ts';

let shared: DynamoDbSdk | undefined;

/**
 * The sandbox's one DynamoDB client. The SDK is loaded at the first call, so a cold start that asks nothing does not pay for
 * it; connections are kept from invocation to invocation.
 */
export async function dynamoDbClient(): Promise<DynamoDbSdk> {
  const { DynamoDbSdk } = await import('./dynamodb-sdk.ts');
  shared ??= new DynamoDbSdk();
  return shared;
}
