import { type RemovalPolicy, Token } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { AnyTable } from './any-table.ts';
import type { SynthFault } from './synth-fault.ts';

/** What may be chosen about a created table beyond what makes it a transaction log. */
export type TransactionLogTableOptions = Omit<
  dynamodb.TableProps,
  'partitionKey' | 'removalPolicy' | 'sortKey' | 'timeToLiveAttribute'
>;

const partitionKey = 'msgId';

/**
 * The table of a transaction log: a row a transaction, kept by DynamoDB until `expiresAt`. Paid by use, restorable to any second of the
 * last 35 days, encrypted with a key of DynamoDB unless another is given.
 */
export function createTransactionLogTable(
  scope: Construct,
  id: string,
  options: TransactionLogTableOptions,
  removalPolicy: RemovalPolicy,
): dynamodb.Table {
  return new dynamodb.Table(scope, id, {
    billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    ...options,
    partitionKey: { name: partitionKey, type: dynamodb.AttributeType.STRING },
    timeToLiveAttribute: 'expiresAt',
    removalPolicy,
  });
}

/** What a table of this app lacks to be a transaction log; nothing for a table that it only refers to. */
export function transactionLogTableFaults(table: AnyTable): SynthFault[] {
  const resource = table.node.defaultChild;
  if (!(resource instanceof dynamodb.CfnTable || resource instanceof dynamodb.CfnGlobalTable)) return [];
  const { keySchema } = resource;
  if (!Array.isArray(keySchema) || Token.isUnresolved(keySchema)) return [];
  const keys = keySchema.map((key) => ('attributeName' in key ? key.attributeName : undefined));
  if (keys.includes(undefined)) return [];
  if (keys.length === 1 && keys[0] === partitionKey) return [];
  const text = `The table has the key ${keys.join(', ')}, but a transaction log has the partition key "${partitionKey}" (string), no sort key, and time to live on "expiresAt". Give another table, or leave existingTable out.`;
  return [{ id: 'transaction-table', text }];
}

/** Lets someone do these things with the rows of a table, and use its key for them. */
export function grantOnTable(grantee: iam.IGrantable, table: AnyTable, actions: readonly string[]): iam.Grant {
  table.encryptionKey?.grantEncryptDecrypt(grantee);
  return iam.Grant.addToPrincipal({
    grantee,
    actions: actions.map((action) => `dynamodb:${action}`),
    resourceArns: [table.tableArn],
  });
}
