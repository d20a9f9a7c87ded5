import { CfnParameter, Duration, Lazy, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sns from 'aws-cdk-lib/aws-sns';
import { describe, expect, test } from 'vitest';
import { environmentRules, readEnvironment } from '../../../functions/invocation/environment.ts';
import { RocketMqCluster } from '../../../infra/constructs/rocketmq-cluster.ts';
import { RocketMqProducerFunction } from '../../../infra/constructs/rocketmq-producer-function.ts';
import { TransactionChecker, type TransactionCheckerProps } from '../../../infra/constructs/transaction-checker.ts';
import { violationsOf } from '../nag.ts';
import { errorsOf, testStack, warningsOf } from '../test-app.ts';

function checkerIn(stack: Stack, props: Partial<TransactionCheckerProps> = {}): TransactionChecker {
  const cluster = new RocketMqCluster(stack, 'Cluster', { nameServers: ['10.0.1.5:9876'] });
  return new TransactionChecker(stack, 'Checker', { cluster, topics: ['orders'], producerGroup: 'orders', ...props });
}

function templateWith(props: Partial<TransactionCheckerProps> = {}): Template {
  const stack = testStack();
  checkerIn(stack, props);
  return Template.fromStack(stack);
}

const propertiesOf = (template: Template, type: string) =>
  Object.values(template.findResources(type)).map(({ Properties }) => Properties);

const statementsOn = (template: Template, service: string) =>
  propertiesOf(template, 'AWS::IAM::Policy')
    .flatMap(({ PolicyDocument }): { Action: string | string[]; Resource: unknown }[] => PolicyDocument.Statement)
    .filter(({ Action }) => [Action].flat().some((action) => action.startsWith(`${service}:`)));

describe('the table', () => {
  test('is a transaction log that is paid by use, restorable, and kept', () => {
    const template = templateWith();
    template.hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        KeySchema: [{ AttributeName: 'msgId', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'msgId', AttributeType: 'S' }],
        BillingMode: 'PAY_PER_REQUEST',
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
        TableName: Match.absent(),
      },
    });
  });

  test('takes options and a key of your own, which checker and senders may use', () => {
    const stack = testStack();
    const encryptionKey = new kms.Key(stack, 'Key', { enableKeyRotation: true });
    const checker = checkerIn(stack, {
      tableOptions: { encryptionKey, deletionProtection: true },
      removalPolicy: RemovalPolicy.DESTROY,
    });
    checker.grantWriteOutcome(new iam.User(stack, 'Sender'));
    const template = Template.fromStack(stack);
    template.hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Delete',
      Properties: {
        DeletionProtectionEnabled: true,
        SSESpecification: { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: Match.anyValue() },
        TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
      },
    });
    expect(statementsOn(template, 'kms').map(({ Resource }) => Resource)).toEqual(
      Array(2).fill({ 'Fn::GetAtt': [expect.stringMatching(/^Key/), 'Arn'] }),
    );
  });

  test('that exists is used, and nothing is created beside it', () => {
    const stack = testStack();
    const arn = 'arn:aws:dynamodb:eu-west-1:123456789012:table/transactions';
    checkerIn(stack, { existingTable: dynamodb.Table.fromTableArn(stack, 'Existing', arn) });
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::DynamoDB::Table', 0);
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: { ROCKETMQ_TRANSACTION_TABLE: 'transactions' } },
    });
    expect(statementsOn(template, 'dynamodb').map(({ Resource }) => Resource)).toEqual([arn]);
  });

  test('may be one of this app, of either class, when it has the key of a log', () => {
    const stack = testStack();
    const existingTable = new dynamodb.TableV2(stack, 'Log', {
      partitionKey: { name: 'msgId', type: dynamodb.AttributeType.STRING },
      timeToLiveAttribute: 'expiresAt',
    });
    checkerIn(stack, { existingTable });
    expect(errorsOf(stack)).toEqual([]);
  });
});

describe('the function', () => {
  test('is told topics, table and times in the words that it reads', () => {
    const stack = testStack();
    checkerIn(stack, { topics: ['orders', 'stock'], patience: Duration.seconds(45) });
    const [fn] = propertiesOf(Template.fromStack(stack), 'AWS::Lambda::Function');
    const { Variables } = fn.Environment;
    expect(Variables.ROCKETMQ_TRANSACTION_TABLE).toEqual({ Ref: expect.stringMatching(/^CheckerTable/) });
    const asText = Object.entries<unknown>(Variables).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : 'x',
    ]);
    expect(readEnvironment(Object.fromEntries(asText))).toMatchObject({
      topic: 'orders',
      producerGroup: 'orders',
      transactionTopics: ['orders', 'stock'],
      transactionAwakeMs: 60_000,
      transactionPatienceMs: 45_000,
    });
    expect(fn.Timeout).toBe(90);
  });

  test('is told topics of a list that is known at deployment only', () => {
    const stack = testStack();
    const { valueAsList } = new CfnParameter(stack, 'Topics', { type: 'CommaDelimitedList' });
    checkerIn(stack, { topics: valueAsList });
    expect(errorsOf(stack)).toEqual([]);
    const [fn] = propertiesOf(Template.fromStack(stack), 'AWS::Lambda::Function');
    expect(fn.Environment.Variables).toMatchObject({
      ROCKETMQ_TOPIC: { 'Fn::Select': [0, { Ref: 'Topics' }] },
      ROCKETMQ_TRANSACTION_TOPICS: { 'Fn::Join': [',', { Ref: 'Topics' }] },
    });
  });

  test('is as patient by default at synth as it is by itself', () => {
    const [fn] = propertiesOf(templateWith(), 'AWS::Lambda::Function');
    expect(fn.Environment.Variables.ROCKETMQ_TRANSACTION_PATIENCE_MS).toBe(
      String(environmentRules.transactionPatienceMs.default),
    );
  });

  test('may read and write single rows of that table, and nothing else of DynamoDB', () => {
    expect(statementsOn(templateWith(), 'dynamodb')).toEqual([
      {
        Effect: 'Allow',
        Action: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
        Resource: { 'Fn::GetAtt': [expect.stringMatching(/^CheckerTable/), 'Arn'] },
      },
    ]);
  });

  test('runs every two minutes, stays for longer than brokers wait, and is not repeated', () => {
    const template = templateWith();
    template.hasResourceProperties('AWS::Scheduler::Schedule', {
      ScheduleExpression: 'rate(2 minutes)',
      Target: { Input: '{}', RetryPolicy: { MaximumRetryAttempts: 0 } },
    });
    template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', { MaximumRetryAttempts: 0 });
  });

  test('stays longer where brokers ask less often', () => {
    const template = templateWith({ transactionCheckInterval: Duration.seconds(60), period: Duration.minutes(3) });
    template.hasResourceProperties('AWS::Lambda::Function', {
      Timeout: 120,
      Environment: { Variables: { ROCKETMQ_TRANSACTION_AWAKE_MS: '90000' } },
    });
    template.hasResourceProperties('AWS::Scheduler::Schedule', { ScheduleExpression: 'rate(3 minutes)' });
  });
});

describe('senders', () => {
  test('may write outcomes, read them for the checks they are asked, and note deliveries', () => {
    const stack = testStack();
    checkerIn(stack).grantWriteOutcome(new iam.User(stack, 'Sender')).assertSuccess();
    const [policy] = propertiesOf(Template.fromStack(stack), 'AWS::IAM::Policy').filter(
      ({ Users }) => Users !== undefined,
    );
    expect(policy.PolicyDocument.Statement).toEqual([
      {
        Effect: 'Allow',
        Action: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
        Resource: { 'Fn::GetAtt': [expect.stringMatching(/^CheckerTable/), 'Arn'] },
      },
    ]);
  });

  test('are given the log and the patience of the checker, for they answer checks as it does', () => {
    const stack = testStack();
    const checker = checkerIn(stack, { patience: Duration.minutes(3) });
    const cluster = new RocketMqCluster(stack, 'Other', { nameServers: ['10.0.1.5:9876'] });
    const sender = new RocketMqProducerFunction(stack, 'Sender', {
      cluster,
      topic: 'orders',
      producerGroup: 'orders',
      source: 'place-order',
      timeout: Duration.minutes(3),
      environment: { ORDERS_TABLE: 'orders', ...checker.senderEnvironment },
    });
    checker.grantWriteOutcome(sender);
    expect(errorsOf(stack)).toEqual([]);
    Template.fromStack(stack).hasResourceProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: {
          ORDERS_TABLE: 'orders',
          ROCKETMQ_TRANSACTION_TABLE: { Ref: Match.stringLikeRegexp('^CheckerTable') },
          ROCKETMQ_TRANSACTION_PATIENCE_MS: '180000',
        },
      },
    });
  });

  test('that may take longer than the checker waits for them are a fault', () => {
    const stack = testStack();
    const checker = checkerIn(stack);
    const cluster = new RocketMqCluster(stack, 'Other', { nameServers: ['10.0.1.5:9876'] });
    const settings = { cluster, topic: 'orders', producerGroup: 'orders', source: 'http' };
    const own = new lambda.Function(stack, 'Own', {
      runtime: lambda.Runtime.NODEJS_24_X,
      handler: 'index.handler',
      code: lambda.Code.fromInline('exports.handler = async () => {}'),
      timeout: Duration.seconds(61),
    });
    checker.grantWriteOutcome(own);
    checker.grantWriteOutcome(
      new RocketMqProducerFunction(stack, 'Slow', { ...settings, timeout: Duration.minutes(2) }),
    );
    checker.grantWriteOutcome(new RocketMqProducerFunction(stack, 'Quick', settings));
    expect(errorsOf(stack)).toEqual([
      expect.stringMatching(/^\[rocketmq-lambda:transaction-patience\] A sender may take 61 s, but after 60 s/),
      expect.stringMatching(/^\[rocketmq-lambda:transaction-patience\] A sender may take 120 s/),
    ]);
  });
});

test('the alarms go off on failures, on silence, on unanswered checks and on messages given up, and have the given actions', () => {
  const stack = testStack();
  const topic = sns.Topic.fromTopicArn(stack, 'Topic', 'arn:aws:sns:eu-west-1:123456789012:alarms');
  const { alarms } = checkerIn(stack, { alarmActions: [new SnsAction(topic)] });
  expect(alarms).toHaveLength(4);
  const template = Template.fromStack(stack);
  template.resourcePropertiesCountIs('AWS::CloudWatch::Alarm', { AlarmActions: [topic.topicArn] }, 4);
  template.hasResourceProperties('AWS::CloudWatch::Alarm', { MetricName: 'Errors', TreatMissingData: 'notBreaching' });
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    MetricName: 'Invocations',
    Threshold: 1,
    ComparisonOperator: 'LessThanThreshold',
    Period: 300,
    TreatMissingData: 'breaching',
  });
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    Namespace: 'RocketMqLambda',
    MetricName: 'TransactionChecksUnknown',
    Dimensions: [{ Name: 'service', Value: 'Test/Checker/Checker' }],
    Statistic: 'Sum',
    Threshold: 0,
    EvaluationPeriods: 2,
    TreatMissingData: 'notBreaching',
  });
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    MetricName: 'TransactionsGivenUp',
    Statistic: 'Maximum',
    Threshold: 0,
    TreatMissingData: 'notBreaching',
  });
});

test('messages given up that are known of raise no alarm', () => {
  templateWith({ knownGivenUp: 3 }).hasResourceProperties('AWS::CloudWatch::Alarm', {
    MetricName: 'TransactionsGivenUp',
    Threshold: 3,
    ComparisonOperator: 'GreaterThanThreshold',
  });
});

test('a stay of half a second more has the timeout rounded up', () => {
  const template = templateWith({ awakeTime: Duration.millis(45_500) });
  template.hasResourceProperties('AWS::Lambda::Function', {
    Timeout: 76,
    Environment: { Variables: Match.objectLike({ ROCKETMQ_TRANSACTION_AWAKE_MS: '45500' }) },
  });
});

describe('durations known at deployment only', () => {
  const atDeployment = Lazy.number({ produce: () => 100 });

  test.each<[string, Partial<TransactionCheckerProps>]>([
    ['timeout', { functionOptions: { timeout: Duration.seconds(atDeployment) } }],
    ['period', { period: Duration.minutes(atDeployment) }],
  ])('leave the connections uncounted, with a warning: %s', (_title, props) => {
    const stack = testStack();
    const cluster = new RocketMqCluster(stack, 'Small', { nameServers: ['10.0.1.5:9876'], connectionBudget: 3 });
    checkerIn(stack, { ...props, cluster });
    expect(errorsOf(stack)).toEqual([]);
    expect(warningsOf(stack)).toEqual([expect.stringContaining('rocketmq-lambda:connection-budget-unknown')]);
    cluster.countConnections(stack, 4);
    expect(errorsOf(stack)).toEqual([expect.stringMatching(/can open 4 connections/)]);
  });

  test('of a period leave an hour until silence is told', () => {
    templateWith({ period: Duration.hours(atDeployment) }).hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'Invocations',
      Period: 3600,
    });
  });

  test('of a stay need a timeout that is given; of the interval of checks, a stay too', () => {
    const stack = testStack();
    checkerIn(stack, { awakeTime: Duration.millis(atDeployment) });
    checkerIn(new Stack(stack, 'Nested'), { transactionCheckInterval: Duration.seconds(atDeployment) });
    expect(errorsOf(stack)).toEqual([
      expect.stringMatching(
        /^\[rocketmq-lambda:transaction-awake\] awakeTime is known .* Give functionOptions.timeout/,
      ),
      expect.stringMatching(
        /^\[rocketmq-lambda:transaction-awake\] transactionCheckInterval is known .* Give awakeTime/,
      ),
    ]);
    const told = testStack();
    const functionOptions = { timeout: Duration.minutes(2) };
    checkerIn(told, { awakeTime: Duration.millis(atDeployment), functionOptions });
    expect(errorsOf(told)).toEqual([]);
  });

  test('of a sender or of the patience are not compared', () => {
    const stack = testStack();
    const sender = new lambda.Function(stack, 'Sender', {
      runtime: lambda.Runtime.NODEJS_24_X,
      handler: 'index.handler',
      code: lambda.Code.fromInline('exports.handler = async () => {}'),
      timeout: Duration.seconds(atDeployment),
    });
    checkerIn(stack).grantWriteOutcome(sender);
    const patience = Duration.millis(atDeployment);
    const cluster = new RocketMqCluster(stack, 'Other', { nameServers: ['10.0.1.5:9876'] });
    new TransactionChecker(stack, 'Patient', {
      cluster,
      topics: ['a'],
      producerGroup: 'a',
      patience,
    }).grantWriteOutcome(sender);
    expect(errorsOf(stack)).toEqual([]);
  });
});

test('its connections count in the budget of the cluster', () => {
  const stack = testStack();
  const cluster = new RocketMqCluster(stack, 'Small', {
    nameServers: ['10.0.1.5:9876'],
    brokerCount: 2,
    connectionBudget: 3,
  });
  checkerIn(stack, { cluster, period: Duration.minutes(1) });
  expect(errorsOf(stack)).toEqual([expect.stringMatching(/^\[rocketmq-lambda:connection-budget\] .* 4 connections/)]);
});

test('no rule of cdk-nag is violated, and nothing is warned of', () => {
  const stack = testStack();
  checkerIn(stack);
  expect(violationsOf(stack)).toEqual([]);
  expect(warningsOf(stack)).toEqual([]);
});

describe('at synth', () => {
  test.each<[string, Partial<TransactionCheckerProps>, string[]]>([
    ['a stay too short to be asked', { awakeTime: Duration.seconds(20) }, ['transaction-awake']],
    ['a period in which messages are given up', { period: Duration.minutes(7) }, ['transaction-period']],
    ['a period that the Scheduler does not know', { period: Duration.seconds(90) }, ['transaction-period']],
    ['brokers that ask not at all', { transactionCheckMax: 0 }, ['transaction-broker']],
    ['no topic', { topics: [] }, ['topic', 'topic']],
    ['a second topic that is none', { topics: ['orders', 'a b'] }, ['topic']],
    ['a group that is none', { producerGroup: 'a b' }, ['producer-group']],
    [
      'a variable that a prop sets to something else',
      { functionOptions: { environment: { ROCKETMQ_TRANSACTION_TOPICS: 'stock' } } },
      ['environment'],
    ],
    ['a stay longer than Lambda allows', { functionOptions: { timeout: Duration.seconds(60) } }, ['transaction-awake']],
  ])('%s is a fault', (_what, props, ids) => {
    const stack = testStack();
    checkerIn(stack, props);
    expect(errorsOf(stack).map((error) => error.split(' ')[0])).toEqual(ids.map((id) => `[rocketmq-lambda:${id}]`));
  });

  test('a table with another key, and props about a created one, are faults', () => {
    const stack = testStack();
    const existingTable = new dynamodb.Table(stack, 'Log', {
      partitionKey: { name: 'id', type: dynamodb.AttributeType.STRING },
    });
    checkerIn(stack, { existingTable, tableOptions: { deletionProtection: true } });
    expect(errorsOf(stack)).toEqual([
      expect.stringMatching(/^\[rocketmq-lambda:transaction-table\] tableOptions would have no effect/),
      expect.stringMatching(/^\[rocketmq-lambda:transaction-table\] The table has the key id, but/),
    ]);
  });

  test('a plan that one failed run breaks is warned of', () => {
    const stack = testStack();
    checkerIn(stack, { period: Duration.minutes(4) });
    expect(errorsOf(stack)).toEqual([]);
    expect(warningsOf(stack)).toEqual([expect.stringContaining('[ack: rocketmq-lambda:transaction-single-run]')]);
  });
});
