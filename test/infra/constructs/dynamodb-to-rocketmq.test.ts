import { Duration, type Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { describe, expect, test } from 'vitest';
import { DynamoDbToRocketMq, type DynamoDbToRocketMqProps } from '../../../infra/constructs/dynamodb-to-rocketmq.ts';
import { RocketMqCluster } from '../../../infra/constructs/rocketmq-cluster.ts';
import { acknowledgementsOf, violationsOf } from '../nag.ts';
import { errorsOf, testStack, warningsOf } from '../test-app.ts';

const tableArn = 'arn:aws:dynamodb:eu-west-1:123456789012:table/orders';
const tableStreamArn = `${tableArn}/stream/2026-01-01T00:00:00.000`;

function dynamoDbIn(stack: Stack, props: Partial<DynamoDbToRocketMqProps> = {}): DynamoDbToRocketMq {
  const cluster = new RocketMqCluster(stack, 'Cluster', { nameServers: ['10.0.1.5:9876'] });
  return new DynamoDbToRocketMq(stack, 'Table', { cluster, topic: 'orders', producerGroup: 'orders', ...props });
}

describe('with default props', () => {
  const stack = testStack();
  const source = dynamoDbIn(stack);
  const template = Template.fromStack(stack);
  const streamOfTable = { 'Fn::GetAtt': [expect.stringMatching(/^Table/), 'StreamArn'] };

  test('violates no rule of cdk-nag, and acknowledges these', () => {
    expect(violationsOf(stack)).toEqual([]);
    expect(acknowledgementsOf(stack).map(({ path, rule }) => `${path} ${rule}`)).toEqual([
      'Table/Producer/Function Serverless-LambdaTracing',
      'Table/Producer/Function Serverless-LambdaDLQ',
      'Table/DeadLetters AwsSolutions-SQS3',
      'Table/DeadLetters Serverless-SQSRedrivePolicy',
    ]);
  });

  test('has a table with both images in its stream, recovery, and no name, that is kept', () => {
    template.hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Retain',
      Properties: {
        TableName: Match.absent(),
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
      },
    });
  });

  test('reads its stream, and reports failures by record', () => {
    const [mapping] = Object.values(template.findResources('AWS::Lambda::EventSourceMapping'));
    expect(mapping?.Properties).toMatchObject({
      EventSourceArn: streamOfTable,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      BisectBatchOnFunctionError: true,
      MaximumRecordAgeInSeconds: 21_600,
      MaximumRetryAttempts: -1,
      StartingPosition: 'TRIM_HORIZON',
    });
  });

  test('lets the function read this stream, and neither the table nor other streams', () => {
    const [policy] = Object.values(template.findResources('AWS::IAM::Policy'));
    const statements: { Action: string[] }[] = policy?.Properties.PolicyDocument.Statement;
    expect(statements.filter(({ Action }) => [Action].flat().some((action) => action.startsWith('dynamodb:')))).toEqual(
      [
        {
          Effect: 'Allow',
          Action: [
            'dynamodb:DescribeStream',
            'dynamodb:GetRecords',
            'dynamodb:GetShardIterator',
            'dynamodb:ListStreams',
          ],
          Resource: streamOfTable,
        },
      ],
    );
    expect(JSON.stringify(statements)).not.toContain('*');
  });

  test('tells the age of changes as its lag', () => {
    expect(source.metricLag().toMetricConfig().metricStat).toMatchObject({ metricName: 'IteratorAge' });
  });

  test('reports nothing', () => {
    expect([...errorsOf(stack), ...warningsOf(stack)]).toEqual([]);
  });
});

test('keys and other options reach the created table', () => {
  const stack = testStack();
  dynamoDbIn(stack, {
    tableOptions: {
      partitionKey: { name: 'customer', type: dynamodb.AttributeType.STRING },
      sortKey: { name: 'order', type: dynamodb.AttributeType.NUMBER },
    },
    parallelizationFactor: 2,
  });
  const template = Template.fromStack(stack);
  template.hasResourceProperties('AWS::DynamoDB::Table', {
    KeySchema: [
      { AttributeName: 'customer', KeyType: 'HASH' },
      { AttributeName: 'order', KeyType: 'RANGE' },
    ],
  });
  template.hasResourceProperties('AWS::Lambda::EventSourceMapping', { ParallelizationFactor: 2 });
});

describe('an existing table', () => {
  test('of another app is read by its stream, and decrypted with its key', () => {
    const stack = testStack();
    const encryptionKey = kms.Key.fromKeyArn(
      stack,
      'Key',
      'arn:aws:kms:eu-west-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef',
    );
    dynamoDbIn(stack, {
      existingTable: dynamodb.Table.fromTableAttributes(stack, 'Orders', { tableArn, tableStreamArn, encryptionKey }),
    });
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::DynamoDB::Table', 0);
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', { EventSourceArn: tableStreamArn });
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([Match.objectLike({ Action: 'kms:Decrypt', Resource: encryptionKey.keyArn })]),
      },
    });
    expect([...errorsOf(stack), ...warningsOf(stack)]).toEqual([]);
  });

  test('may be a TableV2', () => {
    const stack = testStack();
    const existingTable = new dynamodb.TableV2(stack, 'Orders', {
      partitionKey: { name: 'id', type: dynamodb.AttributeType.STRING },
      dynamoStream: dynamodb.StreamViewType.KEYS_ONLY,
    });
    dynamoDbIn(stack, { existingTable });
    expect(errorsOf(stack)).toEqual([]);
    expect(warningsOf(stack)).toEqual([expect.stringMatching(/has the view KEYS_ONLY/)]);
  });

  test('without a stream is refused', () => {
    const stack = testStack();
    dynamoDbIn(stack, { existingTable: dynamodb.Table.fromTableArn(stack, 'Orders', tableArn), tableOptions: {} });
    expect(errorsOf(stack)).toEqual([
      expect.stringMatching(/^\[rocketmq-lambda:dynamodb-stream\] The table has no stream that is known here/),
      expect.stringMatching(/^\[rocketmq-lambda:existing-table\] tableOptions would have no effect/),
    ]);
  });

  test.each([dynamodb.StreamViewType.KEYS_ONLY, dynamodb.StreamViewType.OLD_IMAGE])(
    'whose stream has the view %s leaves a warning, for messages do not say what an item became',
    (stream) => {
      const stack = testStack();
      const existingTable = new dynamodb.Table(stack, 'Orders', {
        partitionKey: { name: 'id', type: dynamodb.AttributeType.STRING },
        stream,
      });
      dynamoDbIn(stack, { existingTable });
      expect(warningsOf(stack)).toEqual([
        expect.stringMatching(new RegExp(`has the view ${stream}.*\\[ack: rocketmq-lambda:dynamodb-stream-view\\]`)),
      ]);
    },
  );
});

test('what streams of DynamoDB do not know is refused', () => {
  const stack = testStack();
  dynamoDbIn(stack, {
    startingPosition: lambda.StartingPosition.AT_TIMESTAMP,
    startingPositionTimestamp: 1_700_000_000,
    maxRecordAge: Duration.hours(24),
  });
  expect(errorsOf(stack).map((error) => error.split(' ')[0])).toEqual([
    '[rocketmq-lambda:stream-starting-position]',
    '[rocketmq-lambda:stream-record-age]',
  ]);
});
