import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { describe, expect, test } from 'vitest';
import type { ClusterSecurity } from '../../../infra/constructs/cluster-security.ts';
import { RocketMqCluster, type RocketMqClusterProps } from '../../../infra/constructs/rocketmq-cluster.ts';
import { SqsToRocketMq } from '../../../infra/constructs/sqs-to-rocketmq.ts';
import { readContext } from '../../../infra/read-context.ts';
import { RocketMqLambdaStack } from '../../../infra/rocketmq-lambda-stack.ts';
import { errorsOf, testAppProps, testStack } from '../test-app.ts';

const keyArn = 'arn:aws:kms:eu-west-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef';
const everything = {
  nameServers: 'broker.example:9876',
  aclParameterName: '/rocketmq/credentials',
  aclKeyArn: keyArn,
  tls: 'true',
  tlsCaParameterName: '/rocketmq/ca',
  tlsServername: 'rocketmq.internal',
  namespace: 'production',
};

function templateOf(context: Record<string, string>): Template {
  return Template.fromStack(
    new RocketMqLambdaStack(new App(testAppProps()), 'Test', { settings: readContext(context) }),
  );
}

function statementsOf(template: Template): { Action: string | string[]; Resource: unknown; Condition?: unknown }[] {
  const policies = Object.values(template.findResources('AWS::IAM::Policy'));
  return policies.flatMap(({ Properties }) => Properties.PolicyDocument.Statement);
}

describe('a stack whose context names credentials and CA', () => {
  const template = templateOf(everything);

  test('tells the function their names, and no value', () => {
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: {
          ROCKETMQ_ACL_PARAMETER: '/rocketmq/credentials',
          ROCKETMQ_TLS: 'true',
          ROCKETMQ_TLS_CA_PARAMETER: '/rocketmq/ca',
          ROCKETMQ_TLS_SERVERNAME: 'rocketmq.internal',
          ROCKETMQ_NAMESPACE: 'production',
        },
      },
    });
    expect(JSON.stringify(template.toJSON())).not.toContain('{{resolve:');
  });

  test('lets the function read these parameters and no other', () => {
    const flat = JSON.stringify(statementsOf(template).filter(({ Action }) => Action === 'ssm:GetParameters'));
    expect(flat).toContain(':parameter/rocketmq/credentials"');
    expect(flat).toContain(':parameter/rocketmq/ca"');
    expect(flat).not.toContain('*');
  });

  test('lets it decrypt that one SecureString, through SSM only', () => {
    const [decrypt, ...others] = statementsOf(template).filter(({ Action }) => Action === 'kms:Decrypt');
    expect(others).toEqual([]);
    expect(decrypt?.Resource).toBe(keyArn);
    const condition = JSON.stringify(decrypt?.Condition);
    expect(condition).toMatch(/"StringEquals":.*"kms:ViaService":.*ssm\./);
    expect(condition).toMatch(/"kms:EncryptionContext:PARAMETER_ARN":.*:parameter\/rocketmq\/credentials"/);
  });
});

test('a stack without them has no such variable and no such right', () => {
  const template = templateOf({ nameServers: 'broker.example:9876' });
  template.hasResourceProperties('AWS::Lambda::Function', {
    Environment: {
      Variables: Match.objectLike({ ROCKETMQ_TLS: Match.absent(), ROCKETMQ_ACL_PARAMETER: Match.absent() }),
    },
  });
  expect(JSON.stringify(statementsOf(template))).not.toContain('kms:');
});

describe.each([
  ['of another account', 'arn:aws:ssm:eu-west-1:999999999999:parameter'],
  ['of this account, in a path', 'arn:aws:ssm:eu-west-1:123456789012:parameter/rocketmq'],
])('parameters %s that are imported by their ARN', (_whose, base) => {
  test('are asked for by it, and may be read', () => {
    const stack = new Stack(new App(testAppProps()), 'Test', { env: { account: '123456789012', region: 'eu-west-1' } });
    const arnOf = (name: string) => `${base}/${name}`;
    const imported = (name: string) => ssm.StringParameter.fromStringParameterArn(stack, name, arnOf(name));
    const cluster = new RocketMqCluster(stack, 'Cluster', {
      nameServerParameter: imported('name-servers'),
      aclParameter: imported('credentials'),
      tls: true,
      tlsCaParameter: imported('ca'),
    });
    new SqsToRocketMq(stack, 'Orders', { cluster, topic: 'orders', producerGroup: 'orders' });
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: Match.objectLike({
          ROCKETMQ_NAME_SERVER_PARAMETER: arnOf('name-servers'),
          ROCKETMQ_ACL_PARAMETER: arnOf('credentials'),
          ROCKETMQ_TLS_CA_PARAMETER: arnOf('ca'),
        }),
      },
    });
    const readable = statementsOf(template)
      .filter(({ Action }) => [Action].flat().includes('ssm:GetParameters'))
      .flatMap(({ Resource }) => Resource);
    expect(new Set(readable)).toEqual(new Set(['name-servers', 'credentials', 'ca'].map(arnOf)));
  });
});

test.each(['/rocketmq/name-servers', 'name-servers'])(
  'a parameter is asked for by its name where its ARN says nothing else: %s',
  (parameterName) => {
    const stack = new Stack(new App(testAppProps()), 'Test', { env: { account: '123456789012', region: 'eu-west-1' } });
    const nameServerParameter = ssm.StringParameter.fromStringParameterName(stack, 'Parameter', parameterName);
    expect(nameServerParameter.parameterArn).toMatch(/^arn:aws:ssm:/);
    expect(new RocketMqCluster(stack, 'Cluster', { nameServerParameter }).nameServerParameterName).toBe(parameterName);
  },
);

describe('credentials under a key of their own', () => {
  const importedWith = (stack: Stack, encryptionKey?: kms.IKey) =>
    ssm.StringParameter.fromSecureStringParameterAttributes(stack, 'Credentials', {
      parameterName: '/rocketmq/credentials',
      ...(encryptionKey !== undefined && { encryptionKey }),
    });

  test('can be decrypted also where their parameter alone knows the key', () => {
    const stack = testStack();
    const aclParameter = importedWith(stack, kms.Key.fromKeyArn(stack, 'Key', keyArn));
    const cluster = new RocketMqCluster(stack, 'Cluster', { nameServers: ['broker.example:9876'], aclParameter });
    new SqsToRocketMq(stack, 'Orders', { cluster, topic: 'orders', producerGroup: 'orders' });
    const [decrypt, ...others] = statementsOf(Template.fromStack(stack)).filter(
      ({ Action }) => Action === 'kms:Decrypt',
    );
    expect([decrypt?.Resource, others]).toEqual([keyArn, []]);
    expect(JSON.stringify(decrypt?.Condition)).toContain(':parameter/rocketmq/credentials"');
  });

  test.each<[string, (stack: Stack) => kms.IAlias]>([
    ['of this app', (stack) => new kms.Key(stack, 'Key').addAlias('alias/rocketmq')],
    ['of another app', (stack) => kms.Alias.fromAliasName(stack, 'Alias', 'alias/rocketmq')],
  ])('are a fault where an alias %s stands for it', (_whose, aliasIn) => {
    const given = (props: (stack: Stack) => ClusterSecurity) => {
      const stack = testStack();
      new RocketMqCluster(stack, 'Cluster', { nameServers: ['broker.example:9876'], ...props(stack) });
      return errorsOf(stack);
    };
    const told = [expect.stringMatching(/^\[rocketmq-lambda:acl\] .* Give the key itself/)];
    expect(given((stack) => ({ aclParameter: importedWith(stack), aclKey: aliasIn(stack) }))).toEqual(told);
    expect(given((stack) => ({ aclParameter: importedWith(stack, aliasIn(stack)) }))).toEqual(told);
  });
});

test.each<[string, Omit<RocketMqClusterProps, 'nameServers'>, RegExp]>([
  [
    'a servername without TLS',
    { tlsServername: 'rocketmq.internal' },
    /connections are not encrypted. Give tls: true too/,
  ],
  ['a servername with TLS switched off', { tls: false, tlsServername: 'x' }, /connections are not encrypted/],
])('%s is a fault at synth', (_what, props, text) => {
  const stack = testStack();
  new RocketMqCluster(stack, 'Cluster', { nameServers: ['broker.example:9876'], ...props });
  expect(errorsOf(stack).join('\n')).toMatch(text);
});
