import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as sqs from 'aws-cdk-lib/aws-sqs';

/**
 * Lets an AWS service put messages into a queue that is encrypted with a key of the user's own; nothing where SQS has the key. Without it
 * the service could not encrypt, and the message would be lost. A key of another app is not changed: its policy must say so itself.
 */
export function grantUseOfQueueKey(queue: sqs.IQueue, service: iam.IGrantable): void {
  queue.encryptionMasterKey?.grant(service, 'kms:Decrypt', 'kms:GenerateDataKey');
}
