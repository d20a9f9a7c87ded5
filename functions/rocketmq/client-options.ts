import type { ClientSecurity } from './client/security.ts';
import type { Clock } from './clock.ts';
import type { Deadline } from './deadline.ts';
import type { OptionRule } from './options.ts';
import type { AclCredentials } from './protocol/acl-signature.ts';
import type { SerializeType } from './protocol/remoting-command.ts';
import type { RpcHook } from './remoting/rpc-hook.ts';
import type { TlsSettings } from './remoting/tls-settings.ts';

/** Options of `createClient`. */
export interface ClientOptions {
  /** Name servers as `host:port`. Without `fetchNameServerAddrs` they are all there is; with it, the seed. */
  readonly nameServerAddrs?: readonly string[];
  /** Looks the name servers up, for example in an SSM parameter. Must settle by the deadline; a rejection keeps the last good list. */
  readonly fetchNameServerAddrs?: (deadline: Deadline) => Promise<readonly string[]>;
  /** Age at which looked-up name servers are looked up again, ±20 % jitter. */
  readonly nameServerPeriodMs?: number;
  /** Age at which the routes of the topics in use are refreshed. */
  readonly routePeriodMs?: number;
  /** Time between two heartbeats to a connected master. */
  readonly heartbeatPeriodMs?: number;
  /** Most time that the due work of an invocation may take. */
  readonly dueWorkBudgetMs?: number;
  /** Most time for one connect, name resolution and TLS included. */
  readonly connectTimeoutMs?: number;
  /** Most time for one question to the name servers, all of them tried. */
  readonly nameServerTimeoutMs?: number;
  /** Most time for a heartbeat or another request that is no send. */
  readonly requestTimeoutMs?: number;
  /** A connection unused for this long is closed before use: servers close it at 120 s. */
  readonly idleLimitMs?: number;
  /** Part of the client id after the address; random when absent, which is what a Lambda function wants. */
  readonly instanceName?: string;
  /** RocketMQ unit, appended to the client id. */
  readonly unitName?: string;
  /** How headers of requests are written. Answers are read in either. */
  readonly serializeType?: SerializeType;
  /** Source of the time; tests give their own. */
  readonly clock?: Clock;
  /** Namespace of the first kind: topics and groups are sent as `namespace%name`, and results come without it. */
  readonly namespace?: string;
  /** Namespace of the second kind: requests are marked with it, names stay as they are. */
  readonly namespaceV2?: string;
  /** Signs every request (ACL 1.0 and 2.0). */
  readonly credentials?: AclCredentials;
  /** Encrypts every connection; servers are verified, host name included. `{}` for Node's own authorities. */
  readonly tls?: TlsSettings;
  /** Fetches credentials and TLS settings before the first connection, and once again when a broker denies access. */
  readonly fetchSecurity?: (deadline: Deadline) => Promise<ClientSecurity>;
  /** Look at each request and answer; signing comes after them. */
  readonly rpcHooks?: readonly RpcHook[];
  /** Address to connect to by address advertised, for brokers that advertise one that cannot be reached from here. */
  readonly addressMap?: Readonly<Record<string, string>>;
  /** Connects to the brokers' second port, two below the advertised one. */
  readonly vipChannel?: boolean;
  /**
   * Most brokers of a topic that this client uses while they work, drawn for itself once; others when those fail. 0 for
   * all. Messages for a queue (by sharding key or by choice) go to its broker all the same.
   */
  readonly brokersPerSandbox?: number;
  /** Zone that this process runs in: its brokers are used first, others when those fail. */
  readonly zone?: string;
  /** Finds the zone out while the first route is asked for; undefined when it cannot be known. Not together with `zone`. */
  readonly fetchZone?: (deadline: Deadline) => Promise<string | undefined>;
  /** Zone by broker name; where it has none, the zone that the broker's route tells counts. */
  readonly brokerZones?: Readonly<Record<string, string>>;
}

const YEAR_MS = 31_536_000_000;

export const clientOptionRules: Readonly<Record<keyof ClientOptions, OptionRule>> = {
  nameServerAddrs: {
    type: 'list',
    meaning: 'Name servers as `host:port`; the seed where `fetchNameServerAddrs` is given too',
  },
  fetchNameServerAddrs: {
    type: 'function',
    meaning: 'Looks the name servers up; the last good list is kept when it fails',
  },
  nameServerPeriodMs: {
    type: 'integer',
    default: 120_000,
    min: 0,
    max: YEAR_MS,
    meaning: 'Age at which looked-up name servers are looked up again (±20 % jitter)',
  },
  routePeriodMs: {
    type: 'integer',
    default: 30_000,
    min: 0,
    max: YEAR_MS,
    meaning: 'Age at which routes of topics in use are refreshed, and offline brokers dropped',
  },
  heartbeatPeriodMs: {
    type: 'integer',
    default: 30_000,
    min: 0,
    max: 110_000,
    meaning: 'Time between two heartbeats to a connected master',
  },
  dueWorkBudgetMs: {
    type: 'integer',
    default: 1000,
    min: 1,
    max: 60_000,
    meaning: 'Most time that the due work of one invocation may take',
  },
  connectTimeoutMs: {
    type: 'integer',
    default: 2000,
    min: 1,
    max: 60_000,
    meaning: 'Most time for one connect, name resolution and TLS included',
  },
  nameServerTimeoutMs: {
    type: 'integer',
    default: 3000,
    min: 1,
    max: 60_000,
    meaning: 'Most time for one question to the name servers, all of them tried',
  },
  requestTimeoutMs: {
    type: 'integer',
    default: 3000,
    min: 1,
    max: 60_000,
    meaning: 'Most time for a heartbeat or another request that is no send',
  },
  idleLimitMs: {
    type: 'integer',
    default: 100_000,
    min: 1,
    max: YEAR_MS,
    meaning: 'A connection unused for this long is closed before use; servers close it at 120 s',
  },
  instanceName: { type: 'string', meaning: 'Part of the client id after the address; random when absent' },
  unitName: { type: 'string', meaning: 'RocketMQ unit, appended to the client id' },
  serializeType: {
    type: 'one of',
    default: 'ROCKETMQ',
    allowed: ['JSON', 'ROCKETMQ'],
    meaning: 'How request headers are written; answers are read in either',
  },
  clock: { type: 'object', meaning: 'Source of the time, for tests' },
  namespace: { type: 'string', meaning: 'Namespace of the first kind: topics and groups are sent as `namespace%name`' },
  namespaceV2: { type: 'string', meaning: 'Namespace of the second kind: requests are marked with it' },
  credentials: {
    type: 'object',
    isSecret: true,
    meaning: 'Access key, secret key and security token that sign every request',
  },
  tls: {
    type: 'object',
    isSecret: true,
    hint: '{} for the defaults',
    meaning: 'CA, client certificate and server name of encrypted connections; `{}` for the defaults',
  },
  fetchSecurity: {
    type: 'function',
    meaning: 'Fetches credentials and TLS settings before the first connection, and once more when access is denied',
  },
  rpcHooks: { type: 'objects', default: [], meaning: 'Look at each request and answer; signing comes after them' },
  addressMap: { type: 'object', meaning: 'Address to connect to, by address that a broker advertises' },
  vipChannel: {
    type: 'boolean',
    default: false,
    meaning: "Connects to the brokers' second port, two below the advertised one",
  },
  brokersPerSandbox: {
    type: 'integer',
    default: 0,
    min: 0,
    max: 10_000,
    meaning: 'Most brokers of a topic used while they work, drawn anew by each sandbox; 0 for all',
  },
  zone: { type: 'string', meaning: 'Zone of this process: its brokers are used first, others when those fail' },
  fetchZone: { type: 'function', meaning: 'Finds the zone out beside the first question for a route' },
  brokerZones: { type: 'object', meaning: 'Zone by broker name, in place of what routes tell' },
};
