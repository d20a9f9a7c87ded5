import { Duration } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kinesis from 'aws-cdk-lib/aws-kinesis';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { DynamoDbToRocketMq } from '../constructs/dynamodb-to-rocketmq.ts';
import { KafkaAuthentication } from '../constructs/kafka-authentication.ts';
import { KafkaToRocketMq } from '../constructs/kafka-to-rocketmq.ts';
import { KinesisToRocketMq } from '../constructs/kinesis-to-rocketmq.ts';
import type { AppContext } from '../context-keys.ts';
import { type AppSource, madeOf } from './app-source.ts';

/** Records of a Kinesis stream. */
export const kinesisSource: AppSource = ({ stack, settings, shared, removal }) => {
  const { streamArn, shardCount } = settings;
  const source = new KinesisToRocketMq(stack, 'KinesisToRocketMq', {
    ...shared,
    ...removal,
    ...batches(settings),
    ...(streamArn !== undefined && { existingStream: kinesis.Stream.fromStreamArn(stack, 'Stream', streamArn) }),
    ...(shardCount !== undefined && { shardCount }),
  });
  return madeOf(source, { StreamName: ['Records put here go to RocketMQ', source.stream.streamName] });
};

/** Changes of a DynamoDB table. */
export const dynamodbSource: AppSource = ({ stack, settings, shared, removal }) => {
  const { tableStreamArn } = settings;
  const [tableArn] = tableStreamArn?.split('/stream/') ?? [];
  const source = new DynamoDbToRocketMq(stack, 'DynamoDbToRocketMq', {
    ...shared,
    ...removal,
    ...batches(settings),
    ...(tableStreamArn !== undefined &&
      tableArn !== undefined && {
        existingTable: dynamodb.Table.fromTableAttributes(stack, 'Table', { tableArn, tableStreamArn }),
      }),
  });
  return madeOf(source, { TableName: ['Changes of this table go to RocketMQ', source.table.tableName] });
};

/** Records of a Kafka topic. */
export const kafkaSource: AppSource = ({ stack, settings, shared, removal }) => {
  const { kafkaTopic = '', mskClusterArn, kafkaBootstrapServers, kafkaSecretArn, kafkaConsumerGroup } = settings;
  const { vpc, vpcSubnets } = shared.cluster.network;
  const { kafkaSecurityGroupId } = settings;
  const source = new KafkaToRocketMq(stack, 'KafkaToRocketMq', {
    ...shared,
    ...removal,
    ...batches(settings),
    kafkaTopic,
    ...(mskClusterArn !== undefined && { mskClusterArn }),
    ...(kafkaBootstrapServers !== undefined && { bootstrapServers: kafkaBootstrapServers }),
    ...(kafkaConsumerGroup !== undefined && { consumerGroupId: kafkaConsumerGroup }),
    ...(kafkaSecretArn !== undefined && {
      authentication: KafkaAuthentication.scramSha512(
        secretsmanager.Secret.fromSecretCompleteArn(stack, 'KafkaSecret', kafkaSecretArn),
      ),
    }),
    ...(kafkaSecurityGroupId !== undefined && {
      kafkaSecurityGroups: [ec2.SecurityGroup.fromSecurityGroupId(stack, 'KafkaSecurityGroup', kafkaSecurityGroupId)],
      ...(vpc !== undefined && { kafkaVpc: vpc }),
      ...(vpcSubnets !== undefined && { kafkaVpcSubnets: vpcSubnets }),
    }),
  });
  return madeOf(source, { MappingId: ['Mapping that reads Kafka', source.eventSourceMapping.eventSourceMappingId] });
};

function batches({ batchSize, maxBatchingWindowSeconds }: AppContext): {
  readonly batchSize?: number;
  readonly maxBatchingWindow?: Duration;
} {
  return {
    ...(batchSize !== undefined && { batchSize }),
    ...(maxBatchingWindowSeconds !== undefined && { maxBatchingWindow: Duration.seconds(maxBatchingWindowSeconds) }),
  };
}
