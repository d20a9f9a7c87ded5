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
    const secured = connect({
      socket,
      host,
      rejectUnauthorized: verify,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(servername === undefined ? (isIP(host) === 0 ? { servername: host } : {}) : { servername }),
    });
    // Stays for the life of the socket: an error after a failed handshake must not crash the process.
    secured.on('error', reject);
    secured.once('close', () =>
      reject(Object.assign(new Error('closed during the handshake'), { code: 'ECONNRESET' })),
    );
    secured.once('secureConnect', () => resolve(secured));
  });
}

/** What a failed handshake is about, and how to mend it; undefined when it is no TLS matter. */
export function tlsFault(code: string | undefined, host: string): string | undefined {
  switch (code) {
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `its certificate is not for "${host}": set the TLS servername to a name it is for`;
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
      return `its certificate comes from an unknown authority (${code}): give that authority's certificate as the TLS CA`;
    case 'CERT_HAS_EXPIRED':
      return 'its certificate has expired';
    case 'ECONNRESET':
      return 'the server ended the TLS handshake: does it speak TLS on this port, and want a client certificate?';
    default:
      return code?.startsWith('ERR_SSL') ? `the TLS handshake failed (${code})` : undefined;
  }
}
