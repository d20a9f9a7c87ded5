export type { AnySecret } from './constructs/any-secret.ts';
export type { AnyTable } from './constructs/any-table.ts';
export type { AnyVpc } from './constructs/any-vpc.ts';
export type { AsyncSourceProps } from './constructs/async-source.ts';
export type { ClusterSecurity } from './constructs/cluster-security.ts';
export type { ConnectionLimits } from './constructs/connection-budget.ts';
export { DynamoDbToRocketMq, type DynamoDbToRocketMqProps } from './constructs/dynamodb-to-rocketmq.ts';
export type { AnyEventBus, HandoverOptions } from './constructs/event-rule.ts';
export { EventBridgeToRocketMq, type EventBridgeToRocketMqProps } from './constructs/eventbridge-to-rocketmq.ts';
export type { HttpApiOptions, HttpEndpointChoice } from './constructs/http-endpoint-choice.ts';
export { HttpToRocketMq, type HttpToRocketMqProps } from './constructs/http-to-rocketmq.ts';
export { KafkaAuthentication } from './constructs/kafka-authentication.ts';
export type { KafkaClusterChoice } from './constructs/kafka-cluster-choice.ts';
export { KafkaToRocketMq, type KafkaToRocketMqProps } from './constructs/kafka-to-rocketmq.ts';
export { KinesisToRocketMq, type KinesisToRocketMqProps } from './constructs/kinesis-to-rocketmq.ts';
export type { ProducerSettings } from './constructs/producer-environment.ts';
export type { QueueChoice } from './constructs/queue-choice.ts';
export type { MappedValue, RecordEnvelope, RecordMapping } from './constructs/record-mapping.ts';
export {
  RocketMqCluster,
  type RocketMqClusterNetwork,
  type RocketMqClusterProps,
} from './constructs/rocketmq-cluster.ts';
export { RocketMqDashboard, type RocketMqDashboardProps } from './constructs/rocketmq-dashboard.ts';
export type { RocketMqEventSource, RocketMqEventSourceProps } from './constructs/rocketmq-event-source.ts';
export { RocketMqLogQueries, type RocketMqLogQueriesProps } from './constructs/rocketmq-log-queries.ts';
export {
  type ConnectionReason,
  type ProducerFunctionOptions,
  RocketMqProducerFunction,
  type RocketMqProducerFunctionProps,
} from './constructs/rocketmq-producer-function.ts';
export { type AnyBucket, S3ToRocketMq, type S3ToRocketMqProps } from './constructs/s3-to-rocketmq.ts';
export { ScheduleKeepWarm, type ScheduleKeepWarmProps } from './constructs/schedule-keep-warm.ts';
export { SnsToRocketMq, type SnsToRocketMqProps } from './constructs/sns-to-rocketmq.ts';
export type { SourceQueueOptions } from './constructs/source-queue.ts';
export { SqsToRocketMq, type SqsToRocketMqProps } from './constructs/sqs-to-rocketmq.ts';
export type { StreamSourceProps } from './constructs/stream-source-props.ts';
export { TransactionChecker, type TransactionCheckerProps } from './constructs/transaction-checker.ts';
export type { TransactionLogTableOptions } from './constructs/transaction-log-table.ts';
