import { CfnParameter, Duration, type Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as apigateway from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as sns from 'aws-cdk-lib/aws-sns';
import { describe, expect, test } from 'vitest';
import { HttpToRocketMq, type HttpToRocketMqProps } from '../../../infra/constructs/http-to-rocketmq.ts';
import { RocketMqCluster } from '../../../infra/constructs/rocketmq-cluster.ts';
import { violationsOf } from '../nag.ts';
import { errorsOf, testStack, warningsOf } from '../test-app.ts';

function httpIn(stack: Stack, props: Partial<HttpToRocketMqProps> = {}): HttpToRocketMq {
  const cluster = new RocketMqCluster(stack, 'Cluster', { nameServers: ['10.0.1.5:9876'] });
  return new HttpToRocketMq(stack, 'Http', { cluster, topic: 'orders', producerGroup: 'orders', ...props });
}

function templateWith(props: Partial<HttpToRocketMqProps> = {}): Template {
  const stack = testStack();
  httpIn(stack, props);
  return Template.fromStack(stack);
}

const propertiesOf = (template: Template, type: string) =>
  Object.values(template.findResources(type)).map(({ Properties }) => Properties);

describe('the HTTP API', () => {
  test('has the routes that the function answers and no others, all behind IAM', () => {
    const template = templateWith();
    const routes = propertiesOf(template, 'AWS::ApiGatewayV2::Route');
    expect(routes.map(({ RouteKey, AuthorizationType }) => [RouteKey, AuthorizationType])).toEqual([
      ['POST /messages', 'AWS_IAM'],
      ['POST /topics/{topic}/messages', 'AWS_IAM'],
      ['GET /openapi.json', 'AWS_IAM'],
    ]);
    template.resourceCountIs('AWS::Lambda::Url', 0);
    template.hasResourceProperties('AWS::Lambda::Function', { Timeout: 20 });
  });

  test('throttles, and logs each request as JSON for a month', () => {
    const template = templateWith();
    const [stage] = propertiesOf(template, 'AWS::ApiGatewayV2::Stage');
    expect(stage).toMatchObject({
      StageName: '$default',
      AutoDeploy: true,
      DefaultRouteSettings: { ThrottlingRateLimit: 100, ThrottlingBurstLimit: 200 },
      AccessLogSettings: {
        DestinationArn: { 'Fn::GetAtt': [expect.stringMatching(/^HttpEndpointAccessLogs/), 'Arn'] },
      },
    });
    expect(JSON.parse(stage.AccessLogSettings.Format)).toMatchObject({ requestId: '$context.requestId' });
    template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 30 });
  });

  test('may invoke the function for its own routes only', () => {
    const permissions = propertiesOf(templateWith(), 'AWS::Lambda::Permission');
    expect(permissions).toHaveLength(3);
    for (const permission of permissions) {
      expect(permission).toMatchObject({
        Action: 'lambda:InvokeFunction',
        Principal: 'apigateway.amazonaws.com',
        SourceArn: { 'Fn::Join': ['', expect.arrayContaining([{ Ref: expect.stringMatching(/^HttpEndpointApi/) }])] },
      });
    }
  });

  test('takes a throttle, a log group, an authorizer and options of its own', () => {
    const stack = testStack();
    const accessLogGroup = new logs.LogGroup(stack, 'Logs');
    const domainName = apigateway.DomainName.fromDomainNameAttributes(stack, 'Domain', {
      name: 'send.example.com',
      regionalDomainName: 'd-1.execute-api.eu-west-1.amazonaws.com',
      regionalHostedZoneId: 'Z1',
    });
    httpIn(stack, {
      throttle: { rateLimit: 7, burstLimit: 9 },
      accessLogGroup,
      authorizer: new apigateway.HttpNoneAuthorizer(),
      httpApiOptions: {
        corsPreflight: { allowOrigins: ['https://example.com'] },
        defaultDomainMapping: { domainName },
      },
    });
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      DefaultRouteSettings: { ThrottlingRateLimit: 7, ThrottlingBurstLimit: 9 },
      AccessLogSettings: { DestinationArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Logs'), 'Arn'] } },
    });
    template.hasResourceProperties('AWS::ApiGatewayV2::Api', { CorsConfiguration: Match.anyValue() });
    template.hasResourceProperties('AWS::ApiGatewayV2::ApiMapping', { DomainName: 'send.example.com' });
    template.allResourcesProperties('AWS::ApiGatewayV2::Route', { AuthorizationType: 'NONE' });
    expect(warningsOf(stack)).toEqual([expect.stringContaining('[ack: rocketmq-lambda:http-open]')]);
  });

  test.each([
    [{ defaultDomainMapping: {} }, /\.execute-api\./],
    [{ defaultDomainMapping: {}, disableExecuteApiEndpoint: true }, /^https:\/\/send\.example\.com$/],
    [
      { defaultDomainMapping: { mappingKey: 'v1' }, disableExecuteApiEndpoint: true },
      /^https:\/\/send\.example\.com\/v1$/,
    ],
  ])('has the address that answers with %j', ({ defaultDomainMapping, ...options }, address) => {
    const stack = testStack();
    const attributes = { name: 'send.example.com', regionalDomainName: 'd-1.example.com', regionalHostedZoneId: 'Z1' };
    const domainName = apigateway.DomainName.fromDomainNameAttributes(stack, 'Domain', attributes);
    const mapping = { defaultDomainMapping: { domainName, ...defaultDomainMapping } };
    expect(httpIn(stack, { httpApiOptions: { ...mapping, ...options } }).url).toMatch(address);
  });

  test('that exists gets the routes, and nothing is created beside it', () => {
    const stack = testStack();
    const { url, stage, accessLogGroup } = httpIn(stack, {
      existingHttpApi: new apigateway.HttpApi(stack, 'Api'),
    });
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::ApiGatewayV2::Api', 1);
    template.resourceCountIs('AWS::ApiGatewayV2::Stage', 1);
    template.resourceCountIs('AWS::ApiGatewayV2::Route', 3);
    expect([stage, accessLogGroup]).toEqual([undefined, undefined]);
    expect(stack.resolve(url)).toEqual({
      'Fn::Join': [
        '',
        [
          'https://',
          { Ref: expect.stringMatching(/^Api/) },
          '.execute-api.',
          expect.anything(),
          '.',
          expect.anything(),
        ],
      ],
    });
  });
});

describe('the stage of an API that exists', () => {
  const httpBehind = (existingHttpApi: (stack: Stack) => apigateway.IHttpApiRef, existingStageName?: string) => {
    const stack = testStack();
    const sender = new iam.User(stack, 'Sender');
    const http = httpIn(stack, {
      existingHttpApi: existingHttpApi(stack),
      ...(existingStageName !== undefined && { existingStageName }),
    });
    http.grantSend(sender).assertSuccess();
    expect(errorsOf(stack)).toEqual([]);
    const [policy] = propertiesOf(Template.fromStack(stack), 'AWS::IAM::Policy').filter(
      ({ Users }) => Users !== undefined,
    );
    const granted: unknown = policy.PolicyDocument.Statement[0].Resource['Fn::Join'][1].at(-1);
    return { granted, end: stack.resolve(http.url)['Fn::Join'][1].at(-1), warnings: warningsOf(stack) };
  };
  const withoutDefaultStage = (stack: Stack) => new apigateway.HttpApi(stack, 'Api', { createDefaultStage: false });
  const imported = (stack: Stack) => apigateway.HttpApi.fromHttpApiAttributes(stack, 'Api', { httpApiId: 'abc' });

  test('is the default one where the API has it', () => {
    expect(httpBehind((stack) => new apigateway.HttpApi(stack, 'Api'))).toEqual({
      granted: '/$default/POST/messages',
      end: { Ref: 'AWS::URLSuffix' },
      warnings: [],
    });
  });

  test.each([
    ['is not known to have one', withoutDefaultStage],
    ['is imported', imported],
  ])('is taken for the default one, with a warning, where the API %s', (_title, api) => {
    const { granted, warnings } = httpBehind(api);
    expect(granted).toMatch(/\/\$default\/POST\/messages$/);
    expect(warnings).toEqual([expect.stringMatching(/existingStageName.*\[ack: rocketmq-lambda:http-stage\]$/)]);
  });

  test.each([withoutDefaultStage, imported])('is part of address and right where it is named', (api) => {
    const { granted, end, warnings } = httpBehind(api, 'prod');
    expect(granted).toMatch(/\/prod\/POST\/messages$/);
    expect(end).toMatch(/\/prod$/);
    expect(warnings).toEqual([]);
  });

  test('may be named though it is the default one', () => {
    expect(httpBehind(imported, '$default')).toMatchObject({ end: { Ref: 'AWS::URLSuffix' }, warnings: [] });
  });
});

describe('senders to the HTTP API', () => {
  const granted = (topics?: readonly string[]) => {
    const stack = testStack();
    const sender = new iam.User(stack, 'Sender');
    httpIn(stack)
      .grantSend(sender, topics === undefined ? {} : { topics })
      .assertSuccess();
    const [policy] = propertiesOf(Template.fromStack(stack), 'AWS::IAM::Policy').filter(
      ({ Users }) => Users !== undefined,
    );
    const [statement, ...rest] = policy.PolicyDocument.Statement;
    expect([statement.Action, rest]).toEqual(['execute-api:Invoke', []]);
    const paths = (resource: { 'Fn::Join': [string, unknown[]] }) => resource['Fn::Join'][1].at(-1);
    return [statement.Resource].flat().map(paths);
  };

  test('may post to the topic of the function, and to no other', () => {
    expect(granted()).toEqual(['/$default/POST/messages']);
  });

  test('may post to a topic whose name is known at deployment only', () => {
    const stack = testStack();
    const { valueAsString } = new CfnParameter(stack, 'Stock');
    httpIn(stack).grantSend(new iam.User(stack, 'Sender'), { topics: [valueAsString] });
    expect(errorsOf(stack)).toEqual([]);
    const [statement] = propertiesOf(Template.fromStack(stack), 'AWS::IAM::Policy')
      .flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
      .filter(({ Action }) => Action === 'execute-api:Invoke');
    expect(statement.Resource[1]['Fn::Join'][1]).toEqual(expect.arrayContaining([{ Ref: 'Stock' }, '/messages']));
  });

  test('may so too where IAM was asked for expressly', () => {
    const stack = testStack();
    const http = httpIn(stack, { authorizer: new HttpIamAuthorizer() });
    http.grantSend(new iam.User(stack, 'Sender')).assertSuccess();
    expect(errorsOf(stack)).toEqual([]);
  });

  test('may post to other topics that are named, or to any', () => {
    expect(granted(['stock'])).toEqual(['/$default/POST/messages', '/$default/POST/topics/stock/messages']);
    expect(granted(['*'])).toEqual(['/$default/POST/messages', '/$default/POST/topics/*/messages']);
  });
});

describe('the function URL', () => {
  test('asks for IAM, and senders get both permissions that it demands', () => {
    const stack = testStack();
    const sender = new iam.User(stack, 'Sender');
    httpIn(stack, { endpoint: 'functionUrl' }).grantSend(sender).assertSuccess();
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::Lambda::Url', { AuthType: 'AWS_IAM' });
    template.resourceCountIs('AWS::ApiGatewayV2::Api', 0);
    template.resourceCountIs('AWS::Lambda::Permission', 0);
    const [policy] = propertiesOf(template, 'AWS::IAM::Policy').filter(({ Users }) => Users !== undefined);
    const Resource = { 'Fn::GetAtt': [expect.stringMatching(/^HttpProducerFunction/), 'Arn'] };
    expect(policy.PolicyDocument.Statement).toEqual([
      {
        Effect: 'Allow',
        Action: 'lambda:InvokeFunctionUrl',
        Condition: { StringEquals: { 'lambda:FunctionUrlAuthType': 'AWS_IAM' } },
        Resource,
      },
      {
        Effect: 'Allow',
        Action: 'lambda:InvokeFunction',
        Condition: { Bool: { 'lambda:InvokedViaFunctionUrl': true } },
        Resource,
      },
    ]);
  });

  test('that is open gives everybody both permissions, and a warning', () => {
    const stack = testStack();
    httpIn(stack, {
      endpoint: 'functionUrl',
      functionUrlAuthType: lambda.FunctionUrlAuthType.NONE,
      functionUrlOptions: { cors: { allowedOrigins: ['https://example.com'] } },
      functionOptions: { reservedConcurrentExecutions: 5 },
    });
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::Lambda::Url', {
      AuthType: 'NONE',
      Cors: { AllowOrigins: ['https://example.com'] },
    });
    expect(propertiesOf(template, 'AWS::Lambda::Permission')).toEqual([
      expect.objectContaining({ Action: 'lambda:InvokeFunctionUrl', Principal: '*', FunctionUrlAuthType: 'NONE' }),
      expect.objectContaining({ Action: 'lambda:InvokeFunction', Principal: '*', InvokedViaFunctionUrl: true }),
    ]);
    expect(warningsOf(stack)).toEqual([expect.stringContaining('[ack: rocketmq-lambda:http-open]')]);
  });

  test('without reserved concurrency has a warning that nothing throttles it', () => {
    const stack = testStack();
    httpIn(stack, { endpoint: 'functionUrl' });
    expect(warningsOf(stack)).toEqual([expect.stringContaining('[ack: rocketmq-lambda:http-unthrottled]')]);
  });
});

describe('the alarms', () => {
  test('go off on function errors and on 5xx answers, and have the given actions', () => {
    const stack = testStack();
    const topic = sns.Topic.fromTopicArn(stack, 'Topic', 'arn:aws:sns:eu-west-1:123456789012:alarms');
    httpIn(stack, { alarmActions: [new SnsAction(topic)] });
    const template = Template.fromStack(stack);
    template.resourcePropertiesCountIs('AWS::CloudWatch::Alarm', { AlarmActions: [topic.topicArn] }, 2);
    template.hasResourceProperties('AWS::CloudWatch::Alarm', { Namespace: 'AWS/Lambda', MetricName: 'Errors' });
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      Namespace: 'AWS/ApiGateway',
      MetricName: '5xx',
      Statistic: 'Sum',
      Threshold: 0,
      TreatMissingData: 'notBreaching',
    });
  });

  test('of a function URL look at its own count', () => {
    templateWith({ endpoint: 'functionUrl' }).hasResourceProperties('AWS::CloudWatch::Alarm', {
      Namespace: 'AWS/Lambda',
      MetricName: 'Url5xxCount',
      Statistic: 'Sum',
    });
  });
});

describe('a fault at synth is', () => {
  test.each<[string, Partial<HttpToRocketMqProps>, RegExp]>([
    [
      'a prop of the function URL beside an HTTP API',
      { functionUrlAuthType: lambda.FunctionUrlAuthType.NONE, functionUrlOptions: {} },
      /^\[rocketmq-lambda:http-endpoint\] functionUrlAuthType, functionUrlOptions would have no effect with endpoint "httpApi"/,
    ],
    [
      'a prop of the HTTP API beside a function URL',
      { endpoint: 'functionUrl', throttle: { rateLimit: 1 } },
      /^\[rocketmq-lambda:http-endpoint\] throttle would have no effect with endpoint "functionUrl"/,
    ],
    [
      'a timeout that API Gateway does not wait for',
      { functionOptions: { timeout: Duration.seconds(30) } },
      /^\[rocketmq-lambda:http-timeout\] The function may take 30 s, .* 29 s or less/,
    ],
    ['a topic that is none', { topic: 'a b' }, /^\[rocketmq-lambda:topic\]/],
  ])('%s', (_what, props, fault) => {
    const stack = testStack();
    httpIn(stack, props);
    expect(errorsOf(stack)).toEqual([expect.stringMatching(fault)]);
  });

  test('a stage of an API that is created here', () => {
    const stack = testStack();
    httpIn(stack, { existingStageName: 'prod' });
    expect(errorsOf(stack)).toEqual([
      expect.stringMatching(/^\[rocketmq-lambda:http-endpoint\] existingStageName would have no effect without/),
    ]);
  });

  test('a prop about a created API beside one that exists', () => {
    const stack = testStack();
    httpIn(stack, { existingHttpApi: new apigateway.HttpApi(stack, 'Api'), throttle: { rateLimit: 1 } });
    expect(errorsOf(stack)).toEqual([
      expect.stringMatching(/^\[rocketmq-lambda:http-endpoint\] throttle would have no effect: existingHttpApi/),
    ]);
  });

  test('a grant where nobody asks for IAM', () => {
    const stack = testStack();
    const http = httpIn(stack, { authorizer: new apigateway.HttpNoneAuthorizer() });
    http.grantSend(new iam.User(stack, 'Sender'));
    expect(errorsOf(stack)).toEqual([expect.stringMatching(/^\[rocketmq-lambda:http-grant\]/)]);
  });

  test('a grant for a topic that cannot exist', () => {
    const stack = testStack();
    httpIn(stack).grantSend(new iam.User(stack, 'Sender'), { topics: ['stock', 'a/b'] });
    expect(errorsOf(stack)).toEqual([expect.stringMatching(/^\[rocketmq-lambda:http-grant\] Topic "a\/b"/)]);
  });
});

test.each(['httpApi', 'functionUrl'] as const)('an endpoint of the kind %s violates no rule of cdk-nag', (endpoint) => {
  const stack = testStack();
  httpIn(stack, { endpoint });
  expect(violationsOf(stack)).toEqual([]);
});
