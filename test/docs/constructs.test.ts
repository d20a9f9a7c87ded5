import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as cdk from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { AttributeType, StreamViewType, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Peer } from 'aws-cdk-lib/aws-ec2';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Stream } from 'aws-cdk-lib/aws-kinesis';
import { Runtime } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { describe, expect, test } from 'vitest';
import * as pack from '../../infra/index.ts';
import { readSourceFiles } from '../architecture/source-file.ts';
import { errorsOf, testStack, testVpc } from '../infra/test-app.ts';

const page = readFileSync(new URL('../../docs/constructs.md', import.meta.url), 'utf8');
const infra = readSourceFiles('infra')
  .map(({ text }) => text)
  .join('\n');

/** Ids of the table, each with its kind. */
const listed = new Map(
  page
    .slice(page.indexOf('\n## What synth says\n'))
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .flatMap(([, ids = '', kind = '']) =>
      [...ids.matchAll(/`([a-z0-9-]+)`/g)].map(([, id = '']) => [id, kind] as const),
    ),
);

/** Props that an interface of the constructs has, those that it extends included. */
function propsOf(name: string): string[] {
  const [, head = '', body = ''] =
    new RegExp(`^export interface ${name}\\b([^{]*)\\{\\n([\\s\\S]*?)^}`, 'm').exec(infra) ?? [];
  const own = [...body.matchAll(/^ {2}readonly (\w+)\??: /gm)].map(([, prop = '']) => prop);
  return [
    ...own,
    ...(head.match(/\b[A-Z]\w*(?:Props|Options|Choice|Limits|Security|Settings)\b/g) ?? []).flatMap(propsOf),
  ];
}

describe('docs/constructs.md', () => {
  test('lists every prop of every construct', () => {
    const rows = page.slice(page.indexOf('\n## Props\n'), page.indexOf('\n## A handler of your own\n')).split('\n| ');
    const codes = (text = '') => [...text.matchAll(/`(\w+)`/g)].map(([, code = '']) => code);
    const listedOf = new Map<string, string[]>();
    for (const row of rows) {
      const [of = '', props] = row.split(' | ');
      for (const name of codes(of)) listedOf.set(name, [...(listedOf.get(name) ?? []), ...codes(props)]);
    }
    const shared = ['RocketMqEventSourceProps', 'ProducerFunctionOptions'].flatMap(propsOf);
    for (const name of Object.keys(pack).filter((one) => one !== 'KafkaAuthentication')) {
      const own = new Set(propsOf(`${name}Props`).filter((prop) => !shared.includes(prop)));
      expect({ [name]: listedOf.get(name)?.toSorted() }).toEqual({ [name]: [...own].toSorted() });
    }
  });

  test('explains every check at synth', () => {
    const reported = [...infra.matchAll(/(?:\bid(?:: | = )|periodFaults\()'([a-z0-9-]+)'/g)].map(([, id = '']) => id);
    expect(reported.length).toBeGreaterThan(50);
    expect(reported.filter((id) => !listed.has(id))).toEqual([]);
  });

  test('explains no check that there is not', () => {
    expect([...listed.keys()].filter((id) => !infra.includes(`'${id}'`))).toEqual([]);
  });

  test('says of each whether it ends synth', () => {
    expect(new Set(listed.values())).toEqual(new Set(['error', 'warning']));
  });

  test('shows every construct that is named for a source', () => {
    const constructs = [...infra.matchAll(/^export class (\w+ToRocketMq) /gm)].map(([, name = '']) => name);
    expect(constructs.filter((name) => name !== 'HttpToRocketMq' && !page.includes(`new ${name}(this`))).toEqual([]);
  });
});

/** Names that snippets take from the CDK, and the file that one of them calls its handler. */
const imports = { ...pack, Duration: cdk.Duration, NodejsFunction, Peer, Runtime, SnsAction };
const handler = fileURLToPath(new URL('../infra/bundled/lazy-ssm.ts', import.meta.url));

/** Runs the snippet that makes a construct, in a stack, with things that an app has besides. */
function runSnippet(construct: string, stack: cdk.Stack, names: Readonly<Record<string, unknown>>): void {
  const snippets = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => code);
  const code = snippets.find((one) => one.includes(`new ${construct}(this`)) ?? `throw new Error('no snippet')`;
  const known = { ...imports, ...names };
  const run = new Function(...Object.keys(known), code.replace("'handler.ts'", JSON.stringify(handler)));
  run.apply(stack, Object.values(known));
}

describe('a snippet of docs/constructs.md', () => {
  test('makes every source', () => {
    const stack = testStack();
    runSnippet('SqsToRocketMq', stack, {
      vpc: testVpc(stack),
      alarms: new Topic(stack, 'Alarms'),
      stream: new Stream(stack, 'Stream'),
      table: new TableV2(stack, 'Source', {
        partitionKey: { name: 'id', type: AttributeType.STRING },
        dynamoStream: StreamViewType.NEW_AND_OLD_IMAGES,
      }),
      mskClusterArn: 'arn:aws:kafka:eu-west-1:123456789012:cluster/orders/01234567-89ab-cdef-0123-456789abcdef-1',
      snsTopic: new Topic(stack, 'SnsTopic'),
      bus: new EventBus(stack, 'Bus'),
      bucket: new Bucket(stack, 'Bucket'),
      sender: new Role(stack, 'Sender', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') }),
    });
    expect(errorsOf(stack)).toEqual([]);
  });

  test('deploys a handler of your own, where the brokers can be reached, with what it needs to know and to read', () => {
    const stack = testStack();
    const parameter = (id: string) =>
      StringParameter.fromSecureStringParameterAttributes(stack, id, { parameterName: `/${id}` });
    const cluster = new pack.RocketMqCluster(stack, 'Cluster', {
      nameServers: ['10.0.1.5:9876'],
      vpc: testVpc(stack),
      peers: [Peer.ipv4('10.0.0.0/16')],
      aclParameter: parameter('acl'),
      tls: true,
    });
    runSnippet('NodejsFunction', stack, { cluster });
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::Lambda::Function', {
      Timeout: 30,
      VpcConfig: Match.objectLike({ SubnetIds: ['subnet-0123456789abcdef0'] }),
      Environment: {
        Variables: Match.objectLike({
          ROCKETMQ_TOPIC: 'orders',
          ROCKETMQ_PRODUCER_GROUP: 'orders',
          ROCKETMQ_NAME_SERVER_PARAMETER: { Ref: Match.stringLikeRegexp('^ClusterNameServers') },
          ROCKETMQ_ACL_PARAMETER: '/acl',
          ROCKETMQ_TLS: 'true',
        }),
      },
    });
    const policies = JSON.stringify(template.findResources('AWS::IAM::Policy'));
    expect(policies).toContain('ClusterNameServers');
    expect(policies).toContain('parameter/acl');
    expect(errorsOf(stack)).toEqual([]);
  });

  test('counts the connections of that handler', () => {
    const stack = testStack();
    const cluster = new pack.RocketMqCluster(stack, 'Cluster', {
      nameServers: ['10.0.1.5:9876'],
      connectionBudget: 19,
    });
    runSnippet('NodejsFunction', stack, { cluster });
    expect(errorsOf(stack)).toEqual([
      expect.stringContaining('can open 20 connections to its 1 brokers (Test/Own 20)'),
    ]);
  });

  test('keeps a function warm', () => {
    const stack = testStack();
    const cluster = new pack.RocketMqCluster(stack, 'Cluster', { nameServers: ['10.0.1.5:9876'] });
    runSnippet('ScheduleKeepWarm', stack, { target: { cluster, topic: 'orders', producerGroup: 'orders' } });
    Template.fromStack(stack).resourceCountIs('AWS::Scheduler::Schedule', 2);
    expect(errorsOf(stack)).toEqual([]);
  });
});
