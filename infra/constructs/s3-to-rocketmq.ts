import { RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { LambdaDestination } from 'aws-cdk-lib/aws-s3-notifications';
import type { Construct } from 'constructs';
import { AsyncSource, type AsyncSourceProps } from './async-source.ts';
import { checkedProps } from './checked-props.ts';
import { createEventRule, failedHandovers, type HandoverOptions } from './event-rule.ts';
import { regionFaults } from './region-faults.ts';
import { eventPatternOf, overlapsOf, untoldByEventBridge } from './s3-event-names.ts';
import { reportFaults, type SynthFault } from './synth-fault.ts';

/** A bucket. The class is named beside its interface, which it does not fit under `exactOptionalPropertyTypes`. */
export type AnyBucket = s3.IBucket | s3.Bucket;

/** Properties of a way from an S3 bucket to a RocketMQ topic. */
export interface S3ToRocketMqProps extends AsyncSourceProps, HandoverOptions {
  /**
   * A bucket that exists.
   * @default - one is created
   */
  readonly existingBucket?: AnyBucket;

  /**
   * Options of the created bucket, such as a key or versioning. Not used with `existingBucket`.
   * @default - encrypted with keys of S3, TLS only, nothing public
   */
  readonly bucketOptions?: s3.BucketProps;

  /**
   * Which events become messages. What the lifecycle of the bucket deletes is `LIFECYCLE_EXPIRATION`, and not among `OBJECT_REMOVED`.
   * @default - every kind of creation
   */
  readonly eventTypes?: readonly s3.EventType[];

  /**
   * Objects whose keys begin and end like this.
   * @default - all
   */
  readonly keyFilter?: s3.NotificationKeyFilter;

  /**
   * Takes the events from EventBridge in place of the bucket's own notifications: other notifications that this app gives the bucket
   * cannot get in their way, and what cannot be handed over to Lambda ends in the dead-letter queue. The function then is that of
   * EventBridge, and the messages hold its events. `handoverMaxAge` and `handoverRetryAttempts` go with it.
   * @default false
   */
  readonly viaEventBridge?: boolean;

  /**
   * What becomes of the created bucket and dead-letter queue, and of what is in them, when the stack is deleted.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * Notifications of an S3 bucket become messages of a RocketMQ topic: what happened to which object, not the object. What the function
 * cannot deliver ends in the dead-letter queue.
 */
export class S3ToRocketMq extends AsyncSource {
  /** The bucket whose events go to RocketMQ. */
  readonly bucket: AnyBucket;
  /** The rule that takes the events from EventBridge; nothing unless `viaEventBridge`. */
  readonly rule: events.Rule | undefined;

  constructor(scope: Construct, id: string, given: S3ToRocketMqProps) {
    // Apps in JavaScript can have forgotten all props.
    const viaEventBridge = given?.viaEventBridge === true;
    super(scope, id, given, viaEventBridge ? 'eventbridge' : 's3');
    const props = checkedProps(this, given, ['eventTypes', 'existingBucket', 'handoverMaxAge', 'keyFilter']);
    reportFaults(this, [...bucketFaults(props), ...regionFaults(this, { existingBucket: props.existingBucket })]);
    const { eventTypes = [s3.EventType.OBJECT_CREATED], keyFilter } = props;
    this.bucket = props.existingBucket ?? this.#createBucket(props);
    if (!viaEventBridge) {
      const destination = new LambdaDestination(this.producerFunction.function);
      for (const type of new Set(eventTypes)) {
        this.bucket.addEventNotification(type, destination, ...(keyFilter === undefined ? [] : [keyFilter]));
      }
      if (eventTypes.length > 0) acknowledgeNotifications(Stack.of(this.bucket));
      return;
    }
    // Not the property of the bucket, though that takes no code at deployment: other notifications of the bucket would overwrite it.
    this.bucket.enableEventBridgeNotification();
    acknowledgeNotifications(Stack.of(this.bucket));
    const { detailType, detail } = eventPatternOf(eventTypes);
    const eventBus = events.EventBus.fromEventBusName(this, 'DefaultBus', 'default');
    this.rule = createEventRule(this, {
      ...props,
      eventBus,
      eventPattern: {
        source: ['aws.s3'],
        detailType,
        detail: {
          ...detail,
          bucket: { name: [this.bucket.bucketName] },
          ...(keyFilter !== undefined && { object: { key: [{ wildcard: wildcardOf(keyFilter) }] } }),
        },
      },
    });
    this.watchHandover(failedHandovers(this.rule, eventBus));
  }

  #createBucket(props: S3ToRocketMqProps): s3.Bucket {
    const bucket = new s3.Bucket(this, 'Bucket', {
      encryption:
        props.bucketOptions?.encryptionKey === undefined ? s3.BucketEncryption.S3_MANAGED : s3.BucketEncryption.KMS,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN,
      ...props.bucketOptions,
    });
    if (props.bucketOptions?.serverAccessLogsBucket === undefined) {
      Validations.of(bucket).acknowledge({
        id: 'AwsSolutions-S1',
        reason:
          'Access logs need a second bucket and cost money, so they are a choice of the user (bucketOptions.serverAccessLogsBucket).',
      });
    }
    return bucket;
  }
}

/** The function with which the CDK writes notifications, once for a stack, is not made here and cannot be made otherwise. */
function acknowledgeNotifications(stack: Stack): void {
  const role = stack.node.tryFindChild(notificationsHandlerId)?.node.tryFindChild('Role');
  if (role === undefined) return;
  Validations.of(role).acknowledge({
    id: 'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]',
    reason:
      'This role of the CDK itself is that of the function that writes bucket notifications; the policy lets it write its logs.',
  });
}

const notificationsHandlerId = 'BucketNotificationsHandler050a0587b7544547bf325f094a3db834';

/** A pattern of EventBridge for keys; what stands in the filter stands for itself. */
function wildcardOf({ prefix = '', suffix = '' }: s3.NotificationKeyFilter): string {
  const literal = (text: string) => text.replaceAll(/[\\*]/g, (character) => `\\${character}`);
  return `${literal(prefix)}*${literal(suffix)}`;
}

function bucketFaults(props: S3ToRocketMqProps): SynthFault[] {
  const { existingBucket, bucketOptions, eventTypes = [s3.EventType.OBJECT_CREATED], viaEventBridge } = props;
  const faults: SynthFault[] = [];
  if (existingBucket !== undefined && bucketOptions !== undefined) {
    const text =
      'bucketOptions would have no effect: existingBucket is given, and this construct does not change it. Set them where that bucket is made.';
    faults.push({ id: 'existing-bucket', text });
  }
  if (eventTypes.length === 0) {
    const text = 'eventTypes is empty, so no event would become a message. Name one at least, or leave eventTypes out.';
    faults.push({ id: 's3-event-types', text });
  }
  if (new Set(eventTypes).size < eventTypes.length) {
    const text = 'eventTypes names a type twice, which S3 refuses. Name each once.';
    faults.push({ id: 's3-event-types', text });
  }
  // A rule of EventBridge takes an event once, however many of the types it has.
  for (const [part, whole] of viaEventBridge === true ? [] : overlapsOf([...new Set(eventTypes)])) {
    const text = `eventTypes has ${part} beside ${whole}, which is the same event twice, and S3 refuses it. Leave one of them out.`;
    faults.push({ id: 's3-event-types', text });
  }
  const untold = untoldByEventBridge(eventTypes);
  if (viaEventBridge === true && untold.length > 0) {
    const text = `eventTypes has ${untold.join(', ')}, which viaEventBridge does not tell apart. Name the whole kind, such as OBJECT_CREATED, or leave viaEventBridge out.`;
    faults.push({ id: 's3-event-types', text });
  }
  if (viaEventBridge !== true && (props.handoverMaxAge ?? props.handoverRetryAttempts) !== undefined) {
    const text =
      'handoverMaxAge and handoverRetryAttempts would have no effect: notifications of a bucket do not go through EventBridge. Give viaEventBridge: true too, or remove them.';
    faults.push({ id: 's3-handover', text });
  }
  return faults;
}
