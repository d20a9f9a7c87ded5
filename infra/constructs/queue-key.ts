import type * as iam from 'aws-cdk-lib/aws-iam';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { reportFaults } from './synth-fault.ts';

/**
 * Lets an AWS service put messages into a queue that is encrypted with a key of the user's own; nothing where SQS has the key. Without it
 * the service could not encrypt, and the message would be lost. A key of another app is not changed: its policy must say so itself. The
 * managed key of SQS cannot be given to a service, which is reported at `scope`.
 */
export function grantUseOfQueueKey(scope: Construct, queue: sqs.IQueue, service: iam.IGrantable): void {
  const resource = queue.node.defaultChild;
  if (resource instanceof sqs.CfnQueue && resource.kmsMasterKeyId === managedKey) {
    const text = `deadLetterQueue is encrypted with ${managedKey}, which no service but SQS may use: what cannot be handed over would be lost. Encrypt it with QueueEncryption.SQS_MANAGED, or with a key of your own.`;
    reportFaults(scope, [{ id: 'dead-letter-queue-key', text }]);
    return;
  }
  queue.encryptionMasterKey?.grant(service, 'kms:Decrypt', 'kms:GenerateDataKey');
}

const managedKey = 'alias/aws/sqs';
