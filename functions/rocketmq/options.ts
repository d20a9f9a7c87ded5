import type { Clock } from './clock.ts';
import type { Deadline } from './deadline.ts';
import { OptionsError } from './errors.ts';
import type { SerializeType } from './protocol/remoting-command.ts';

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
}

/** Options of `client.producer`. */
export interface ProducerOptions {
  /** Producer group: letters, digits, `%`, `|`, `-`, `_`; at most 120. */
  readonly group: string;
  /** Most time for one send, all attempts together. */
  readonly sendTimeoutMs?: number;
  /** Most time for one attempt; less than `sendTimeoutMs`, so that another broker can still be tried. */
  readonly attemptTimeoutMs?: number;
  /** Attempts of one send, the first included. */
  readonly maxAttempts?: number;
  /** Largest body, as the brokers' `maxMessageSize` allows it. */
  readonly maxMessageBytes?: number;
}

/** What one option takes. The documentation and its test read these tables. */
export interface OptionRule {
  readonly type: 'integer' | 'string' | 'list' | 'function' | 'object' | 'one of';
  readonly default?: number | string;
  readonly min?: number;
  readonly max?: number;
  readonly allowed?: readonly string[];
  readonly isRequired?: boolean;
  readonly meaning: string;
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
};

export const producerOptionRules: Readonly<Record<keyof ProducerOptions, OptionRule>> = {
  group: {
    type: 'string',
    isRequired: true,
    meaning: 'Producer group: letters, digits, percent, vertical bar, hyphen and underscore; at most 120 characters',
  },
  sendTimeoutMs: {
    type: 'integer',
    default: 6000,
    min: 1,
    max: 900_000,
    meaning: 'Most time for one send, all attempts together',
  },
  attemptTimeoutMs: {
    type: 'integer',
    default: 2000,
    min: 1,
    max: 900_000,
    meaning: 'Most time for one attempt; must be less than `sendTimeoutMs`',
  },
  maxAttempts: { type: 'integer', default: 3, min: 1, max: 16, meaning: 'Attempts of one send, the first included' },
  maxMessageBytes: {
    type: 'integer',
    default: 4_194_304,
    min: 1,
    max: 16_000_000,
    meaning: "Largest body, as the brokers' `maxMessageSize` allows it",
  },
};

/**
 * Checks options against their rules: unknown names are refused, and all faults are told at once.
 * @param subject what the error names first, such as `createClient`.
 * @returns a new frozen object with the defaults filled in; the argument is left alone.
 * @throws OptionsError
 */
export function resolveOptions<T extends object>(
  subject: string,
  options: T,
  rules: Readonly<Record<keyof T & string, OptionRule>>,
): Readonly<T> {
  const faults: string[] = [];
  const given = options as Readonly<Record<string, unknown>>;
  const resolved: Record<string, unknown> = {};
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(rules, name)) faults.push(`unknown option "${name}" (known: ${Object.keys(rules).join(', ')})`);
  }
  for (const [name, rule] of Object.entries<OptionRule>(rules)) {
    const value = given[name] === undefined ? rule.default : given[name];
    if (value === undefined) {
      if (rule.isRequired) faults.push(`"${name}" is missing: ${rule.meaning}`);
      continue;
    }
    const fault = ruleFault(rule, value);
    if (fault !== undefined) faults.push(`"${name}" is ${show(value)}, but must be ${fault}`);
    resolved[name] = value;
  }
  if (faults.length > 0) throw new OptionsError(subject, faults);
  return Object.freeze(resolved) as Readonly<T>;
}

/** What a value must be, when it is not. */
function ruleFault(rule: OptionRule, value: unknown): string | undefined {
  switch (rule.type) {
    case 'integer': {
      const [min, max] = [rule.min ?? 0, rule.max ?? Number.MAX_SAFE_INTEGER];
      const fits = typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
      return fits ? undefined : `a whole number from ${min} to ${max}`;
    }
    case 'string':
      return typeof value === 'string' && value !== '' ? undefined : 'a string that is not empty';
    case 'list':
      return Array.isArray(value) && value.every((item) => typeof item === 'string') ? undefined : 'a list of strings';
    case 'function':
      return typeof value === 'function' ? undefined : 'a function';
    case 'object':
      return typeof value === 'object' && value !== null ? undefined : 'an object';
    case 'one of': {
      const allowed = rule.allowed ?? [];
      return typeof value === 'string' && allowed.includes(value) ? undefined : `one of ${allowed.join(', ')}`;
    }
  }
}

/** A value as the fault shows it; anything can have been given, and must not make the telling of it fail. */
function show(value: unknown): string {
  const text = typeof value === 'function' ? 'a function' : (asJson(value) ?? String(value));
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

function asJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    // A big integer, or an object that holds itself.
    return undefined;
  }
}
