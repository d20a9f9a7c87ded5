import type { Deadline } from '../deadline.ts';
import { type AclCredentials, signedFields } from '../protocol/acl-signature.ts';
import { EMPTY_BODY } from '../protocol/remoting-command.ts';
import type { RpcHook } from '../remoting/rpc-hook.ts';
import type { TlsSettings } from '../remoting/tls-settings.ts';

/** What a client proves itself with, and what it trusts. */
export interface ClientSecurity {
  readonly credentials?: AclCredentials;
  readonly tls?: TlsSettings;
}

/** Fetches are no closer together than this, however many requests are denied. */
const REFRESH_INTERVAL_MS = 10_000;

/**
 * Credentials and TLS settings in use: as given, or as fetched before the first connection. Fetched again when a broker
 * denies access, because keys rotate.
 */
export class Security {
  private current: ClientSecurity;
  private readonly fetchSecurity: ((deadline: Deadline) => Promise<ClientSecurity>) | undefined;
  private fetching: Promise<boolean> | undefined;
  private isFetched = false;
  private refreshedAt: number | undefined;

  constructor(given: ClientSecurity, fetchSecurity: ((deadline: Deadline) => Promise<ClientSecurity>) | undefined) {
    this.current = given;
    this.fetchSecurity = fetchSecurity;
  }

  /** How to encrypt connections; undefined for plain text. */
  get tls(): TlsSettings | undefined {
    return this.current.tls;
  }

  /** Fetches what has to be fetched before the first connection; does nothing later. @throws what the fetch throws */
  async ensure(deadline: Deadline): Promise<void> {
    if (this.fetchSecurity !== undefined && !this.isFetched) await this.fetch(this.fetchSecurity, deadline);
  }

  /** Fetches anew after a denial; true when something changed. Never rejects: what is in use stays in use. */
  async refresh(deadline: Deadline): Promise<boolean> {
    const now = performance.now();
    const isTooSoon = this.refreshedAt !== undefined && now - this.refreshedAt < REFRESH_INTERVAL_MS;
    if (this.fetchSecurity === undefined || (isTooSoon && this.fetching === undefined)) return false;
    this.refreshedAt = now;
    return this.fetch(this.fetchSecurity, deadline).catch(() => false);
  }

  /** Signs every request with the credentials in use; to be the last of the hooks. */
  signingHook(): RpcHook {
    return {
      beforeRequest: (_addr, { extFields, body = EMPTY_BODY }) => {
        const { credentials } = this.current;
        return credentials === undefined ? undefined : signedFields(extFields, body, credentials);
      },
    };
  }

  private fetch(fetchSecurity: (deadline: Deadline) => Promise<ClientSecurity>, deadline: Deadline): Promise<boolean> {
    this.fetching ??= fetchSecurity(deadline)
      .then((fetched) => {
        const before = JSON.stringify(this.current);
        this.current = { ...this.current, ...fetched };
        this.isFetched = true;
        return JSON.stringify(this.current) !== before;
      })
      .finally(() => {
        this.fetching = undefined;
      });
    return this.fetching;
  }
}
