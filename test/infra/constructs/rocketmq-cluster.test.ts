import { CfnParameter, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { describe, expect, test } from 'vitest';
import { RocketMqCluster, type RocketMqClusterProps } from '../../../infra/constructs/rocketmq-cluster.ts';
import { RocketMqProducerFunction } from '../../../infra/constructs/rocketmq-producer-function.ts';
import { errorsOf, testStack, testVpc } from '../test-app.ts';

const nameServers = ['10.0.1.5:9876', '10.0.2.5:9877'];

function egressOf(stack: Stack): unknown[] {
  const groups = Object.values(Template.fromStack(stack).findResources('AWS::EC2::SecurityGroup'));
  return groups.flatMap(({ Properties }) => Properties.SecurityGroupEgress);
}

describe('the parameter', () => {
  test('is created from the name servers, without a name of its own', () => {
    const stack = testStack();
    new RocketMqCluster(stack, 'Cluster', { nameServers });
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::SSM::Parameter', {
      Type: 'String',
      Value: '10.0.1.5:9876;10.0.2.5:9877',
      Name: Match.absent(),
    });
    template.resourceCountIs('AWS::EC2::SecurityGroup', 0);
  });

  test('is created from a list that is known at deployment only', () => {
    const stack = testStack();
    const { valueAsList } = new CfnParameter(stack, 'NameServers', { type: 'CommaDelimitedList' });
    const cluster = new RocketMqCluster(stack, 'Cluster', { nameServers: valueAsList });
    const settings = { cluster, topic: 'orders', producerGroup: 'orders', source: 'sqs' };
    new RocketMqProducerFunction(stack, 'Seeded', { ...settings, seedNameServers: true });
    expect(errorsOf(stack)).toEqual([]);
    const template = Template.fromStack(stack);
    const joined = { 'Fn::Join': [';', { Ref: 'NameServers' }] };
    template.hasResourceProperties('AWS::SSM::Parameter', { Value: joined });
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: Match.objectLike({ ROCKETMQ_NAME_SERVERS: joined }) },
    });
  });

  test('may be one that exists, whose value the template never reads', () => {
    const stack = testStack();
    const nameServerParameter = ssm.StringParameter.fromStringParameterAttributes(stack, 'Parameter', {
      parameterName: '/rocketmq/name-servers',
      forceDynamicReference: true,
    });
    const cluster = new RocketMqCluster(stack, 'Cluster', { nameServerParameter });
    cluster.grantReadNameServers(new iam.User(stack, 'Reader'));
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::SSM::Parameter', 0);
    expect(Object.keys(template.findParameters('*'))).toEqual(['BootstrapVersion']);
    expect(JSON.stringify(template.toJSON())).not.toContain('{{resolve:');
    expect(cluster.nameServerParameter).toBe(nameServerParameter);
  });

  test('may be read by whom it is granted to: that one, by the two calls that are needed', () => {
    const stack = testStack();
    const cluster = new RocketMqCluster(stack, 'Cluster', { nameServers });
    const role = new iam.Role(stack, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    cluster.grantReadNameServers(role).assertSuccess();
    const [policy] = Object.values(Template.fromStack(stack).findResources('AWS::IAM::Policy'));
    expect(policy?.Properties.PolicyDocument.Statement).toEqual([
      {
        Effect: 'Allow',
        Action: ['ssm:GetParameter', 'ssm:GetParameters'],
        Resource: {
          'Fn::Join': [
            '',
            [
              'arn:',
              { Ref: 'AWS::Partition' },
              ':ssm:',
              { Ref: 'AWS::Region' },
              ':',
              { Ref: 'AWS::AccountId' },
              ':parameter/',
              { Ref: expect.stringMatching(/^ClusterNameServers/) },
            ],
          ],
        },
      },
    ]);
  });
});

describe('the security group', () => {
  test('lets out to brokers, name servers and HTTPS, and to nothing else', () => {
    const stack = testStack();
    new RocketMqCluster(stack, 'Cluster', {
      nameServers,
      vpc: testVpc(stack),
      peers: [ec2.Peer.ipv4('10.0.0.0/16')],
      brokerPorts: [10_911, 10_921],
    });
    const to = (CidrIp: string, port: number) =>
      expect.objectContaining({ CidrIp, FromPort: port, ToPort: port, IpProtocol: 'tcp' });
    expect(egressOf(stack)).toEqual([
      to('10.0.0.0/16', 10_911),
      to('10.0.0.0/16', 10_921),
      to('10.0.0.0/16', 9876),
      to('10.0.0.0/16', 9877),
      to('0.0.0.0/0', 443),
    ]);
    Template.fromStack(stack).hasResourceProperties('AWS::EC2::SecurityGroup', {
      SecurityGroupIngress: Match.absent(),
    });
  });

  test('uses the standard ports where nothing else is known', () => {
    const stack = testStack();
    const nameServerParameter = ssm.StringParameter.fromStringParameterName(stack, 'Parameter', 'name-servers');
    const peers = [ec2.Peer.ipv4('10.0.0.0/16')];
    new RocketMqCluster(stack, 'Cluster', {
      nameServerParameter,
      vpc: testVpc(stack),
      peers,
      httpsPeer: ec2.Peer.ipv4('10.1.0.0/16'),
    });
    expect(egressOf(stack)).toMatchObject([
      { CidrIp: '10.0.0.0/16', FromPort: 10_911 },
      { CidrIp: '10.0.0.0/16', FromPort: 9876 },
      { CidrIp: '10.1.0.0/16', FromPort: 443 },
    ]);
  });

  test('is in the VPC, also where this app makes that', () => {
    const stack = testStack();
    const vpc = new ec2.Vpc(stack, 'Made', { maxAzs: 1 });
    new RocketMqCluster(stack, 'Cluster', { nameServers, vpc, peers: [ec2.Peer.ipv4('10.0.0.0/16')] });
    Template.fromStack(stack).hasResourceProperties('AWS::EC2::SecurityGroup', { VpcId: stack.resolve(vpc.vpcId) });
  });

  test('leads to the security group of the brokers and leaves that one as it is', () => {
    const stack = testStack();
    const brokers = ec2.SecurityGroup.fromSecurityGroupId(stack, 'Brokers', 'sg-0123456789abcdef0');
    new RocketMqCluster(stack, 'Cluster', { nameServers: ['a:9876'], vpc: testVpc(stack), peers: [brokers] });
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::EC2::SecurityGroupEgress', {
      DestinationSecurityGroupId: 'sg-0123456789abcdef0',
      FromPort: 10_911,
    });
    template.resourceCountIs('AWS::EC2::SecurityGroupIngress', 0);
  });

  test('is let in by brokers of the same app where they say so', () => {
    const stack = testStack();
    const brokers = ec2.SecurityGroup.fromSecurityGroupId(stack, 'Brokers', 'sg-0123456789abcdef0');
    const cluster = new RocketMqCluster(stack, 'Cluster', { nameServers, vpc: testVpc(stack), peers: [brokers] });
    cluster.connections.allowTo(brokers, ec2.Port.tcp(10_911));
    Template.fromStack(stack).hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
      GroupId: 'sg-0123456789abcdef0',
      FromPort: 10_911,
    });
  });

  test('is let in by brokers of another stack, which does not depend on this one', () => {
    const stack = testStack();
    const other = new Stack(stack.node.root, 'Brokers');
    const vpc = testVpc(other);
    const brokers = new ec2.SecurityGroup(other, 'Group', { vpc });
    const cluster = new RocketMqCluster(stack, 'Cluster', { nameServers, vpc, peers: [brokers] });
    cluster.connections.allowTo(brokers, ec2.Port.tcp(10_911));
    Template.fromStack(other).resourceCountIs('AWS::EC2::SecurityGroupIngress', 0);
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', { FromPort: 10_911 });
    // 10911 once, though both say it, and 9876 and 9877.
    template.resourceCountIs('AWS::EC2::SecurityGroupEgress', 3);
    expect(other.dependencies).toEqual([]);
  });

  test('is not created where groups are given, and those get no rule', () => {
    const stack = testStack();
    const own = ec2.SecurityGroup.fromSecurityGroupId(stack, 'Own', 'sg-0123456789abcdef0');
    const cluster = new RocketMqCluster(stack, 'Cluster', { nameServers, vpc: testVpc(stack), securityGroups: [own] });
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::EC2::SecurityGroup', 0);
    template.resourceCountIs('AWS::EC2::SecurityGroupEgress', 0);
    expect(cluster.network.securityGroups).toEqual([own]);
  });
});

describe('is refused at synth', () => {
  const peers = [ec2.Peer.ipv4('10.0.0.0/16')];
  const cases: [string, (stack: Stack) => RocketMqClusterProps, RegExp][] = [
    ['without name servers', () => ({}), /^\[rocketmq-lambda:name-servers\] No name server is known/],
    ['with an empty list', () => ({ nameServers: [] }), /^\[rocketmq-lambda:name-servers\] No name server is known/],
    ['with a malformed address', () => ({ nameServers: ['host'] }), /^\[rocketmq-lambda:name-servers\] "host" is not/],
    [
      'with text, as JavaScript without types may give it',
      () => JSON.parse('{"nameServers":"10.0.1.5:9876"}'),
      /^\[rocketmq-lambda:name-servers\] nameServers must be a list, each host:port, but is "10\.0\.1\.5:9876"\.$/,
    ],
    [
      'in a VPC, with text',
      (stack) => ({ ...JSON.parse('{"nameServers":"10.0.1.5:9876"}'), vpc: testVpc(stack), peers }),
      /^\[rocketmq-lambda:name-servers\] nameServers must be a list/,
    ],
    [
      'with both a list and a parameter',
      (stack) => ({
        nameServers,
        nameServerParameter: ssm.StringParameter.fromStringParameterName(stack, 'Parameter', '/a'),
      }),
      /^\[rocketmq-lambda:name-servers\] Both nameServers and nameServerParameter/,
    ],
    ['with peers but no VPC', () => ({ nameServers, peers }), /^\[rocketmq-lambda:network\] .* without a vpc/],
    [
      'in a VPC that leads nowhere',
      (stack) => ({ nameServers, vpc: testVpc(stack) }),
      /^\[rocketmq-lambda:network\] Functions in the VPC could reach no broker/,
    ],
    [
      'with groups that exist and rules to add',
      (stack) => ({
        nameServers,
        vpc: testVpc(stack),
        peers,
        securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(stack, 'Own', 'sg-0123456789abcdef0')],
      }),
      /^\[rocketmq-lambda:network\] Both securityGroups and peers/,
    ],
    [
      'with no group where there should be some',
      (stack) => ({ nameServers, vpc: testVpc(stack), securityGroups: [] }),
      /^\[rocketmq-lambda:network\] securityGroups is empty, .* let everything out/,
    ],
    [
      'with ports for groups that exist',
      (stack) => ({
        nameServers,
        vpc: testVpc(stack),
        securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(stack, 'Own', 'sg-0123456789abcdef0')],
        brokerPorts: [10_921],
        httpsPeer: ec2.Peer.anyIpv6(),
      }),
      /^\[rocketmq-lambda:network\] brokerPorts, httpsPeer would have no effect/,
    ],
    [
      'with ports but no VPC',
      () => ({ nameServers, nameServerPorts: [9877] }),
      /^\[rocketmq-lambda:network\] nameServerPorts would have no effect/,
    ],
    [
      'with a port that does not exist',
      (stack) => ({ nameServers, vpc: testVpc(stack), peers, brokerPorts: [70_000] }),
      /^\[rocketmq-lambda:network\] Port 70000/,
    ],
  ];

  test.each(cases)('%s', (_title, propsIn, message) => {
    const stack = testStack();
    new RocketMqCluster(stack, 'Cluster', propsIn(stack));
    expect(errorsOf(stack)).toEqual([expect.stringMatching(message)]);
  });

  test('with every wrong address named', () => {
    const stack = testStack();
    new RocketMqCluster(stack, 'Cluster', { nameServers: ['a', 'b:9876', 'c'] });
    expect(errorsOf(stack)).toHaveLength(2);
  });
});
