import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';

/** A table of DynamoDB. The classes are named beside their interface, which they do not fit under `exactOptionalPropertyTypes`. */
export type AnyTable = dynamodb.ITable | dynamodb.Table | dynamodb.TableV2;
