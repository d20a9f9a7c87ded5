import type { GetParametersCommandOutput, SSMClient } from '@aws-sdk/client-ssm';
import { type Clock, type Deadline, RocketMQError } from '#rocketmq';
import { parseNameServerList } from './name-server-list.ts';

/** The name-server parameter could not be read, or holds nothing usable. The list in use, if any, stays in use. */
export class NameServerParameterError extends RocketMQError {
  readonly parameter: string;

  constructor(parameter: string, reason: string, cause?: unknown) {
    super(`SSM parameter "${parameter}" ${reason}`, {
      code: 'ROCKETMQ_NAME_SERVER_PARAMETER',
      retryable: true,
      outcome: 'notSent',
      cause,
    });
    this.parameter = parameter;
  }
}

/** Limits of the SDK: a missing route to SSM must show in seconds, not as a time-out of the function. */
const CONNECT_TIMEOUT_MS = 1000;
const REQUEST_TIMEOUT_MS = 2000;
const MAX_ATTEMPTS = 2;

/**
 * Name servers in an SSM parameter, String or StringList. Each `fetch` asks SSM; when to ask is the client's business.
 * The SDK is loaded at the first `fetch`, so a function that never needs it never pays for it.
 */
export class NameServerParameter {
  readonly name: string;
  private readonly clock: Clock;
  private ssm: Promise<SSMClient> | undefined;
  private readAt: number | undefined;

  constructor(name: string, clock: Clock) {
    this.name = name;
    this.clock = clock;
  }

  /** Milliseconds since the value was last read; undefined before the first time. */
  get ageMs(): number | undefined {
    return this.readAt === undefined ? undefined : Math.max(0, this.clock.now() - this.readAt);
  }

  /** Reads the parameter. @throws NameServerParameterError that says what to do about it. */
  async fetch(deadline: Deadline): Promise<readonly string[]> {
    const output = await this.ask(deadline);
    const value = output.Parameters?.[0]?.Value;
    if (value === undefined) {
      throw new NameServerParameterError(
        this.name,
        'does not exist in this account and Region: create it, or correct its name',
      );
    }
    const addrs = parseNameServerList(value);
    if (addrs.length === 0)
      throw new NameServerParameterError(this.name, 'is empty: it must hold host:port, separated by ";"');
    this.readAt = this.clock.now();
    return addrs;
  }

  private async ask(deadline: Deadline): Promise<GetParametersCommandOutput> {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), Math.max(1, deadline.remainingMs()));
    try {
      const { GetParametersCommand, SSMClient } = await import('@aws-sdk/client-ssm');
      this.ssm ??= Promise.resolve(
        new SSMClient({
          maxAttempts: MAX_ATTEMPTS,
          requestHandler: {
            connectionTimeout: CONNECT_TIMEOUT_MS,
            requestTimeout: REQUEST_TIMEOUT_MS,
            throwOnRequestTimeout: true,
            // Asked every two minutes at the most: a connection kept that long is dead when it is needed again.
            httpAgent: { keepAlive: false },
            httpsAgent: { keepAlive: false },
          },
        }),
      );
      const command = new GetParametersCommand({ Names: [this.name], WithDecryption: true });
      return await (await this.ssm).send(command, { abortSignal: limit.signal });
    } catch (cause) {
      throw new NameServerParameterError(this.name, `cannot be read: ${explain(cause)}`, cause);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Reason of an SDK failure, with what cures it. */
function explain(cause: unknown): string {
  const { name = 'Error', message = String(cause) } = cause instanceof Error ? cause : {};
  switch (name) {
    case 'TimeoutError':
    case 'AbortError':
      return `SSM did not answer in time (${message}); does the function's subnet reach it, by an interface endpoint for ssm or a NAT gateway?`;
    case 'AccessDeniedException':
      return `${message}; allow ssm:GetParameters on this parameter`;
    case 'ThrottlingException':
      return `SSM throttled the request (${message}); raise its throughput setting, or give ROCKETMQ_NAME_SERVERS as a seed`;
    default:
      return `${name}: ${message}`;
  }
}
