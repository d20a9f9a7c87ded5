import {
  checkNameServerAddrs,
  clientOptionRules,
  groupFault,
  type OptionRule,
  OptionsError,
  producerOptionRules,
  topicFault,
} from '#rocketmq';
import type { DeduplicationMode } from './deduplication.ts';
import { parseNameServerList } from './name-server-list.ts';

/** What the environment variables of a function say. */
export interface Environment {
  /** Topic that records go to. */
  readonly topic: string;
  readonly producerGroup: string;
  /** Name of the SSM parameter that holds the name servers. */
  readonly nameServerParameter: string | undefined;
  /** Name servers known at deployment; looked up anew when they grow old, if there is a parameter. */
  readonly nameServers: readonly string[] | undefined;
  readonly sendTimeoutMs: number;
  readonly attemptTimeoutMs: number;
  /** Time kept back at the end of an invocation for its answer. */
  readonly deadlineReserveMs: number;
  readonly instanceName: string | undefined;
  readonly unitName: string | undefined;
  readonly namespace: string | undefined;
  /** Name of the SSM parameter that holds the credentials. */
  readonly aclParameter: string | undefined;
  readonly tls: boolean;
  /** Name of the SSM parameter that holds the certificate authorities. */
  readonly tlsCaParameter: string | undefined;
  readonly tlsServername: string | undefined;
  /** Most brokers of a topic that a sandbox uses while they work; 0 for all. */
  readonly brokersPerSandbox: number;
  /** Zone whose brokers are used first; `auto` for the availability zone of the sandbox. */
  readonly zone: string | undefined;
  /** Zone by broker name, for brokers that tell none. */
  readonly brokerZones: Readonly<Record<string, string>> | undefined;
  /** Topics whose transactions a checker answers for. */
  readonly transactionTopics: readonly string[] | undefined;
  /** DynamoDB table of the transaction log. */
  readonly transactionTable: string | undefined;
  /** How long a checker stays awake; undefined for as long as its time limit allows. */
  readonly transactionAwakeMs: number | undefined;
  /** Age from which a transaction that is not in the log did not happen. */
  readonly transactionPatienceMs: number;
  /** DynamoDB table that the function place-order writes orders to. */
  readonly ordersTable: string | undefined;
  /** What messages records become, as JSON; the functions whose records it can be for read it. */
  readonly mapping: string | undefined;
  /** Which records are asked for before they are sent, because an earlier delivery may have stored them. */
  readonly deduplicate: DeduplicationMode;
  /** Namespace of the metrics; Powertools' own variable. */
  readonly metricsNamespace: string;
}

/** What one variable holds. The documentation and its test read this table. */
export interface EnvironmentRule {
  readonly variable: string;
  readonly type:
    | 'topic'
    | 'topics'
    | 'group'
    | 'text'
    | 'list'
    | 'milliseconds'
    | 'count'
    | 'zones'
    | 'boolean'
    | 'one of';
  readonly default?: number | string | boolean;
  readonly min?: number;
  readonly max?: number;
  readonly allowed?: readonly string[];
  readonly isRequired?: boolean;
  readonly meaning: string;
}

const { sendTimeoutMs, attemptTimeoutMs } = producerOptionRules;
const { brokersPerSandbox } = clientOptionRules;

/** Every variable that a function reads. */
export const environmentRules: Readonly<Record<keyof Environment, EnvironmentRule>> = {
  topic: {
    variable: 'ROCKETMQ_TOPIC',
    type: 'topic',
    isRequired: true,
    meaning: 'Topic that records go to; it must exist',
  },
  producerGroup: { variable: 'ROCKETMQ_PRODUCER_GROUP', type: 'group', isRequired: true, meaning: 'Producer group' },
  nameServerParameter: {
    variable: 'ROCKETMQ_NAME_SERVER_PARAMETER',
    type: 'text',
    meaning: 'Name of the SSM parameter that holds the name servers (String or StringList)',
  },
  nameServers: {
    variable: 'ROCKETMQ_NAME_SERVERS',
    type: 'list',
    meaning: 'Name servers to start with, as `a:9876;b:9876`; the only ones if no parameter is named',
  },
  sendTimeoutMs: {
    variable: 'ROCKETMQ_SEND_TIMEOUT_MS',
    type: 'milliseconds',
    ...limits(sendTimeoutMs),
    meaning: sendTimeoutMs.meaning,
  },
  attemptTimeoutMs: {
    variable: 'ROCKETMQ_ATTEMPT_TIMEOUT_MS',
    type: 'milliseconds',
    ...limits(attemptTimeoutMs),
    meaning: 'Time limit of one attempt; must be less than `ROCKETMQ_SEND_TIMEOUT_MS`',
  },
  deadlineReserveMs: {
    variable: 'ROCKETMQ_DEADLINE_RESERVE_MS',
    type: 'milliseconds',
    default: 500,
    min: 0,
    max: 60_000,
    meaning: 'Time kept back at the end of an invocation for its answer; records not begun by then are reported',
  },
  instanceName: {
    variable: 'ROCKETMQ_INSTANCE_NAME',
    type: 'text',
    meaning: 'Part of the client id, after the address; random if absent',
  },
  unitName: { variable: 'ROCKETMQ_UNIT_NAME', type: 'text', meaning: 'RocketMQ unit, appended to the client id' },
  namespace: { variable: 'ROCKETMQ_NAMESPACE', type: 'text', meaning: 'Namespace of the topic and the producer group' },
  aclParameter: {
    variable: 'ROCKETMQ_ACL_PARAMETER',
    type: 'text',
    meaning: 'Name of the SSM parameter (SecureString) with `{"accessKey","secretKey","securityToken"}`',
  },
  tls: {
    variable: 'ROCKETMQ_TLS',
    type: 'boolean',
    default: false,
    meaning: 'Whether connections are encrypted: `true` or `false`',
  },
  tlsCaParameter: {
    variable: 'ROCKETMQ_TLS_CA_PARAMETER',
    type: 'text',
    meaning: 'Name of the SSM parameter with the certificate authorities in PEM; those that Node trusts if absent',
  },
  tlsServername: {
    variable: 'ROCKETMQ_TLS_SERVERNAME',
    type: 'text',
    meaning: 'Name that certificates must be for, if it is not the host of the address',
  },
  brokersPerSandbox: {
    variable: 'ROCKETMQ_BROKERS_PER_SANDBOX',
    type: 'count',
    ...limits(brokersPerSandbox),
    meaning: brokersPerSandbox.meaning,
  },
  zone: {
    variable: 'ROCKETMQ_ZONE',
    type: 'text',
    meaning:
      'Zone whose brokers are used first, others only if those fail; `auto` for the id of the availability zone of the sandbox',
  },
  brokerZones: {
    variable: 'ROCKETMQ_BROKER_ZONES',
    type: 'zones',
    meaning: 'Zones of brokers, as `broker-a=use1-az1;broker-b=use1-az2`; what brokers announce if absent',
  },
  transactionTopics: {
    variable: 'ROCKETMQ_TRANSACTION_TOPICS',
    type: 'topics',
    meaning: 'Topics whose transactions transaction-check answers for, as `orders,stock`; `ROCKETMQ_TOPIC` if absent',
  },
  transactionTable: {
    variable: 'ROCKETMQ_TRANSACTION_TABLE',
    type: 'text',
    meaning: 'DynamoDB table of the transaction log; transaction-check and place-order need it',
  },
  transactionAwakeMs: {
    variable: 'ROCKETMQ_TRANSACTION_AWAKE_MS',
    type: 'milliseconds',
    min: 1,
    max: 900_000,
    meaning: 'How long transaction-check stays awake; as long as its time limit allows if absent',
  },
  transactionPatienceMs: {
    variable: 'ROCKETMQ_TRANSACTION_PATIENCE_MS',
    type: 'milliseconds',
    default: 60_000,
    min: 0,
    max: 900_000,
    meaning: 'Age from which a transaction that is not in the log is rolled back; at least the timeout of its sender',
  },
  ordersTable: {
    variable: 'ORDERS_TABLE',
    type: 'text',
    meaning: 'DynamoDB table of the orders of place-order, which needs it',
  },
  mapping: {
    variable: 'ROCKETMQ_MAPPING',
    type: 'text',
    meaning: 'JSON that says what messages records become (docs/mapping.md); records are sent as they are if absent',
  },
  deduplicate: {
    variable: 'ROCKETMQ_DEDUPLICATE',
    type: 'one of',
    default: 'redelivered',
    allowed: ['off', 'redelivered', 'always'],
    meaning:
      'Which records are sent only if no broker has them yet: none, those that the source says it delivers again, or all',
  },
  metricsNamespace: {
    variable: 'POWERTOOLS_METRICS_NAMESPACE',
    type: 'text',
    default: 'RocketMqLambda',
    meaning: 'CloudWatch namespace of the metrics',
  },
};

function limits({ default: value, min, max }: Pick<OptionRule, 'default' | 'min' | 'max'>) {
  return { default: Number(value), min: min ?? 0, max: max ?? Number.MAX_SAFE_INTEGER };
}

/**
 * Reads the environment variables.
 * @throws OptionsError that lists every missing and malformed variable at once.
 */
export function readEnvironment(variables: NodeJS.ProcessEnv = process.env): Environment {
  const faults: string[] = [];
  const environment: Record<string, unknown> = {};
  const faulty = new Set<string>();
  for (const [name, rule] of Object.entries<EnvironmentRule>(environmentRules)) {
    const text = textOf(variables, rule.variable);
    if (text === undefined) {
      if (rule.isRequired) faults.push(`${rule.variable} is missing (${rule.meaning})`);
      environment[name] = rule.default;
      continue;
    }
    const fault = textFault(rule, text);
    if (fault === undefined) {
      environment[name] = parsed(rule, text);
      continue;
    }
    // Has no value, so that it is told of once, and not again for what a wrong value does to others.
    faulty.add(name);
    faults.push(`${rule.variable} is "${text}": ${fault}`);
  }
  const read = environment as unknown as Environment;
  if (read.nameServerParameter === undefined && read.nameServers === undefined && !faulty.has('nameServers')) {
    faults.push('ROCKETMQ_NAME_SERVER_PARAMETER and ROCKETMQ_NAME_SERVERS are both missing: set one of them, or both');
  }
  if (read.attemptTimeoutMs >= read.sendTimeoutMs) {
    const { attemptTimeoutMs: attempt, sendTimeoutMs: total } = read;
    faults.push(`ROCKETMQ_ATTEMPT_TIMEOUT_MS is ${attempt}: it must be less than ROCKETMQ_SEND_TIMEOUT_MS (${total})`);
  }
  if (!read.tls && (read.tlsCaParameter !== undefined || read.tlsServername !== undefined) && !faulty.has('tls')) {
    faults.push('ROCKETMQ_TLS_CA_PARAMETER and ROCKETMQ_TLS_SERVERNAME need ROCKETMQ_TLS=true');
  }
  if (read.brokerZones !== undefined && read.zone === undefined) {
    faults.push('ROCKETMQ_BROKER_ZONES needs ROCKETMQ_ZONE, the zone whose brokers are used first: name it, or "auto"');
  }
  const { namespace, topic } = read;
  if (namespace !== undefined && topic !== undefined && !topic.startsWith(`${namespace}%`)) {
    // Left to the sends, it would look like a fault of each message, for which a mapping may drop them.
    const fault = topicFault(`${namespace}%${topic}`);
    if (fault !== undefined) faults.push(`ROCKETMQ_NAMESPACE is "${namespace}": ${fault}`);
  }
  if (faults.length > 0) throw new OptionsError('environment variables', faults);
  return Object.freeze(read);
}

function textFault(rule: EnvironmentRule, text: string): string | undefined {
  if (rule.type === 'topic') return topicFault(text);
  if (rule.type === 'topics') return topicsFault(text);
  if (rule.type === 'group') return groupFault(text);
  if (rule.type === 'list') return listFault(text);
  if (rule.type === 'boolean') return /^(true|false)$/.test(text) ? undefined : 'it must be true or false';
  if (rule.type === 'zones') return zonesFault(text);
  if (rule.type === 'one of') {
    return rule.allowed?.includes(text) ? undefined : `it must be one of ${rule.allowed?.join(', ')}`;
  }
  if (rule.type !== 'milliseconds' && rule.type !== 'count') return undefined;
  const { min = 0, max = 0 } = rule;
  const isInRange = /^\d{1,12}$/.test(text) && Number(text) >= min && Number(text) <= max;
  const unit = rule.type === 'count' ? '' : ' of milliseconds';
  return isInRange ? undefined : `it must be a whole number${unit} from ${min} to ${max}`;
}

function zonesFault(text: string): string | undefined {
  const isRight = zonePairs(text).every((pair) => pair.length === 2 && pair.every((name) => name !== ''));
  return isRight ? undefined : 'it must be written as broker=zone, with ";" between brokers';
}

function zonePairs(text: string): string[][] {
  const entries = text.split(';').filter((entry) => entry.trim() !== '');
  return entries.map((entry) => entry.split('=').map((name) => name.trim()));
}

function topicsFault(text: string): string | undefined {
  const topics = splitNames(text);
  if (topics.length === 0) return 'it must name at least one topic';
  return topics.flatMap((topic) => topicFault(topic) ?? [])[0];
}

/** Names that stand between commas, each once. */
function splitNames(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  return [...new Set(names.filter((name) => name !== ''))];
}

function listFault(text: string): string | undefined {
  const addrs = parseNameServerList(text);
  if (addrs.length === 0) return 'it must name at least one host:port';
  try {
    checkNameServerAddrs(addrs);
    return undefined;
  } catch (error) {
    if (error instanceof OptionsError) return error.faults.join(', ');
    throw error;
  }
}

function parsed(rule: EnvironmentRule, text: string): string | number | boolean | string[] | Record<string, string> {
  if (rule.type === 'boolean') return text === 'true';
  if (rule.type === 'milliseconds' || rule.type === 'count') return Number(text);
  if (rule.type === 'zones') return Object.fromEntries(zonePairs(text));
  if (rule.type === 'topics') return splitNames(text);
  return rule.type === 'list' ? parseNameServerList(text) : text;
}

/**
 * Whether the first invocation has to ask SSM: for secrets always, for name servers where there is no seed. Looks at what is
 * there, not at what is wrong with it.
 */
export function asksSsmAtOnce(variables: NodeJS.ProcessEnv = process.env): boolean {
  const isSet = ({ variable }: EnvironmentRule) => textOf(variables, variable) !== undefined;
  const { nameServerParameter, nameServers, aclParameter, tlsCaParameter } = environmentRules;
  return isSet(aclParameter) || isSet(tlsCaParameter) || (isSet(nameServerParameter) && !isSet(nameServers));
}

/** Where Lambda tells about the sandbox, and what has to be shown there; undefined where it does not. */
export function readMetadataEndpoint(
  variables: NodeJS.ProcessEnv = process.env,
): { readonly addr: string; readonly token: string } | undefined {
  const { AWS_LAMBDA_METADATA_API: addr, AWS_LAMBDA_METADATA_TOKEN: token } = variables;
  return addr === undefined || token === undefined ? undefined : { addr, token };
}

/**
 * X-Ray trace of the invocation under way, as Lambda's runtime puts it into the environment; undefined where it does
 * not, and where several invocations run at once (Lambda Managed Instances): then the one environment can be right for
 * one of them at most.
 */
export function readTraceId(variables: NodeJS.ProcessEnv = process.env): string | undefined {
  if (variables.AWS_LAMBDA_MAX_CONCURRENCY !== undefined) return undefined;
  return textOf(variables, '_X_AMZN_TRACE_ID');
}

/** Makes something as if these variables were not set. */
export function withoutVariables<T>(
  names: readonly string[],
  make: () => T,
  variables: NodeJS.ProcessEnv = process.env,
): T {
  const values = names.map((name) => [name, variables[name]] as const);
  for (const name of names) delete variables[name];
  try {
    return make();
  } finally {
    for (const [name, value] of values) if (value !== undefined) variables[name] = value;
  }
}

/** The value of a variable without blanks around it; undefined where it is absent or nothing else. */
function textOf(variables: NodeJS.ProcessEnv, name: string): string | undefined {
  const text = variables[name]?.trim();
  return text === '' ? undefined : text;
}
