import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { RocketMqCluster, type RocketMqClusterProps } from '../../../infra/constructs/rocketmq-cluster.ts';
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
