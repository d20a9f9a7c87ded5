import type { TlsSettings } from '../remoting/tls-settings.ts';

const PRIVATE_KEY = /-----BEGIN ([A-Z]+ )?PRIVATE KEY-----/;
const NO_CERTIFICATE =
  'that is no certificate in PEM: it must hold "-----BEGIN CERTIFICATE-----" at the beginning of a line, with its lines as in the file';

/** What is wrong with a setting; undefined when nothing is. */
const checks: Readonly<Record<keyof TlsSettings, (value: unknown) => string | undefined>> = {
  // A CA that is none Node passes over in silence, only to refuse every server.
  ca: (value) => (holdsCertificate(value) ? undefined : NO_CERTIFICATE),
  cert: (value) => (holdsCertificate(value) ? undefined : NO_CERTIFICATE),
  key: (value) =>
    holds(PRIVATE_KEY, value) ? undefined : 'that is no private key in PEM: it must hold "-----BEGIN PRIVATE KEY-----"',
  servername: (value) => (typeof value === 'string' && value !== '' ? undefined : 'that is no text'),
  verify: (value) => (typeof value === 'boolean' ? undefined : 'that is neither true nor false'),
};

/** Faults of TLS settings as they were given; they tell what is wrong, never what is there. */
export function tlsFaults(given: object): string[] {
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn(checks, name));
  const known = Object.keys(checks).join(', ');
  const faults = unknown.map((name) => `"tls" have an unknown setting "${name}" (known: ${known})`);
  for (const [name, check] of Object.entries(checks)) {
    const value: unknown = given[name as keyof typeof given];
    const fault = value === undefined ? undefined : check(value);
    if (fault !== undefined) faults.push(`"tls" have a ${name} ${fault}`);
  }
  return faults;
}

/**
 * A certificate as OpenSSL finds one: the line begins with it, behind a byte order mark at the most, and what follows is on the next
 * line. It passes over one that is indented, all on one line, or has `\n` written in it where its lines end.
 */
const CERTIFICATE = /(?:^\ufeff?|\n)-----BEGIN (TRUSTED |X509 )?CERTIFICATE-----[ \t\r]*\n[ \t]*[A-Za-z0-9+/]/;

/** Whether a value is text with a certificate in PEM, of which one is in a form that is read. */
export function holdsCertificate(value: unknown): boolean {
  return holds(CERTIFICATE, value);
}

function holds(pattern: RegExp, value: unknown): boolean {
  return typeof value === 'string' && pattern.test(value);
}
