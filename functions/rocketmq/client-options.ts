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
  /** Name servers as `host:port`: the only ones or, with `fetchNameServerAddrs`, those to start with. */
  readonly nameServerAddrs?: readonly string[];
  /** Looks up the name servers, for example in an SSM parameter. Must settle by the deadline; if it rejects, the last good list is kept. */
  readonly fetchNameServerAddrs?: (deadline: Deadline) => Promise<readonly string[]>;
  /** Age in ms at which looked-up name servers are looked up again, ±20 % jitter. */
  readonly nameServerPeriodMs?: number;
  /** Age in ms at which the routes of the topics in use are refreshed. */
  readonly routePeriodMs?: number;
  /** Time between two heartbeats to a connected master, in ms. */
  readonly heartbeatPeriodMs?: number;
  /** Time limit of the due work of an invocation, in ms. */
  readonly dueWorkBudgetMs?: number;
  /** Time limit of one connect, in ms, name resolution and TLS included. */
  readonly connectTimeoutMs?: number;
  /** Time limit of one question to the name servers, in ms, all of them tried. */
  readonly nameServerTimeoutMs?: number;
  /** Time limit of a heartbeat, or another request that is not a send, in ms. */
  readonly requestTimeoutMs?: number;
  /** A connection unused for this long, in ms, is closed before use: servers close it at 120 s. */
  readonly idleLimitMs?: number;
  /** Part of the client id, after the address. Leave it out in Lambda functions: then it is random. */
  readonly instanceName?: string;
  /** RocketMQ unit, appended to the client id. */
  readonly unitName?: string;
  /** How headers of requests are written. Answers are read in either form. */
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
  /** Fetches credentials and TLS settings before the first connection, and again when access is denied, or one side does not trust the other. */
  readonly fetchSecurity?: (deadline: Deadline) => Promise<ClientSecurity>;
  /** See each request and answer; requests are signed after them. */
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
  /** Finds the zone, while the first route is asked for; undefined if it cannot be known. Not together with `zone`. */
  readonly fetchZone?: (deadline: Deadline) => Promise<string | undefined>;
  /** Zones by broker name; for a broker that is not in it, the zone in its route counts. */
  readonly brokerZones?: Readonly<Record<string, string>>;
}

const YEAR_MS = 31_536_000_000;

/** What each option of `createClient` takes. */
export const clientOptionRules: Readonly<Record<keyof ClientOptions, OptionRule>> = {
  nameServerAddrs: {
    type: 'list',
    meaning: 'Name servers as `host:port`; the seed where `fetchNameServerAddrs` is given too',
  },
  fetchNameServerAddrs: {
    type: 'function',
    meaning: 'Looks up the name servers; if it fails, the last good list is kept',
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
    meaning: 'Time limit of the due work of one invocation',
  },
  connectTimeoutMs: {
    type: 'integer',
    default: 2000,
    min: 1,
    max: 60_000,
    meaning: 'Time limit of one connect, name resolution and TLS included',
  },
  nameServerTimeoutMs: {
    type: 'integer',
    default: 3000,
    min: 1,
    max: 60_000,
    meaning: 'Time limit of one question to the name servers, all of them tried',
  },
  requestTimeoutMs: {
    type: 'integer',
    default: 3000,
    min: 1,
    max: 60_000,
    meaning: 'Time limit of a heartbeat or another request that is not a send',
  },
  idleLimitMs: {
    type: 'integer',
    default: 100_000,
    min: 1,
    max: YEAR_MS,
    meaning: 'A connection unused for this long is closed before use; servers close it at 120 s',
  },
  instanceName: { type: 'string', meaning: 'Part of the client id, after the address; random if absent' },
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
    meaning:
      'Fetches credentials and TLS settings before the first connection, and once more when access is denied, or one side does not trust the other',
  },
  rpcHooks: { type: 'objects', default: [], meaning: 'See each request and answer; requests are signed after them' },
  addressMap: { type: 'object', meaning: 'Addresses to connect to, by the addresses that brokers advertise' },
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
    meaning: 'How many brokers of a topic each sandbox picks at random and uses while they work; 0 for all',
  },
  zone: { type: 'string', meaning: 'Zone of this process: its brokers are used first, others only if those fail' },
  fetchZone: { type: 'function', meaning: 'Finds the zone, while the first route is asked for' },
  brokerZones: { type: 'object', meaning: 'Zones by broker name, replacing what routes say' },
};
