import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A private key and its certificate, PEM texts; the key in PKCS#8, which Java servers read too. */
export interface KeyAndCertificate {
  readonly key: string;
  readonly cert: string;
}

/** What a TLS test needs, all signed by one throwaway authority. */
export interface TlsCertificates {
  /** The authority's certificate, PEM. */
  readonly ca: string;
  readonly server: KeyAndCertificate;
  readonly client: KeyAndCertificate;
  /** Like the server's, but its time is over. */
  readonly expired: KeyAndCertificate;
}

/** What the server's certificate is for. */
export interface TlsCertificateOptions {
  /** Default `localhost`. */
  readonly dnsNames?: readonly string[];
  /** Default `127.0.0.1` and `::1`. */
  readonly addresses?: readonly string[];
}

/**
 * Makes an authority, a server's and a client's certificate, valid for ten days, and one that no longer is. Node itself cannot make X.509, so the
 * `openssl` command does. Nothing is left on disk.
 *
 * @throws Error when there is no `openssl` on the path, or it is older than 3.0.
 */
export async function createTlsCertificates(options: TlsCertificateOptions = {}): Promise<TlsCertificates> {
  const { dnsNames = ['localhost'], addresses = ['127.0.0.1', '::1'] } = options;
  const directory = await mkdtemp(join(tmpdir(), 'rocketmq-lambda-tls-'));
  try {
    const names = [...dnsNames.map((name) => `DNS:${name}`), ...addresses.map((address) => `IP:${address}`)];
    const ca = await issue(directory, 'ca', ['-addext', 'keyUsage=critical,keyCertSign,cRLSign']);
    const authority = ['-CA', join(directory, 'ca.crt'), '-CAkey', join(directory, 'ca.key')];
    const forLeaf = (...extensions: string[]) =>
      ['basicConstraints=critical,CA:FALSE', ...extensions].flatMap((extension) => ['-addext', extension]);
    const ofServer = forLeaf('extendedKeyUsage=serverAuth', `subjectAltName=${names.join(',')}`);
    const [server, client, selfSigned] = await Promise.all([
      issue(directory, 'server', [...authority, ...ofServer]),
      issue(directory, 'client', [...authority, ...forLeaf('extendedKeyUsage=clientAuth')]),
      issue(directory, 'expired', ofServer),
    ]);
    const expired = { key: selfSigned.key, cert: await expire(directory, 'expired', authority) };
    return { ca: ca.cert, server, client, expired };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function issue(directory: string, name: string, args: readonly string[]): Promise<KeyAndCertificate> {
  const [key, cert] = [join(directory, `${name}.key`), join(directory, `${name}.crt`)];
  const algorithm = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc'];
  const files = ['-keyout', key, '-out', cert];
  const subject = ['-subj', `/CN=rocketmq-lambda test ${name}`, '-days', '10'];
  await openssl(name, ['req', '-x509', ...algorithm, ...files, ...subject, ...args]);
  return { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') };
}

/** A self-signed certificate, signed by the authority with an end that was yesterday: only so does openssl 3.0 make one. */
async function expire(directory: string, name: string, authority: readonly string[]): Promise<string> {
  const cert = join(directory, `${name}.signed.crt`);
  await openssl(name, ['x509', '-in', join(directory, `${name}.crt`), '-out', cert, ...authority, '-days', '-1']);
  return readFile(cert, 'utf8');
}

async function openssl(name: string, args: readonly string[]): Promise<void> {
  try {
    await run('openssl', args);
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const why = isMissing ? 'there is no openssl on the path: install it' : 'openssl refused: version 3.0 is needed';
    throw new Error(`cannot make the ${name} certificate, ${why}`, { cause });
  }
}
