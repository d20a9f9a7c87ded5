import type { AwsApi } from './aws-api.ts';

/** How to make a source have an event with a text in it. */
export interface SourceEvents {
  /** Output of the stack that says where events of the source are put. */
  readonly output: string;
  readonly put: (aws: AwsApi, address: string, text: string) => Promise<unknown>;
}

let nextOffset = 0;

/** Every source of the app that has events of its own. */
export const sourceEvents: Readonly<Record<string, SourceEvents>> = {
  sqs: {
    output: 'SqsQueueUrl',
    put: (aws, QueueUrl, MessageBody) => aws.json('sqs', 'AmazonSQS.SendMessage', { QueueUrl, MessageBody }),
  },
  kinesis: {
    output: 'KinesisStreamName',
    put: (aws, StreamName, text) =>
      aws.json('kinesis', 'Kinesis_20131202.PutRecord', { StreamName, PartitionKey: 'p', Data: btoa(text) }),
  },
  dynamodb: {
    output: 'DynamodbTableName',
    put: (aws, TableName, text) =>
      aws.json('dynamodb', 'DynamoDB_20120810.PutItem', { TableName, Item: { id: { S: text } } }),
  },
  kafka: {
    output: 'KafkaFunctionName',
    // There is no Kafka to read from: Lambda is asked to invoke the function with what it would have read.
    put: (aws, functionName, text) => {
      const at = { offset: nextOffset++, timestamp: Date.now(), timestampType: 'CREATE_TIME' };
      const record = { topic: 'orders', partition: 0, ...at, value: btoa(text), headers: [] };
      const event = {
        eventSource: 'aws:kafka',
        bootstrapServers: 'b-1.orders:9098',
        records: { 'orders-0': [record] },
      };
      return aws.rest('lambda', 'POST', `/2015-03-31/functions/${functionName}/invocations`, JSON.stringify(event));
    },
  },
  sns: {
    output: 'SnsTopicArn',
    put: (aws, TopicArn, Message) => aws.query('sns', { Action: 'Publish', Version: '2010-03-31', TopicArn, Message }),
  },
  eventbridge: {
    output: 'EventbridgeBusName',
    put: (aws, EventBusName, text) => {
      const Entries = [{ EventBusName, Source: 'deploy.test', DetailType: 'tested', Detail: JSON.stringify({ text }) }];
      return aws.json('events', 'AWSEvents.PutEvents', { Entries });
    },
  },
  s3: {
    output: 'S3BucketName',
    put: (aws, bucket, text) => aws.rest('s3', 'PUT', `/${bucket}/${text}`, 'an object'),
  },
  http: {
    output: 'HttpUrl',
    // The emulator has the API under a path too, because names below localhost lead nowhere on many machines.
    put: (aws, url, text) => {
      const [api] = new URL(url).hostname.split('.');
      const path = `/_aws/execute-api/${api}/$default/messages`;
      return aws.rest('execute-api', 'POST', path, JSON.stringify({ body: text }));
    },
  },
};
