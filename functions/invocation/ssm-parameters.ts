import {
  type AclCredentials,
  type ClientSecurity,
  type Clock,
  type Deadline,
  holdsCertificate,
  RocketMQError,
  type TlsSettings,
} from '#rocketmq';
import { abortedBy } from './aborted-by.ts';
import { parseNameServerList } from './name-server-list.ts';
import type { GetParameters } from './ssm-client.ts';

/** The name-server parameter could not be read, or holds nothing usable. The list in use, if any, stays in use. */
export class NameServerParameterError extends RocketMQError {
  readonly parameter: string;

  constructor(parameter: string, reason: string, cause?: unknown) {
    const facts = { retryable: true, outcome: 'notSent', cause } as const;
    super(`SSM parameter "${parameter}" ${reason}`, { code: 'ROCKETMQ_NAME_SERVER_PARAMETER', ...facts });
    this.parameter = parameter;
  }
}

/** The parameter with the credentials or the CA could not be read, or holds nothing usable. Its value is never told. */
export class SecurityParameterError extends RocketMQError {
  readonly parameter: string;

  constructor(parameter: string, reason: string, cause?: unknown) {
    const facts = { retryable: true, outcome: 'notSent', cause } as const;
    super(`SSM parameter "${parameter}" ${reason}`, { code: 'ROCKETMQ_SECURITY_PARAMETER', ...facts });
    this.parameter = parameter;
  }
}

/** Names of the parameters; undefined for what is not kept in one. */
export interface ParameterNames {
  readonly nameServers: string | undefined;
  /** JSON `{accessKey, secretKey, securityToken?}`; a SecureString. */
  readonly acl: string | undefined;
  /** Certificate authorities in PEM. */
  readonly tlsCa: string | undefined;
}

/** What was read for the security serves the name servers too, if they are wanted this soon: one call a cold start. */
const SHARED_FOR_MS = 5000;

const loadSsmClient = () => import('./ssm-client.ts');

/**
 * Loads the SDK, which the first fetch otherwise does: for INIT, which has the whole CPU where an invocation has its share.
 * Asks nothing, and may run twice. What goes wrong is told by the first fetch.
 */
export function preloadSsmClient(): void {
  loadSsmClient().catch(() => {});
}

/**
 * Name servers, credentials and CA in SSM parameters, all read by one call. Each fetch asks SSM; when to ask is the
 * client's business. The SDK is loaded at the first fetch, if not before, so a function that never needs it never pays for it.
 */
export class SsmParameters {
  readonly #names: ParameterNames;
  readonly #clock: Clock;
  #getParameters: GetParameters | undefined;
  #readAt: number | undefined;
  /** Holds secrets, which neither JSON nor an inspection of this must show. */
  #shared: { readonly values: ReadonlyMap<string, string>; readonly at: number } | undefined;

  constructor(names: ParameterNames, clock: Clock) {
    this.#names = names;
    this.#clock = clock;
  }

  /** Milliseconds since the name servers were last read; undefined before the first time. */
  get nameServersAgeMs(): number | undefined {
    return this.#readAt === undefined ? undefined : Math.max(0, this.#clock.now() - this.#readAt);
  }

  /** Reads the name servers. @throws NameServerParameterError that says what to do about it */
  async fetchNameServers(deadline: Deadline): Promise<readonly string[]> {
    const { nameServers: name = '' } = this.#names;
    const fail = (reason: string, cause?: unknown) => new NameServerParameterError(name, reason, cause);
    const value = (await this.#read(deadline, fail, this.#takeShared())).get(name);
    if (value === undefined) throw fail(MISSING);
    if (NO_LIST.test(value))
      throw fail('holds JSON or PEM, and no list of host:port: is it the one of something else?');
    const addrs = parseNameServerList(value);
    if (addrs.length === 0) throw fail('is empty: it must hold host:port, separated by ";"');
    this.#readAt = this.#clock.now();
    return addrs;
  }

  /** Reads credentials and CA, as far as there are parameters for them. @throws SecurityParameterError */
  async fetchSecurity(deadline: Deadline, tls: TlsSettings | undefined): Promise<ClientSecurity> {
    const { acl, tlsCa } = this.#names;
    const fail = (reason: string, cause?: unknown) => new SecurityParameterError(acl ?? tlsCa ?? '', reason, cause);
    const values = await this.#read(deadline, fail);
    this.#shared = { values, at: this.#clock.now() };
    const required = (name: string) => {
      const value = values.get(name);
      if (value === undefined) throw new SecurityParameterError(name, MISSING);
      return value;
    };
    return {
      ...(acl === undefined ? {} : { credentials: parseCredentials(acl, required(acl)) }),
      ...(tls === undefined
        ? {}
        : { tls: tlsCa === undefined ? tls : { ...tls, ca: checkedCa(tlsCa, required(tlsCa)) } }),
    };
  }

  #takeShared(): ReadonlyMap<string, string> | undefined {
    const shared = this.#shared;
    this.#shared = undefined;
    const ageMs = shared === undefined ? Number.POSITIVE_INFINITY : this.#clock.now() - shared.at;
    return ageMs >= 0 && ageMs <= SHARED_FOR_MS ? shared?.values : undefined;
  }

  async #read(
    deadline: Deadline,
    fail: (reason: string, cause?: unknown) => RocketMQError,
    known?: ReadonlyMap<string, string>,
  ): Promise<ReadonlyMap<string, string>> {
    if (known !== undefined) return known;
    try {
      return await abortedBy(deadline, async (limit) => {
        this.#getParameters ??= (await loadSsmClient()).ssmClient();
        const names = Object.values(this.#names).filter((name) => name !== undefined);
        return this.#getParameters(names, limit);
      });
    } catch (cause) {
      throw fail(`cannot be read: ${explain(cause)}`, cause);
    }
  }
}

/** Credentials or a certificate, where names of parameters were mixed up: who reads a list shows what is wrong with it. */
const NO_LIST = /[{}]|-----BEGIN/;

const MISSING = 'does not exist in this account and Region: create it, or correct its name';

/** A CA that Node would pass over in silence, only to refuse every server. */
function checkedCa(parameter: string, text: string): string {
  if (holdsCertificate(text)) return text;
  throw new SecurityParameterError(
    parameter,
    'holds no certificate in PEM: it must hold "-----BEGIN CERTIFICATE-----" at the beginning of a line, with its lines as in the file',
  );
}

/** Reads the credentials. Errors tell what is missing, never what is there. */
function parseCredentials(parameter: string, text: string): AclCredentials {
  const fail = (reason: string) =>
    new SecurityParameterError(
      parameter,
      `${reason}: it must hold JSON as {"accessKey":"…","secretKey":"…","securityToken":"…"}, the token being optional`,
    );
  let value: unknown;
  try {
    // Without the byte order mark that some editors write before it.
    value = JSON.parse(text.trim());
  } catch {
    // The cause is left out: it quotes what it could not read.
    throw fail('holds no JSON');
  }
  const { accessKey, secretKey, securityToken } = (value ?? {}) as Record<string, unknown>;
  if (typeof accessKey !== 'string' || accessKey === '') throw fail('has no accessKey');
  if (typeof secretKey !== 'string' || secretKey === '') throw fail('has no secretKey');
  if (securityToken === undefined) return { accessKey, secretKey };
  if (typeof securityToken !== 'string' || securityToken === '') throw fail('has a securityToken that is no text');
  return { accessKey, secretKey, securityToken };
}

/** Reason of an SDK failure, with what cures it. */
function explain(cause: unknown): string {
  const { name = 'Error', message = String(cause) } = cause instanceof Error ? cause : {};
  switch (name) {
    case 'TimeoutError':
    case 'AbortError':
      return `SSM did not answer in time (${message}); does the function's subnet reach it, by an interface endpoint for ssm or a NAT gateway?`;
    case 'AccessDeniedException':
      return `${message}; allow ssm:GetParameters on this parameter, and kms:Decrypt on the key of a SecureString`;
    case 'ThrottlingException':
      return `SSM throttled the request (${message}); raise its throughput setting, or give ROCKETMQ_NAME_SERVERS as a seed`;
    default:
      return `${name}: ${message}`;
  }
}
