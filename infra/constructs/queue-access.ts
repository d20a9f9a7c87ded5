import { Token } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import type { IConstruct } from 'constructs';
import { reportFaults, reportWarning, type SynthFault } from './synth-fault.ts';

/** An AWS service that puts messages into a queue, and on whose behalf. */
export interface QueueFiller {
  /** The principal, such as `sns.amazonaws.com`. */
  readonly service: string;
  /** What has the service do it, and its ARN. */
  readonly source: IConstruct;
  readonly sourceArn: string;
}

/**
 * Lets an AWS service put messages into a queue that is encrypted with a key of the user's own; nothing where SQS has the key. Without it
 * the service could not encrypt, and the message would be lost. A key of another app is not changed: its policy must say so itself. The
 * managed key of SQS cannot be given to a service, which is reported at `scope`. The policy of the queue is written by who names the queue
 * to the service; that of an imported queue by nobody, which is warned of.
 */
export function letServiceFillQueue(scope: IConstruct, queue: sqs.IQueue, filler: QueueFiller): void {
  const resource = queue.node.defaultChild;
  if (!(resource instanceof sqs.CfnQueue)) reportWarning(scope, unchangedPolicy(filler));
  else if (resource.kmsMasterKeyId === managedKey) {
    const text = `deadLetterQueue is encrypted with ${managedKey}, which no service but SQS may use: what cannot be handed over would be lost. Encrypt it with QueueEncryption.SQS_MANAGED, or with a key of your own.`;
    reportFaults(scope, [{ id: 'dead-letter-queue-key', text }]);
    return;
  }
  const principal = new iam.ServicePrincipal(filler.service);
  queue.encryptionMasterKey?.grant(principal, 'kms:Decrypt', 'kms:GenerateDataKey');
}

const managedKey = 'alias/aws/sqs';

function unchangedPolicy({ service, source, sourceArn }: QueueFiller): SynthFault {
  const arn = Token.isUnresolved(sourceArn) ? `the ARN of ${source.node.path}` : sourceArn;
  return {
    id: 'dead-letter-queue-policy',
    text: `deadLetterQueue is imported, so its policy is not changed here: unless that lets ${service} in, what cannot be handed over is lost. Allow sqs:SendMessage to ${service} there, where aws:SourceArn is ${arn}; and kms:Decrypt and kms:GenerateDataKey on a key of your own that it has.`,
  };
}
