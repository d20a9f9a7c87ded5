import type { Socket } from 'node:net';
import { isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';

/** How connections are encrypted. Server certificates are verified, host name included, unless told otherwise. */
export interface TlsSettings {
  /** Certificate authorities in PEM; those of Node when absent. */
  readonly ca?: string;
  /** Client certificate in PEM, for servers that ask for one. */
  readonly cert?: string;
  /** Its private key in PEM. */
  readonly key?: string;
  /** Name the server's certificate must be for, where that is not the host of its address. */
  readonly servername?: string;
  /** False accepts any certificate, and so anybody's server; for tests only. */
  readonly verify?: boolean;
}

/** Encrypts a socket that is connected. `node:tls` is loaded at the first use. Rejects with Node's own error. */
export async function secure(socket: Socket, host: string, settings: TlsSettings): Promise<TLSSocket> {
  const { connect } = await import('node:tls');
  const { ca, cert, key, servername, verify = true } = settings;
  return new Promise((resolve, reject) => {
    const name = servername ?? host;
    const secured = connect({
      socket,
      host: name,
      rejectUnauthorized: verify,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      // An address is no name to ask for, but the certificate is checked against it all the same.
      ...(isIP(name) === 0 ? { servername: name } : {}),
    });
    // Stays for the life of the socket: an error after a failed handshake must not crash the process.
    secured.on('error', reject);
    secured.once('close', () =>
      reject(Object.assign(new Error('closed during the handshake'), { code: 'ECONNRESET' })),
    );
    secured.once('secureConnect', () => resolve(secured));
  });
}

/** What Node says of a certificate that comes from none of the authorities given. */
const UNKNOWN_AUTHORITY: ReadonlySet<unknown> = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_SIGNATURE_FAILURE',
]);

/** Whether a handshake failed because of the authorities given: other ones may be in use by now, or those have expired. */
export function isAboutAuthority(code: unknown): boolean {
  return UNKNOWN_AUTHORITY.has(code) || code === 'CERT_HAS_EXPIRED';
}

/** Whether a handshake may have failed because the server did not take the client certificate it was shown. */
export function mayRefuseClient(code: unknown): boolean {
  return typeof code === 'string' && /^(ECONNRESET|EPIPE|ERR_SSL_.*ALERT.*)$/.test(code);
}

/** What a failed handshake is about, and how to mend it; undefined when it is no TLS matter. */
export function tlsFault(code: string | undefined, name: string): string | undefined {
  if (UNKNOWN_AUTHORITY.has(code)) {
    return `its certificate comes from an unknown authority (${code}): give that authority's certificate as the TLS CA`;
  }
  switch (code) {
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `its certificate is not for "${name}": set the TLS servername to a name it is for`;
    case 'CERT_HAS_EXPIRED':
      return 'its certificate has expired: renew it on the server, or the TLS CA if that is what expired';
    case 'CERT_NOT_YET_VALID':
      return 'its certificate is not valid yet: look at its dates and at the clock of the server that made it';
    case 'ECONNRESET':
    case 'EPIPE':
      return 'the server ended the TLS handshake: it speaks no TLS on this port (then switch TLS off), or wants a client certificate';
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
      return `what answers there is not TLS (${code}): switch TLS off, or correct the address`;
    default:
      if (code?.startsWith('ERR_OSSL'))
        return `the TLS settings cannot be used (${code}): look at the PEM of CA, cert and key`;
      if (code === undefined || !/^(ERR_SSL|EPROTO)/.test(code)) return undefined;
      return /CERTIFICATE|HANDSHAKE_FAILURE/.test(code)
        ? `the TLS handshake failed (${code}): the server wants a client certificate that it trusts`
        : `the TLS handshake failed (${code}): look at the TLS CA, and at what protocols the server allows`;
  }
}
