import type * as iam from 'aws-cdk-lib/aws-iam';
import * as sns from 'aws-cdk-lib/aws-sns';
import { LambdaSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import { AsyncSource, type AsyncSourceProps } from './async-source.ts';
import { checkedProps } from './checked-props.ts';
import { letServiceFillQueue } from './queue-access.ts';
import { regionFaults } from './region-faults.ts';
import { reportFaults, type SynthFault } from './synth-fault.ts';

/** Properties of a way from an SNS topic to a RocketMQ topic. */
export interface SnsToRocketMqProps extends AsyncSourceProps {
  /**
   * A standard SNS topic that exists.
   * @default - one is created
   */
  readonly existingSnsTopic?: sns.ITopic;

  /**
   * Options of the created SNS topic, such as a key. Not used with `existingSnsTopic`.
   * @default - publishers must use TLS
   */
  readonly snsTopicOptions?: Omit<sns.TopicProps, 'fifo'>;

  /**
   * Which messages the function gets, by their attributes.
   * @default - all
   */
  readonly filterPolicy?: Readonly<Record<string, sns.SubscriptionFilter>>;

  /**
   * Which messages the function gets, by their bodies. Not together with `filterPolicy`.
   * @default - all
   */
  readonly filterPolicyWithMessageBody?: Readonly<Record<string, sns.FilterOrPolicy>>;
}

/**
 * Messages of an SNS topic become messages of a RocketMQ topic. What SNS cannot hand over to Lambda, and what the function cannot deliver,
 * ends in one dead-letter queue. Raw delivery is not to be had: Lambda always gets the whole notification, and the function sends its
 * message alone.
 */
export class SnsToRocketMq extends AsyncSource {
  /** The SNS topic. */
  readonly snsTopic: sns.ITopic;
  readonly subscription: sns.Subscription;

  constructor(scope: Construct, id: string, given: SnsToRocketMqProps) {
    super(scope, id, given, 'sns');
    const props = checkedProps(this, given, ['existingSnsTopic', 'filterPolicy', 'filterPolicyWithMessageBody']);
    const { existingSnsTopic, snsTopicOptions, filterPolicy, filterPolicyWithMessageBody } = props;
    reportFaults(this, [...topicFaults(props), ...regionFaults(this, { existingSnsTopic })]);
    this.snsTopic = existingSnsTopic ?? new sns.Topic(this, 'Topic', { enforceSSL: true, ...snsTopicOptions });
    this.subscription = this.snsTopic.addSubscription(
      new LambdaSubscription(this.producerFunction.function, {
        deadLetterQueue: this.deadLetterQueue,
        ...(filterPolicy !== undefined && { filterPolicy: { ...filterPolicy } }),
        ...(filterPolicyWithMessageBody !== undefined && {
          filterPolicyWithMessageBody: { ...filterPolicyWithMessageBody },
        }),
      }),
    );
    letServiceFillQueue(this, this.deadLetterQueue, {
      service: 'sns.amazonaws.com',
      source: this.snsTopic,
      sourceArn: this.snsTopic.topicArn,
    });
    this.watchHandover(this.snsTopic.metric('NumberOfNotificationsFailedToRedriveToDlq'));
  }

  /** Lets someone publish to the SNS topic. */
  grantPublish(grantee: iam.IGrantable): iam.Grant {
    return this.snsTopic.grantPublish(grantee);
  }
}

function topicFaults(props: SnsToRocketMqProps): SynthFault[] {
  const { existingSnsTopic, snsTopicOptions, filterPolicy, filterPolicyWithMessageBody } = props;
  const faults: SynthFault[] = [];
  if (existingSnsTopic?.fifo === true) {
    const text =
      'existingSnsTopic is FIFO, and Lambda cannot subscribe to it. Subscribe a FIFO queue to it, and read that with SqsToRocketMq.';
    faults.push({ id: 'sns-fifo', text });
  }
  if (existingSnsTopic !== undefined && snsTopicOptions !== undefined) {
    const text =
      'snsTopicOptions would have no effect: existingSnsTopic is given, and this construct does not change it. Set them where that topic is made.';
    faults.push({ id: 'existing-sns-topic', text });
  }
  if (filterPolicy !== undefined && filterPolicyWithMessageBody !== undefined) {
    const text =
      'filterPolicyWithMessageBody would have no effect: filterPolicy is given, and SNS filters a subscription by attributes or by bodies. Remove one of them, and leave out the rest by the filter of a mapping.';
    faults.push({ id: 'sns-filter-policy', text });
  }
  return faults;
}
