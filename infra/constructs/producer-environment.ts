import { Buffer } from 'node:buffer';
import { type Duration, StringConcat, Token, Tokenization } from 'aws-cdk-lib';
import { producerGroupFault, topicFault } from '../rocketmq-names.ts';
import { isDuration } from './checked-props.ts';
import { isIntegerWithin } from './known-range.ts';
import { joinedNameServers } from './name-server-list.ts';
import { mappingText, type RecordMapping } from './record-mapping.ts';
import type { SynthFault } from './synth-fault.ts';

/** What the function takes for times that are not set; a test keeps this in step with it. */
export const functionDefaults = { sendTimeoutMs: 6000, attemptTimeoutMs: 2000, deadlineReserveMs: 500 } as const;

/** Beyond these the function refuses to work, at each invocation: milliseconds, or a number of brokers. A test keeps this in step with it. */
export const functionRanges = {
  sendTimeout: { min: 1, max: 900_000 },
  attemptTimeout: { min: 1, max: 900_000 },
  deadlineReserve: { min: 0, max: 60_000 },
  brokersPerSandbox: { min: 0, max: 10_000 },
} as const;

/** What `deduplicate` may be; a test keeps this in step with the function. */
export const deduplications: readonly string[] = ['off', 'redelivered', 'always'];

/** What a producer function is told about RocketMQ through its environment. */
export interface ProducerSettings {
  /** The topic that messages go to. It must exist: topics are never created by sending. */
  readonly topic: string;

  /** The producer group under which brokers know this function. */
  readonly producerGroup: string;

  /**
   * Limit for one message, all attempts together (`ROCKETMQ_SEND_TIMEOUT_MS`).
   * @default - 6 seconds, set in the function
   */
  readonly sendTimeout?: Duration;

  /**
   * Limit for one attempt; shorter than `sendTimeout`, so that another broker gets a chance (`ROCKETMQ_ATTEMPT_TIMEOUT_MS`).
   * @default - 2 seconds, set in the function
   */
  readonly attemptTimeout?: Duration;

  /**
   * Time kept back at the end of an invocation for its answer (`ROCKETMQ_DEADLINE_RESERVE_MS`).
   * @default - 500 milliseconds, set in the function
   */
  readonly deadlineReserve?: Duration;

  /**
   * Takes the place of process id and random number in client ids (`ROCKETMQ_INSTANCE_NAME`), which then are alike in all connections.
   * @default - none
   */
  readonly instanceName?: string;

  /**
   * Name of the cluster unit, for clusters divided into units (`ROCKETMQ_UNIT_NAME`).
   * @default - none
   */
  readonly unitName?: string;

  /**
   * The most brokers of a topic that one sandbox uses while they work, drawn anew by each sandbox: a thousand sandboxes with
   * two each open a tenth of the connections to each of 20 brokers. Messages with a sharding key go to the broker of their
   * queue all the same (`ROCKETMQ_BROKERS_PER_SANDBOX`).
   * @default - all brokers
   */
  readonly brokersPerSandbox?: number;

  /**
   * Zone whose brokers are used first, others when those fail. `auto` asks Lambda for the availability zone of each sandbox
   * and compares its id (`use1-az1`, not `us-east-1a`) with the zones of brokers (`ROCKETMQ_ZONE`).
   * @default - no broker is preferred for its zone
   */
  readonly zone?: string;

  /**
   * Zone by broker name, for brokers that do not tell theirs. RocketMQ 5 brokers do when their environment has `ROCKETMQ_ZONE`
   * (`ROCKETMQ_BROKER_ZONES`). Needs `zone`.
   * @default - what the brokers tell
   */
  readonly brokerZones?: Readonly<Record<string, string>>;

  /**
   * Which records are sent only when no broker has them already: none, those that the source says it delivers again, or all
   * (`ROCKETMQ_DEDUPLICATE`).
   * @default - `redelivered`, set in the function
   */
  readonly deduplicate?: 'off' | 'redelivered' | 'always';

  /**
   * What messages the records become, where they shall not go as they are (`ROCKETMQ_MAPPING`). Not for HTTP, whose callers name
   * topic, body and all else themselves.
   * @default - the payload is the body, attributes or headers are properties
   */
  readonly mapping?: RecordMapping;
}

/** The settings among the props of a construct that has others besides. */
export function producerSettings(props: ProducerSettings): ProducerSettings {
  const { topic, producerGroup, sendTimeout, attemptTimeout, deadlineReserve, instanceName, unitName } = props;
  const { brokersPerSandbox, zone, brokerZones, deduplicate, mapping } = props;
  return {
    topic,
    producerGroup,
    ...(sendTimeout !== undefined && { sendTimeout }),
    ...(attemptTimeout !== undefined && { attemptTimeout }),
    ...(deadlineReserve !== undefined && { deadlineReserve }),
    ...(instanceName !== undefined && { instanceName }),
    ...(unitName !== undefined && { unitName }),
    ...(brokersPerSandbox !== undefined && { brokersPerSandbox }),
    ...(zone !== undefined && { zone }),
    ...(brokerZones !== undefined && { brokerZones }),
    ...(deduplicate !== undefined && { deduplicate }),
    ...(mapping !== undefined && { mapping }),
  };
}

/** What the construct itself knows beyond the caller's settings. */
export interface ProducerSurroundings {
  readonly nameServerParameterName: string;
  /** Addresses for the first connect of a cold start; nothing when they are read from SSM. */
  readonly seed: readonly string[] | undefined;
  readonly serviceName: string;
  readonly metricsNamespace: string;
  /** What the cluster says about access control, TLS and namespace. */
  readonly security?: Readonly<Record<string, string>>;
}

/** Variables that follow from props; a caller changes them through the prop and not beside it. */
export function producerEnvironment(
  settings: ProducerSettings,
  { nameServerParameterName, seed, serviceName, metricsNamespace, security = {} }: ProducerSurroundings,
): Record<string, string> {
  const optional = {
    ROCKETMQ_NAME_SERVERS: seed && joinedNameServers(seed),
    ROCKETMQ_SEND_TIMEOUT_MS: millisecondsText(settings.sendTimeout),
    ROCKETMQ_ATTEMPT_TIMEOUT_MS: millisecondsText(settings.attemptTimeout),
    ROCKETMQ_DEADLINE_RESERVE_MS: millisecondsText(settings.deadlineReserve),
    ROCKETMQ_INSTANCE_NAME: settings.instanceName,
    ROCKETMQ_UNIT_NAME: settings.unitName,
    ROCKETMQ_BROKERS_PER_SANDBOX: settings.brokersPerSandbox?.toString(),
    ROCKETMQ_ZONE: settings.zone,
    ROCKETMQ_BROKER_ZONES: settings.brokerZones && zonesText(settings.brokerZones),
    ROCKETMQ_DEDUPLICATE: settings.deduplicate,
    ROCKETMQ_MAPPING: settings.mapping && mappingText(settings.mapping),
  };
  const given = Object.entries(optional).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {
    ROCKETMQ_TOPIC: settings.topic,
    ROCKETMQ_PRODUCER_GROUP: settings.producerGroup,
    ROCKETMQ_NAME_SERVER_PARAMETER: nameServerParameterName,
    POWERTOOLS_SERVICE_NAME: serviceName,
    POWERTOOLS_METRICS_NAMESPACE: metricsNamespace,
    ...Object.fromEntries(given),
    ...security,
  };
}

/** As the function reads it; undefined also for a number, which synth refuses. */
function millisecondsText(duration: Duration | undefined): string | undefined {
  return isDuration(duration) ? duration.toMilliseconds().toString() : undefined;
}

/** As the function reads them; undefined for none. */
function zonesText(zones: Readonly<Record<string, string>>): string | undefined {
  const pairs = Object.entries(zones).map(([brokerName, zone]) => `${brokerName}=${zone}`);
  return pairs.length === 0 ? undefined : pairs.join(';');
}

/** Where to say what a variable says, for those that functions have only from props; a test keeps this in step with the function. */
export const propOfVariable: Readonly<Record<string, string>> = {
  ROCKETMQ_SEND_TIMEOUT_MS: 'sendTimeout',
  ROCKETMQ_ATTEMPT_TIMEOUT_MS: 'attemptTimeout',
  ROCKETMQ_DEADLINE_RESERVE_MS: 'deadlineReserve',
  ROCKETMQ_INSTANCE_NAME: 'instanceName',
  ROCKETMQ_UNIT_NAME: 'unitName',
  ROCKETMQ_BROKERS_PER_SANDBOX: 'brokersPerSandbox',
  ROCKETMQ_ZONE: 'zone',
  ROCKETMQ_BROKER_ZONES: 'brokerZones',
  ROCKETMQ_DEDUPLICATE: 'deduplicate',
  ROCKETMQ_MAPPING: 'mapping',
  ROCKETMQ_NAMESPACE: 'namespace of RocketMqCluster',
  ROCKETMQ_ACL_PARAMETER: 'aclParameter of RocketMqCluster',
  ROCKETMQ_TLS: 'tls of RocketMqCluster',
  ROCKETMQ_TLS_CA_PARAMETER: 'tlsCaParameter of RocketMqCluster',
  ROCKETMQ_TLS_SERVERNAME: 'tlsServername of RocketMqCluster',
};

/** What a caller's `environment` may say of ours: a seed beside a parameter that exists, and what two functions alone read. */
export const variablesWithoutProp: readonly string[] = [
  'ROCKETMQ_NAME_SERVERS',
  'ROCKETMQ_TRANSACTION_TOPICS',
  'ROCKETMQ_TRANSACTION_TABLE',
  'ROCKETMQ_TRANSACTION_AWAKE_MS',
  'ROCKETMQ_TRANSACTION_PATIENCE_MS',
];

/** Variables that a caller's `environment` may replace. */
export const defaultEnvironment: Readonly<Record<string, string>> = { NODE_OPTIONS: '--enable-source-maps' };

/** Faults of the settings, alone, against the time limit of the function, and in the namespace of the cluster. */
export function settingsFaults(
  settings: ProducerSettings,
  functionTimeout: Duration,
  namespace?: string,
): SynthFault[] {
  const faults: SynthFault[] = [];
  const topic = Token.isUnresolved(settings.topic) ? undefined : topicFault(settings.topic);
  if (topic !== undefined) faults.push({ id: 'topic', text: topic });
  else faults.push(...namespaceFaults(namespace, settings.topic));
  const group = Token.isUnresolved(settings.producerGroup) ? undefined : producerGroupFault(settings.producerGroup);
  if (group !== undefined) faults.push({ id: 'producer-group', text: group });
  faults.push(...preferenceFaults(settings), ...deduplicationFaults(settings));

  const outOfRange = durationFaults(settings);
  if (outOfRange.length > 0) return [...faults, ...outOfRange];
  const durations = [settings.sendTimeout, settings.attemptTimeout, settings.deadlineReserve, functionTimeout];
  if (durations.some((duration) => duration?.isUnresolved() === true)) return faults;
  const sendMs = settings.sendTimeout?.toMilliseconds() ?? functionDefaults.sendTimeoutMs;
  const attemptMs = settings.attemptTimeout?.toMilliseconds() ?? functionDefaults.attemptTimeoutMs;
  if (attemptMs >= sendMs) {
    faults.push({
      id: 'send-timeout',
      text: `attemptTimeout is ${attemptMs} ms and sendTimeout ${sendMs} ms: one attempt would use up the time of all. Make attemptTimeout shorter, or sendTimeout longer.`,
    });
  }
  const reserveMs = settings.deadlineReserve?.toMilliseconds() ?? functionDefaults.deadlineReserveMs;
  const functionMs = functionTimeout.toMilliseconds();
  if (sendMs + reserveMs > functionMs) {
    faults.push({
      id: 'send-timeout',
      text: `A send may take ${sendMs} ms and ${reserveMs} ms are kept for the answer, but the function is stopped after ${functionMs} ms. Give the function a longer timeout, or shorten sendTimeout.`,
    });
  }
  return faults;
}

/** The function refuses a namespace with which the topic is no legal one any more. */
function namespaceFaults(namespace: string | undefined, topic: string): SynthFault[] {
  if (namespace === undefined || Token.isUnresolved(namespace)) return [];
  const name = Token.isUnresolved(topic) ? 'topic' : topic;
  const fault = name.startsWith(`${namespace}%`) ? undefined : topicFault(`${namespace}%${name}`);
  if (fault === undefined) return [];
  return [{ id: 'namespace', text: `The cluster has the namespace "${namespace}". ${fault}` }];
}

/** Apps in JavaScript have no compiler that tells them, and the function refuses any other word at each invocation. */
function deduplicationFaults({ deduplicate }: ProducerSettings): SynthFault[] {
  if (deduplicate === undefined || Token.isUnresolved(deduplicate) || deduplications.includes(deduplicate)) return [];
  const text = `deduplicate is ${JSON.stringify(deduplicate)}, but must be one of ${deduplications.join(', ')}.`;
  return [{ id: 'deduplicate', text }];
}

/** Faults of durations that the function would refuse. */
function durationFaults(settings: ProducerSettings): SynthFault[] {
  return (['sendTimeout', 'attemptTimeout', 'deadlineReserve'] as const).flatMap((name) => {
    const { [name]: duration } = settings;
    const { min, max } = functionRanges[name];
    if (duration !== undefined && !isDuration(duration)) {
      const text = `${name} is ${JSON.stringify(duration)}, but must be a Duration, such as Duration.seconds(5).`;
      return [{ id: 'send-timeout', text }];
    }
    if (duration === undefined || duration.isUnresolved() || isIntegerWithin(duration.toMilliseconds(), min, max)) {
      return [];
    }
    const text = `${name} is ${duration.toMilliseconds()} ms; the function takes milliseconds from ${min} to ${max}.`;
    return [{ id: 'send-timeout', text }];
  });
}

function preferenceFaults({ brokersPerSandbox, zone: ownZone, brokerZones = {} }: ProducerSettings): SynthFault[] {
  const faults: SynthFault[] = [];
  const { min, max } = functionRanges.brokersPerSandbox;
  if (brokersPerSandbox !== undefined && !isIntegerWithin(brokersPerSandbox, min, max)) {
    const text = `brokersPerSandbox is ${brokersPerSandbox}, but must be a whole number from ${min} to ${max}; 0 is for all brokers.`;
    faults.push({ id: 'brokers-per-sandbox', text });
  }
  if (typeof brokerZones !== 'object' || brokerZones === null) {
    const text = `brokerZones is ${JSON.stringify(brokerZones)}, but must be an object with the zone of each broker by its name.`;
    return [...faults, { id: 'broker-zones', text }];
  }
  for (const [brokerName, zone] of Object.entries(brokerZones)) {
    if (isZoneWord(brokerName) && isZoneWord(zone)) continue;
    const text = `brokerZones has "${brokerName}" in zone "${zone}": neither may be empty, or have "=" or ";" in it.`;
    faults.push({ id: 'broker-zones', text });
  }
  if (ownZone === undefined && Object.keys(brokerZones).length > 0) {
    const text = 'brokerZones has no effect without zone: name the zone whose brokers are used first, or "auto".';
    faults.push({ id: 'broker-zones', text });
  }
  return faults;
}

function isZoneWord(word: string): boolean {
  return Token.isUnresolved(word) || /^[^=;]+$/.test(word);
}

/** Faults of a caller's `environment`: variables that say something else than the prop they belong to. */
export function environmentFaults(
  given: Readonly<Record<string, string>>,
  fromProps: Readonly<Record<string, string>>,
): SynthFault[] {
  return Object.keys(fromProps)
    .filter((name) => given[name] !== undefined && given[name] !== fromProps[name])
    .map((name) => ({
      id: 'environment',
      text: `environment sets ${name}, which a prop of the construct sets to something else. Remove it from environment and use the prop.`,
    }));
}

/** Variables of ours in a caller's `environment` that are checked in a prop only, or that no function reads. */
export function strayVariableFaults(
  given: Readonly<Record<string, string>>,
  fromProps: Readonly<Record<string, string>>,
): SynthFault[] {
  const stray = Object.keys(given).filter((name) => name.startsWith('ROCKETMQ_') && fromProps[name] === undefined);
  return stray.flatMap((name) => {
    if (variablesWithoutProp.includes(name)) return [];
    const prop = propOfVariable[name];
    const text =
      prop === undefined
        ? `environment sets ${name}, which no function reads. Correct its name, or remove it.`
        : `environment sets ${name}, which is checked only in the prop ${prop}. Remove it from environment and use the prop.`;
    return [{ id: 'environment', text }];
  });
}

/** Most bytes of all environment variables of a function together, in JSON: that is what Lambda measures. */
const roomBytes = 4096;

/** Whether Lambda would refuse all variables together. What is known at deployment only is taken to be empty. */
export function environmentSizeFaults(environment: Readonly<Record<string, string>>): SynthFault[] {
  const known = Object.entries(environment).map(([name, value]) => [name, knownPart(value)] as const);
  const bytes = bytesOf(Object.fromEntries(known));
  if (bytes <= roomBytes) return [];
  const [[longest, value] = ['', '']] = known.toSorted(([, one], [, other]) => bytesOf(other) - bytesOf(one));
  const text = `The environment variables take at least ${bytes} bytes as JSON, but Lambda has room for ${roomBytes} in all. The longest is ${longest}, with ${bytesOf(value)} bytes. Make it shorter.`;
  return [{ id: 'environment-size', text }];
}

function knownPart(text: string): string {
  const parts = Tokenization.reverseString(text).mapTokens({ mapToken: () => '' });
  // Empty text has no parts, and what they join to is undefined.
  return parts.length === 0 ? '' : parts.join(new StringConcat());
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
