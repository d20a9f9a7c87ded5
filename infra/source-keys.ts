import { arnOf, awsId, type ContextKey, flag, integer, jsonObject, listOf, text, textLike } from './context-value.ts';

/** Context keys that one source of events, or a few, read. */
export const sourceKeys = {
  queueArn: {
    meaning: 'ARN of an SQS queue that exists, to be read in place of a new one.',
    defaultText: 'a queue and its dead-letter queue are created',
    example: 'arn:aws:sqs:eu-west-1:123456789012:orders',
    read: arnOf('sqs'),
  },
  deadLetterQueueArn: {
    meaning:
      'ARN of the dead-letter queue of `queueArn`, to be watched. Without `queueArn`: of a queue that exists, FIFO where `fifo` says so, for what the created queue gives up.',
    defaultText: 'one is created; none is watched with `queueArn`',
    example: 'arn:aws:sqs:eu-west-1:123456789012:orders-dead',
    read: arnOf('sqs'),
  },
  fifo: {
    meaning: 'Whether the created queue is FIFO.',
    defaultText: '`false`',
    example: 'true',
    read: flag,
  },
  visibilityTimeoutSeconds: {
    meaning:
      'Visibility timeout of the queue: at least 6 × `functionTimeoutSeconds` plus the batching window. With `queueArn`: what it is set to.',
    defaultText: 'the least that is enough',
    example: '360',
    read: integer(0, 43_200),
  },
  maxReceiveCount: {
    meaning: 'Deliveries of a message before it goes to the created dead-letter queue.',
    defaultText: '`5`',
    example: '3',
    read: integer(1, 1000),
  },
  batchSize: {
    meaning: 'The most messages that one invocation gets; FIFO allows 10.',
    defaultText: '`10` for SQS, `100` for streams and Kafka',
    example: '100',
    read: integer(1, 10_000),
  },
  maxBatchingWindowSeconds: {
    meaning: 'Seconds that Lambda may wait to fill a batch; SQS needs it when `batchSize` is above 10.',
    defaultText: '`0`; half a second for Kafka',
    example: '1',
    read: integer(0, 300),
  },
  maxConcurrency: {
    meaning:
      'The most sandboxes that send messages of the queue at the same time; each opens a connection to every broker it uses.',
    defaultText: '`10`',
    example: '50',
    read: integer(2, 1000),
  },
  streamArn: {
    meaning: 'ARN of a Kinesis stream that exists, to be read in place of a new one.',
    defaultText: 'a stream is created',
    example: 'arn:aws:kinesis:eu-west-1:123456789012:stream/orders',
    read: arnOf('kinesis', 'stream/[A-Za-z0-9._-]+', 'stream/orders'),
  },
  shardCount: {
    meaning: 'Shards of the created Kinesis stream; 0 for capacity on demand.',
    defaultText: '`1`',
    example: '4',
    read: integer(0, 10_000),
  },
  tableStreamArn: {
    meaning: 'ARN of the stream of a DynamoDB table that exists, to be read in place of that of a new one.',
    defaultText: 'a table with the partition key `id` is created',
    example: 'arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2026-01-01T00:00:00.000',
    read: arnOf('dynamodb', 'table/[A-Za-z0-9._-]+/stream/[0-9T:.-]+', 'table/orders/stream/2026-01-01T00:00:00.000'),
  },
  kafkaTopic: {
    meaning: 'Kafka topic that is read. `kafka` in `sources` needs it, and a cluster.',
    defaultText: 'none',
    example: 'orders',
    read: text,
  },
  mskClusterArn: {
    meaning: 'ARN of the cluster of MSK that has `kafkaTopic`.',
    defaultText: 'none',
    example: 'arn:aws:kafka:eu-west-1:123456789012:cluster/orders/01234567-89ab-cdef-0123-456789abcdef-1',
    read: arnOf(
      'kafka',
      'cluster/[A-Za-z0-9-]+/[A-Za-z0-9-]+',
      'cluster/orders/01234567-89ab-cdef-0123-456789abcdef-1',
    ),
  },
  kafkaBootstrapServers: {
    meaning:
      'Brokers of the Kafka cluster of your own that has `kafkaTopic`. Needs `kafkaSecretArn` or `kafkaSecurityGroupId`.',
    defaultText: 'none',
    example: 'broker-1.example.com:9096,broker-2.example.com:9096',
    read: listOf(text, 'brokers, host:port each'),
  },
  kafkaSecretArn: {
    meaning: 'ARN of the secret with user and password (SCRAM-SHA-512) for Kafka.',
    defaultText: 'IAM with MSK, else none',
    example: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:AmazonMSK_orders-a1b2c3',
    read: arnOf('secretsmanager', 'secret:[A-Za-z0-9/_+=.@-]+', 'secret:AmazonMSK_orders-a1b2c3'),
  },
  kafkaConsumerGroup: {
    meaning: 'Consumer group that reads Kafka, one for each deployment; IAM with MSK needs it.',
    defaultText: 'Lambda makes one up',
    example: 'orders-to-rocketmq',
    read: text,
  },
  kafkaSecurityGroupId: {
    meaning: 'Security group that reaches `kafkaBootstrapServers` from the private subnets. Needs `vpcId`.',
    defaultText: 'brokers are reached over the internet',
    example: 'sg-0123456789abcdef0',
    read: awsId('sg'),
  },
  snsTopicArn: {
    meaning: 'ARN of an SNS topic that exists, to be subscribed to in place of a new one.',
    defaultText: 'a topic is created',
    example: 'arn:aws:sns:eu-west-1:123456789012:orders',
    read: arnOf('sns'),
  },
  eventBusArn: {
    meaning: 'ARN of an EventBridge bus that exists, in place of a new one. Needs `eventPattern`.',
    defaultText: 'a bus is created',
    example: 'arn:aws:events:eu-west-1:123456789012:event-bus/default',
    read: arnOf('events', 'event-bus/[A-Za-z0-9/._-]+', 'event-bus/default'),
  },
  eventPattern: {
    meaning: 'Which events of the bus become messages, as EventBridge writes patterns.',
    defaultText: 'all of a created bus',
    example: '{"source":["shop"],"detail-type":["OrderPlaced"]}',
    read: jsonObject,
  },
  bucketName: {
    meaning: 'Name of an S3 bucket that exists, to be watched in place of a new one.',
    defaultText: 'a bucket is created',
    example: 'orders-uploads',
    read: textLike(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'the name of a bucket, such as orders-uploads'),
  },
} satisfies Record<string, ContextKey<unknown>>;

/**
 * What a stack can be made of, and the context keys that only this is about: given without it, they would have no effect and are refused. A
 * new source is a line here and one in `appSources`.
 */
export const keysOfSources = {
  sqs: [
    'queueArn',
    'deadLetterQueueArn',
    'fifo',
    'visibilityTimeoutSeconds',
    'maxReceiveCount',
    'maxConcurrency',
    'batchSize',
    'maxBatchingWindowSeconds',
  ],
  kinesis: ['streamArn', 'shardCount', 'batchSize', 'maxBatchingWindowSeconds'],
  dynamodb: ['tableStreamArn', 'batchSize', 'maxBatchingWindowSeconds'],
  kafka: [
    'kafkaTopic',
    'mskClusterArn',
    'kafkaBootstrapServers',
    'kafkaSecretArn',
    'kafkaConsumerGroup',
    'kafkaSecurityGroupId',
    'batchSize',
    'maxBatchingWindowSeconds',
  ],
  sns: ['snsTopicArn'],
  eventbridge: ['eventBusArn', 'eventPattern'],
  s3: ['bucketName'],
  http: [],
  schedule: [],
  'transaction-check': [],
} as const satisfies Record<string, readonly (keyof typeof sourceKeys)[]>;

/** Name of a source, as `sources` has it. */
export type SourceName = keyof typeof keysOfSources;

/** Every source, in the order in which a stack has them. */
export const sourceNames = Object.keys(keysOfSources).filter(isSourceName);

function isSourceName(name: string): name is SourceName {
  return Object.hasOwn(keysOfSources, name);
}
