import type { Clock } from '../clock.ts';
import type { Deadline } from '../deadline.ts';
import {
  AccessDeniedError,
  NoNameServerError,
  NoSecurityError,
  RemotingConnectError,
  RemotingSendRequestError,
  RocketMQError,
} from '../errors.ts';
import { isObject } from '../options.ts';
import { type AclCredentials, signedFields } from '../protocol/acl-signature.ts';
import { EMPTY_BODY } from '../protocol/remoting-command.ts';
import type { RpcHook } from '../remoting/rpc-hook.ts';
import { isAboutAuthority, mayRefuseClient, type TlsSettings } from '../remoting/tls-settings.ts';
import { RecentFailure } from './recent-failure.ts';
import { called, isUp, SharedWork } from './shared-work.ts';
import { tlsFaults } from './tls-faults.ts';

/** What a client proves itself with, and what it trusts. */
export interface ClientSecurity {
  readonly credentials?: AclCredentials;
  readonly tls?: TlsSettings;
}

/** Fetches are no closer together than this, however many requests are denied. */
const REFRESH_INTERVAL_MS = 10_000;

type FetchSecurity = (deadline: Deadline) => Promise<ClientSecurity>;

/**
 * Faults of credentials and TLS settings, without those that are no object: who calls tells of them. They tell what is wrong,
 * never what is there.
 */
export function securityFaults({ credentials, tls }: ClientSecurity): string[] {
  return [...(isObject(credentials) ? credentialsFaults(credentials) : []), ...(isObject(tls) ? tlsFaults(tls) : [])];
}

function credentialsFaults(given: AclCredentials): string[] {
  const isText = (value: unknown) => typeof value === 'string' && value !== '';
  const { accessKey, secretKey, securityToken } = given;
  return [
    ...(isText(accessKey) ? [] : ['"credentials" have no accessKey']),
    ...(isText(secretKey) ? [] : ['"credentials" have no secretKey']),
    ...(securityToken === undefined || isText(securityToken)
      ? []
      : ['"credentials" have a securityToken that is no text']),
  ];
}

/** Faults of what was fetched, which nothing has looked at before. */
function fetchedFaults(fetched: ClientSecurity): string[] {
  const { credentials, tls } = fetched;
  const noObjects = Object.entries({ credentials, tls }).filter(([, value]) => value !== undefined && !isObject(value));
  return [...noObjects.map(([name]) => `"${name}" must be an object`), ...securityFaults(fetched)];
}

/**
 * Whether what is fetched anew may cure it: access was denied, or the certificate of a server, of one of several, comes from no
 * authority that is trusted, or one of them may have refused the certificate it was shown.
 */
function isAboutSecurity(error: unknown, showsCertificate: boolean): boolean {
  if (error instanceof AccessDeniedError) return true;
  if (error instanceof NoNameServerError) {
    const { cause } = error;
    const failures: readonly unknown[] = cause instanceof AggregateError ? cause.errors : [cause];
    return failures.some((failure) => isAboutSecurity(failure, showsCertificate));
  }
  // A server of TLS 1.3 looks at the certificate when the handshake is over here, and often says nothing of it.
  if (error instanceof RemotingSendRequestError) return showsCertificate && error.isUnheard;
  if (!(error instanceof RemotingConnectError)) return false;
  const { cause } = error;
  if (!(cause instanceof Error && 'code' in cause)) return false;
  return isAboutAuthority(cause.code) || (showsCertificate && mayRefuseClient(cause.code));
}

/**
 * Credentials and TLS settings in use: as given, or as fetched before the first connection. Fetched again when a broker
 * denies access, because keys rotate, and when a server is not trusted or does not trust this client, because certificates do.
 * They survive a freeze. What is secret is kept in fields that neither JSON nor an inspection shows, so that whoever logs a client, or
 * the context that has it, does not log them.
 */
export class Security {
  #current: ClientSecurity;
  /** Counts the changes of what is in use. */
  #version = 0;
  readonly #clock: Clock;
  readonly #fetchSecurity: FetchSecurity | undefined;
  readonly #fetches = new SharedWork<void>();
  readonly #firstFailure: RecentFailure;
  #isFetched = false;
  /** Whether the last fetch failed: nobody knows then what is valid by now. */
  #isOutOfDate = false;
  /** Wall clock: a frozen process has no other that goes on. */
  #refreshedAt: number | undefined;

  constructor(given: ClientSecurity, fetchSecurity: FetchSecurity | undefined, clock: Clock) {
    this.#current = given;
    this.#fetchSecurity = fetchSecurity;
    this.#clock = clock;
    this.#firstFailure = new RecentFailure(clock);
  }

  /** How to encrypt connections; undefined for plain text. */
  get tls(): TlsSettings | undefined {
    return this.#current.tls;
  }

  /** Grows with each change of what is in use: tells `refresh` what a denied request was signed with. */
  get version(): number {
    return this.#version;
  }

  /** Whether what is fetched anew may cure an error. */
  mayCure(error: unknown): boolean {
    return isAboutSecurity(error, this.tls?.cert !== undefined);
  }

  /** A failure as it is to be told: a denial is none for good while what is fetched anew cannot be had. */
  judged<T>(error: T): T | AccessDeniedError {
    if (!(this.#isOutOfDate && error instanceof AccessDeniedError)) return error;
    return new AccessDeniedError(error.addr, error.remark, error.outcome, true);
  }

  /** Begins an invocation: what could not be fetched in one before it is asked for again. */
  beginInvocation(): void {
    this.#firstFailure.forget();
  }

  /** Fetches what has to be fetched before the first connection; does nothing later. @throws NoSecurityError, and errors of this client that the fetch throws */
  async ensure(deadline: Deadline): Promise<void> {
    const fetchSecurity = this.#fetchSecurity;
    if (fetchSecurity === undefined || this.#isFetched) return;
    await this.#firstFailure.trying(deadline, () => this.#fetch(fetchSecurity, deadline));
  }

  /**
   * Fetches anew after a denial of a request that was signed under that version, unless this was done a moment ago; true
   * when others are in use now, whoever fetched them. Never rejects: what is in use stays in use.
   */
  async refresh(deniedVersion: number, deadline: Deadline): Promise<boolean> {
    if (this.#fetchSecurity === undefined) return false;
    if (deniedVersion === this.#version && (this.#fetches.isUnderWay || !this.#isTooSoon())) {
      const isJoined = this.#fetches.isUnderWay;
      if (!isJoined) this.#refreshedAt = this.#clock.now();
      await this.#fetch(this.#fetchSecurity, deadline).catch(() => {
        this.#isOutOfDate = true;
        // Of one that had no time nobody knows what it would have found: the next denial fetches.
        if (!isJoined && isUp(deadline)) this.#refreshedAt = undefined;
      });
    }
    return deniedVersion !== this.#version;
  }

  /**
   * Asks with what is needed for it: fetched before where it has not been, and after a denial fetched anew, because keys rotate; if it
   * changed, it is asked once more. @throws NoSecurityError; what the question fails with
   */
  async asking<T>(deadline: Deadline, ask: () => Promise<T>): Promise<T> {
    await this.ensure(deadline);
    const { version } = this;
    try {
      return await ask();
    } catch (error) {
      if (!this.mayCure(error)) throw error;
      if (await this.refresh(version, deadline)) return ask();
      throw this.judged(error);
    }
  }

  /** Signs every request with the credentials in use; to be the last of the hooks. */
  signingHook(): RpcHook {
    return {
      beforeRequest: (_addr, { extFields, body = EMPTY_BODY }) => {
        const { credentials } = this.#current;
        return credentials === undefined ? undefined : signedFields(extFields, body, credentials);
      },
    };
  }

  #isTooSoon(): boolean {
    if (this.#refreshedAt === undefined) return false;
    const elapsedMs = this.#clock.now() - this.#refreshedAt;
    return elapsedMs >= 0 && elapsedMs < REFRESH_INTERVAL_MS;
  }

  #fetch(fetchSecurity: FetchSecurity, deadline: Deadline): Promise<void> {
    const late = () => new NoSecurityError('the fetch did not end by its deadline');
    return this.#fetches.run(deadline, async (limit) => this.#take(await fetched(fetchSecurity, limit, late)), late);
  }

  #take(fetched: ClientSecurity): void {
    const before = JSON.stringify(this.#current);
    // What the answer leaves undefined stays as it was: given TLS must not be switched off by a name without a value.
    const told = Object.entries({ ...fetched }).filter(([, value]) => value !== undefined);
    this.#current = { ...this.#current, ...Object.fromEntries(told) };
    this.#isFetched = true;
    this.#isOutOfDate = false;
    if (JSON.stringify(this.#current) !== before) this.#version++;
  }
}

async function fetched(fetchSecurity: FetchSecurity, deadline: Deadline, late: () => Error): Promise<ClientSecurity> {
  let answer: ClientSecurity;
  try {
    // Whoever writes JavaScript may answer nothing: then what is in use stays.
    answer = (await called(fetchSecurity, deadline, late)) ?? {};
  } catch (error) {
    if (error instanceof RocketMQError) throw error;
    throw new NoSecurityError(error instanceof Error ? error.message : String(error), error);
  }
  const faults = fetchedFaults(answer);
  if (faults.length > 0) throw new NoSecurityError(`"fetchSecurity" gave what cannot be used: ${faults.join('; ')}`);
  return answer;
}
