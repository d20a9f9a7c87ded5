import { describe, expect, test } from 'vitest';
import { tlsFaults } from '../../../../functions/rocketmq/client/tls-faults.ts';

const pem = (what: string) => `-----BEGIN ${what}-----\nMIIB\n-----END ${what}-----\n`;
const CERTIFICATE = pem('CERTIFICATE');

describe('TLS settings', () => {
  test.each([
    ['none', {}],
    ['an authority', { ca: CERTIFICATE }],
    ['several authorities, with text between', { ca: `# of the brokers\n${CERTIFICATE}\n${CERTIFICATE}` }],
    [
      'an authority with the line ends of Windows, behind a byte order mark',
      { ca: `\ufeff${CERTIFICATE.replaceAll('\n', '\r\n')}` },
    ],
    ['an authority with lines indented between the marks', { ca: CERTIFICATE.replace('MIIB', '  MIIB') }],
    ['an authority whose line ends were doubled', { ca: CERTIFICATE.replaceAll('\n', '\r\r\n') }],
    ['an authority as OpenSSL names it too', { ca: pem('TRUSTED CERTIFICATE') }],
    ['a client certificate', { cert: CERTIFICATE, key: pem('PRIVATE KEY') }],
    ['a key of one kind', { key: pem('EC PRIVATE KEY') }],
    ['a name, and no verification', { servername: 'broker', verify: false }],
    ['undefined ones', { ca: undefined, key: undefined, verify: undefined }],
  ])('may be %s', (_what, settings) => {
    expect(tlsFaults(settings)).toEqual([]);
  });

  test.each([
    [
      'a path as authority',
      { ca: '/etc/ca.pem' },
      '"tls" have a ca that is no certificate in PEM: it must hold "-----BEGIN CERTIFICATE-----" at the beginning of a line, with its lines as in the file',
    ],
    [
      'bytes as authority',
      { ca: Buffer.from(CERTIFICATE) },
      '"tls" have a ca that is no certificate in PEM: it must hold "-----BEGIN CERTIFICATE-----" at the beginning of a line, with its lines as in the file',
    ],
    [
      'a key as authority',
      { ca: pem('PRIVATE KEY') },
      '"tls" have a ca that is no certificate in PEM: it must hold "-----BEGIN CERTIFICATE-----" at the beginning of a line, with its lines as in the file',
    ],
    [
      'text as certificate',
      { cert: 'xx' },
      '"tls" have a cert that is no certificate in PEM: it must hold "-----BEGIN CERTIFICATE-----" at the beginning of a line, with its lines as in the file',
    ],
    [
      'a certificate as key',
      { key: CERTIFICATE },
      '"tls" have a key that is no private key in PEM: it must hold "-----BEGIN PRIVATE KEY-----"',
    ],
    ['an empty name', { servername: '' }, '"tls" have a servername that is no text'],
    ['a word for yes', { verify: 'no' }, '"tls" have a verify that is neither true nor false'],
    ['an unknown one', { caa: 'xx' }, '"tls" have an unknown setting "caa" (known: ca, cert, key, servername, verify)'],
  ])('are refused with %s', (_what, settings, fault) => {
    expect(tlsFaults(settings)).toEqual([fault]);
  });

  test.each([
    ['all on one line', CERTIFICATE.replaceAll('\n', ' ')],
    ['with "\\n" written where lines end', CERTIFICATE.replaceAll('\n', '\\n')],
    ['with the line ends of old Macs', CERTIFICATE.replaceAll('\n', '\r')],
    ['indented', CERTIFICATE.replaceAll(/^/gm, '  ')],
    ['in quotes', JSON.stringify(CERTIFICATE)],
  ])('are refused with an authority that is %s, which Node would pass over in silence', (_what, ca) => {
    expect(tlsFaults({ ca })).toEqual([expect.stringContaining('no certificate in PEM')]);
  });

  test('are never shown, and all faults are told at once', () => {
    const faults = tlsFaults({ ca: 'a-secret', cert: 'a-secret', key: 'a-secret', rejectUnauthorized: 'a-secret' });
    expect(faults).toHaveLength(4);
    expect(faults.join()).not.toContain('a-secret');
  });
});
