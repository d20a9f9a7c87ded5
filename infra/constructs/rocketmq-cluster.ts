import { Token } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as iam from 'aws-cdk-lib/aws-iam';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { nameServerFault, nameServerPort } from '../rocketmq-names.ts';
import type { AnyVpc } from './any-vpc.ts';
import { checkedProps } from './checked-props.ts';
import {
  type ClusterSecurity,
  grantRead,
  grantReadSecurity,
  securityEnvironment,
  securityFaults,
} from './cluster-security.ts';
import { ConnectionBudget, type ConnectionLimits, connectionLimitFaults } from './connection-budget.ts';
import { joinedNameServers } from './name-server-list.ts';
import { parameterNameOf } from './parameter-name.ts';
import { reportFaults, reportWarning, type SynthFault } from './synth-fault.ts';

/** Where a RocketMQ cluster is, and how functions reach it. */
export interface RocketMqClusterProps extends ClusterSecurity, ConnectionLimits {
  /**
   * Addresses of the name servers, each `host:port`. They are written to a new SSM parameter; functions follow later changes of the
   * parameter after about two minutes, without a deployment.
   * @default - none; then `nameServerParameter` must be given
   */
  readonly nameServers?: readonly string[];

  /**
   * An SSM parameter (String or StringList, addresses separated by `;` or `,`) that already holds the name servers.
   * @default - a parameter is created from `nameServers`
   */
  readonly nameServerParameter?: ssm.IParameter;

  /**
   * The VPC from which the brokers can be reached.
   * @default - functions run outside of a VPC, and brokers must have public addresses
   */
  readonly vpc?: AnyVpc;

  /**
   * The subnets of `vpc` in which functions get their network interfaces.
   * @default - the private subnets
   */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /**
   * Security groups for the functions, used as they are: no rule is added to them.
   * @default - one is created that lets out what `peers`, `brokerPorts`, `nameServerPorts` and `httpsPeer` say, and nothing else
   */
  readonly securityGroups?: readonly ec2.ISecurityGroup[];

  /**
   * Where brokers and name servers are: a CIDR range, a prefix list or a security group. Rules are added on the functions' side only;
   * the brokers' side must let the functions in (`cluster.connections.allowTo(brokerSecurityGroup, …)`).
   * @default - none; then a `vpc` needs `securityGroups`
   */
  readonly peers?: readonly ec2.IPeer[];

  /**
   * Ports on which brokers listen for clients (`listenPort`), for the group that is created.
   * @default [10911]
   */
  readonly brokerPorts?: readonly number[];

  /**
   * Ports on which name servers listen, for the group that is created.
   * @default - the ports named in `nameServers`, or 9876
   */
  readonly nameServerPorts?: readonly number[];

  /**
   * Where HTTPS may go from the group that is created: Systems Manager, through a VPC endpoint or a NAT gateway.
   * @default - any IPv4 address
   */
  readonly httpsPeer?: ec2.IPeer;
}

const ownProps = [
  'aclKey',
  'aclParameter',
  'brokerPorts',
  'httpsPeer',
  'nameServerParameter',
  'nameServerPorts',
  'nameServers',
  'peers',
  'securityGroups',
  'tlsCaParameter',
  'vpc',
] as const;

/** The network settings of a function that talks to the cluster; empty outside of a VPC. */
export interface RocketMqClusterNetwork {
  /** The VPC from which the brokers can be reached. */
  readonly vpc?: ec2.IVpc;
  /** The subnets for the network interfaces of functions. */
  readonly vpcSubnets?: ec2.SubnetSelection;
  /** The security groups that let functions out to the brokers. */
  readonly securityGroups?: ec2.ISecurityGroup[];
}

/**
 * A RocketMQ cluster as the functions of a stack see it: the SSM parameter with its name servers, and the network that leads to it.
 * It creates no broker. Several functions may share one.
 *
 * DNS needs no rule: security groups do not filter what goes to the resolver of a VPC.
 */
export class RocketMqCluster extends Construct implements ec2.IConnectable {
  /** Holds the addresses of the name servers. */
  readonly nameServerParameter: ssm.IParameter;
  /**
   * What functions ask SSM for: the name of that parameter, or its ARN where it was imported by that. A function of your own has it in its
   * environment (`ROCKETMQ_NAME_SERVER_PARAMETER`).
   */
  readonly nameServerParameterName: string;
  /** The addresses given at synth; nothing when an existing parameter holds them. */
  readonly nameServers: readonly string[] | undefined;
  /**
   * Variables that tell a function how to prove itself and whom to trust; secrets are not among them, but their parameters' names. A
   * function of your own has them in its environment.
   */
  readonly securityEnvironment: Readonly<Record<string, string>>;
  /** Props that put a function of your own where the brokers can be reached: `...cluster.network`. */
  readonly network: RocketMqClusterNetwork;
  /** The security groups of the functions. */
  readonly connections: ec2.Connections;
  readonly #security: ClusterSecurity;
  readonly #budget: ConnectionBudget;

  constructor(scope: Construct, id: string, given: RocketMqClusterProps) {
    super(scope, id);
    const props = checkedProps(this, given, ownProps);
    reportFaults(this, [
      ...nameServerFaults(props),
      ...securityFaults(props),
      ...networkFaults(props),
      ...connectionLimitFaults(props),
    ]);
    this.#security = props;
    this.#budget = new ConnectionBudget(props);
    this.securityEnvironment = securityEnvironment(props);
    this.nameServers = isTextForList(props.nameServers) ? [props.nameServers] : props.nameServers;
    this.nameServerParameter = props.nameServerParameter ?? this.#createParameter(this.nameServers ?? []);
    this.nameServerParameterName = parameterNameOf(this.nameServerParameter);
    const securityGroups =
      props.vpc === undefined ? [] : [...(props.securityGroups ?? [this.#createGroup(props.vpc, props)])];
    this.connections = new ec2.Connections({ securityGroups });
    this.network =
      props.vpc === undefined
        ? {}
        : {
            vpc: props.vpc as ec2.IVpc,
            securityGroups,
            ...(props.vpcSubnets !== undefined && { vpcSubnets: props.vpcSubnets }),
          };
  }

  /** Lets a function read the name servers: that one parameter, and neither its history nor other parameters. */
  grantReadNameServers(grantee: iam.IGrantable): iam.Grant {
    return grantRead(grantee, this.nameServerParameter);
  }

  /** Lets a function read what there is of credentials and CA: those parameters, and the key for that one SecureString only. */
  grantReadSecurity(grantee: iam.IGrantable): void {
    grantReadSecurity(grantee, this.#security);
  }

  /**
   * Counts the connections that a function can open, and reports at the function when `connectionBudget` does not suffice for all that
   * were counted so far. The functions of the pack call it themselves; call it for a function of your own.
   *
   * @param fn where faults are reported
   * @param sandboxes how many of it can run at the same time; nothing when only the account limits that
   * @param brokersPerSandbox the most brokers that one of them uses; nothing for all
   */
  countConnections(fn: Construct, sandboxes: number | undefined, brokersPerSandbox?: number): void {
    const { error, warning } = this.#budget.add({ path: fn.node.path, sandboxes, brokersPerSandbox });
    if (error !== undefined) reportFaults(fn, [error]);
    if (warning !== undefined) reportWarning(fn, warning);
  }

  #createParameter(nameServers: readonly string[]): ssm.IParameter {
    return new ssm.StringParameter(this, 'NameServers', {
      description:
        'RocketMQ name servers, host:port separated by semicolons. Functions follow a change after about two minutes.',
      // An empty value cannot be stored; the missing addresses have been reported as a fault already.
      stringValue: joinedNameServers(nameServers) || 'missing',
    });
  }

  #createGroup(vpc: AnyVpc, props: RocketMqClusterProps): ec2.SecurityGroup {
    const group = new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc: vpc as ec2.IVpc,
      description: 'RocketMQ functions: brokers, name servers and HTTPS only',
      allowAllOutbound: false,
    });
    for (const peer of props.peers ?? []) {
      for (const port of new Set(props.brokerPorts ?? [10_911])) {
        group.addEgressRule(peer, ec2.Port.tcp(port), 'RocketMQ broker');
      }
      for (const port of new Set(props.nameServerPorts ?? portsOf(this.nameServers))) {
        group.addEgressRule(peer, ec2.Port.tcp(port), 'RocketMQ name server');
      }
    }
    group.addEgressRule(props.httpsPeer ?? ec2.Peer.anyIpv4(), ec2.Port.tcp(443), 'AWS APIs');
    return group;
  }
}

/** Whether text stands where a list belongs, which apps in JavaScript have no compiler to tell of. */
function isTextForList(value: unknown): value is string {
  return typeof value === 'string';
}

function portsOf(nameServers: readonly string[] = []): number[] {
  const ports = nameServers.map(nameServerPort).filter((port) => port !== undefined);
  return ports.length > 0 ? ports : [9876];
}

function nameServerFaults({ nameServers, nameServerParameter }: RocketMqClusterProps): SynthFault[] {
  if (nameServerParameter !== undefined && nameServers !== undefined) {
    return [
      {
        id: 'name-servers',
        text: 'Both nameServers and nameServerParameter are given. Keep nameServers to have a parameter created, or nameServerParameter to use one that exists.',
      },
    ];
  }
  if (nameServerParameter !== undefined) return [];
  if (nameServers === undefined || nameServers.length === 0) {
    return [
      {
        id: 'name-servers',
        text: 'No name server is known. Give nameServers (host:port each) or nameServerParameter.',
      },
    ];
  }
  if (isTextForList(nameServers)) {
    const text = `nameServers must be a list, each host:port, but is "${nameServers}".`;
    return [{ id: 'name-servers', text }];
  }
  // Of a list that is known at deployment only, the one element is no token of its own.
  if (Token.isUnresolved(nameServers)) return [];
  return nameServers
    .filter((address) => !Token.isUnresolved(address))
    .map(nameServerFault)
    .filter((text) => text !== undefined)
    .map((text) => ({ id: 'name-servers', text }));
}

function networkFaults(props: RocketMqClusterProps): SynthFault[] {
  const faults: SynthFault[] = [];
  const { vpc, vpcSubnets, securityGroups, peers = [] } = props;
  if (vpc === undefined && (vpcSubnets !== undefined || securityGroups !== undefined || peers.length > 0)) {
    faults.push({
      id: 'network',
      text: 'Subnets, security groups or peers are given without a vpc, so functions would run outside of any. Give the vpc too.',
    });
  }
  if (vpc !== undefined && securityGroups === undefined && peers.length === 0) {
    faults.push({
      id: 'network',
      text: 'Functions in the VPC could reach no broker: say in peers where brokers and name servers are (a CIDR range or a security group), or give securityGroups that let functions out to them.',
    });
  }
  const ofCreatedGroup = (['brokerPorts', 'nameServerPorts', 'httpsPeer'] as const).filter(
    (name) => props[name] !== undefined,
  );
  if (ofCreatedGroup.length > 0 && (vpc === undefined || securityGroups !== undefined)) {
    const text = `${ofCreatedGroup.join(', ')} would have no effect: that is about the group that is created in a vpc without securityGroups. Leave it out.`;
    faults.push({ id: 'network', text });
  }
  if (securityGroups?.length === 0) {
    faults.push({
      id: 'network',
      text: 'securityGroups is empty, for which functions would get groups that let everything out. Name one at least, or leave it out and say in peers where brokers and name servers are.',
    });
  }
  if (securityGroups !== undefined && peers.length > 0) {
    faults.push({
      id: 'network',
      text: 'Both securityGroups and peers are given, but no rule is added to groups that exist. Keep peers to have a group created, or securityGroups and put the rules there.',
    });
  }
  for (const port of [...(props.brokerPorts ?? []), ...(props.nameServerPorts ?? [])]) {
    if (!Token.isUnresolved(port) && !(Number.isInteger(port) && port >= 1 && port <= 65_535)) {
      faults.push({ id: 'network', text: `Port ${port} does not exist. Give ports from 1 to 65535.` });
    }
  }
  return faults;
}
