import { App, CfnOutput, RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  DynamoDbToRocketMq,
  EventBridgeToRocketMq,
  HttpToRocketMq,
  KafkaToRocketMq,
  KinesisToRocketMq,
  RocketMqCluster,
  RocketMqDashboard,
  type RocketMqEventSource,
  S3ToRocketMq,
  SnsToRocketMq,
  SqsToRocketMq,
} from '../../infra/index.ts';

// Started by the CDK CLI. One of each source, all of which send to the topic in the context.
const app = new App();
const stack = new Stack(app, 'EverySource');
const cluster = new RocketMqCluster(stack, 'Cluster', { nameServers: [app.node.getContext('nameServer')] });
const settings = {
  cluster,
  topic: app.node.getContext('topic'),
  producerGroup: 'deployed',
  functionOptions: { logGroupRemovalPolicy: RemovalPolicy.DESTROY },
};
const removalPolicy = RemovalPolicy.DESTROY;

const sqs = new SqsToRocketMq(stack, 'Sqs', { ...settings, removalPolicy });
const sns = new SnsToRocketMq(stack, 'Sns', { ...settings, removalPolicy });
const eventbridge = new EventBridgeToRocketMq(stack, 'EventBridge', { ...settings, removalPolicy });
const kinesis = new KinesisToRocketMq(stack, 'Kinesis', { ...settings, removalPolicy });
const dynamodb = new DynamoDbToRocketMq(stack, 'DynamoDb', { ...settings, removalPolicy });
const kafka = new KafkaToRocketMq(stack, 'Kafka', {
  ...settings,
  removalPolicy,
  mskClusterArn: stack.formatArn({ service: 'kafka', resource: 'cluster', resourceName: 'orders/00000000-1' }),
  kafkaTopic: 'orders',
  consumerGroupId: 'deployed',
});
const s3 = new S3ToRocketMq(stack, 'S3', { ...settings, removalPolicy });
const http = new HttpToRocketMq(stack, 'Http', settings);

const sources: Readonly<Record<string, RocketMqEventSource>> = {
  sqs,
  sns,
  eventbridge,
  kinesis,
  dynamodb,
  kafka,
  s3,
  http,
};
new RocketMqDashboard(stack, 'Dashboard', { sources: Object.values(sources) });

const addresses: Readonly<Record<string, string>> = {
  sqs: sqs.queue.queueUrl,
  sns: sns.snsTopic.topicArn,
  eventbridge: eventbridge.eventBus.eventBusName,
  kinesis: kinesis.stream.streamName,
  dynamodb: dynamodb.table.tableName,
  kafka: kafka.producerFunction.function.functionName,
  s3: s3.bucket.bucketName,
  http: http.httpApi?.apiId ?? '',
};
for (const [name, source] of Object.entries(sources)) {
  new CfnOutput(stack, `${name}Function`, { value: source.producerFunction.function.functionName });
  new CfnOutput(stack, `${name}Address`, { value: addresses[name] ?? '' });
}
new CfnOutput(stack, 'NameServerParameter', { value: cluster.nameServerParameter.parameterName });
