import type { AwsApi } from './aws-api.ts';

/** How to make a source have an event with a text in it. */
type PutEvent = (aws: AwsApi, address: string, text: string) => Promise<unknown>;

let nextOffset = 0;

/** One a source, by the names that the stack uses; `address` is what the stack says of the source. */
export const putEvents: Readonly<Record<string, PutEvent>> = {
  sqs: (aws, QueueUrl, MessageBody) => aws.json('sqs', 'AmazonSQS.SendMessage', { QueueUrl, MessageBody }),
  sns: (aws, TopicArn, Message) => aws.query('sns', { Action: 'Publish', Version: '2010-03-31', TopicArn, Message }),
  eventbridge: (aws, EventBusName, text) => {
    const Entries = [{ EventBusName, Source: 'deploy.test', DetailType: 'tested', Detail: JSON.stringify({ text }) }];
    return aws.json('events', 'AWSEvents.PutEvents', { Entries });
  },
  kinesis: (aws, StreamName, text) =>
    aws.json('kinesis', 'Kinesis_20131202.PutRecord', { StreamName, PartitionKey: 'p', Data: btoa(text) }),
  dynamodb: (aws, TableName, text) =>
    aws.json('dynamodb', 'DynamoDB_20120810.PutItem', { TableName, Item: { id: { S: text } } }),
  // There is no Kafka to read from: Lambda is asked to invoke the function with what it would have read.
  kafka: (aws, functionName, text) => {
    const record = {
      topic: 'orders',
      partition: 0,
      offset: nextOffset++,
      timestamp: Date.now(),
      timestampType: 'CREATE_TIME',
    };
    const records = { 'orders-0': [{ ...record, value: btoa(text), headers: [] }] };
    const event = { eventSource: 'aws:kafka', bootstrapServers: 'b-1.orders:9098', records };
    return aws.rest('lambda', 'POST', `/2015-03-31/functions/${functionName}/invocations`, JSON.stringify(event));
  },
  s3: (aws, bucket, text) => aws.rest('s3', 'PUT', `/${bucket}/${text}`, 'an object'),
  http: (aws, api, text) =>
    aws.rest('execute-api', 'POST', `/_aws/execute-api/${api}/$default/messages`, JSON.stringify({ body: text })),
};
