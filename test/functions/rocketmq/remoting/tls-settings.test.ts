import type { TlsOptions } from 'node:tls';
import { TLSSocket } from 'node:tls';
import { beforeAll, describe, expect, test } from 'vitest';
import { RemotingConnectError } from '#rocketmq';
import { Abandonment, dial } from '../../../../functions/rocketmq/remoting/dial.ts';
import { type TlsSettings, tlsFault } from '../../../../functions/rocketmq/remoting/tls-settings.ts';
import { createTlsCertificates, type TlsCertificates } from '../../../../local/tls-certificates.ts';
import { startPlainServer, startTlsServer } from './tls-server.ts';

const never = new Abandonment();
let own: TlsCertificates;
let foreign: TlsCertificates;

beforeAll(async () => {
  [own, foreign] = await Promise.all([
    createTlsCertificates(),
    createTlsCertificates({ dnsNames: ['other.example'], addresses: [] }),
  ]);
});

/** The protocol that was agreed on, or the text of the error. */
async function resultOf(addr: string, tls: TlsSettings, limitMs = 5000): Promise<string | null> {
  try {
    const { socket } = await dial(addr, limitMs, never, tls);
    const protocol = socket instanceof TLSSocket ? socket.getProtocol() : 'plain';
    socket.destroy();
    return protocol;
  } catch (error) {
    if (!(error instanceof RemotingConnectError)) throw error;
    expect(error).toMatchObject({ code: 'ROCKETMQ_CONNECT', outcome: 'notSent', retryable: true, addr });
    return error.message;
  }
}

/** What comes of a connection to a server that shows the server's certificate, unless told otherwise. */
async function handshake(tls: TlsSettings, { host = '127.0.0.1', ...options }: TlsOptions & { host?: string } = {}) {
  await using server = await startTlsServer({ ...own.server, ...options });
  const result = await resultOf(`${host}:${server.port}`, tls);
  return result;
}

describe('a server whose certificate comes from the given CA', () => {
  test.each(['127.0.0.1', 'localhost'])('is accepted as %s, which the certificate is for', async (host) => {
    expect(await handshake({ ca: own.ca }, { host })).toBe('TLSv1.3');
  });

  test.each(['localhost', '127.0.0.1'])(
    'is accepted under the servername %s, whatever its address',
    async (servername) => {
      const host = servername === 'localhost' ? '127.0.0.1' : 'localhost';
      expect(await handshake({ ca: own.ca, servername }, { host })).toBe('TLSv1.3');
    },
  );

  test('is accepted over TLS 1.2 too', async () => {
    expect(await handshake({ ca: own.ca }, { maxVersion: 'TLSv1.2' })).toBe('TLSv1.2');
  });

  test('is refused when the certificate is for other names: the error says for which it had to be', async () => {
    const text = 'its certificate is not for "127.0.0.1": set the TLS servername to a name it is for';
    expect(await handshake({ ca: foreign.ca }, foreign.server)).toContain(text);
    expect(await handshake({ ca: foreign.ca, servername: 'other.example' }, foreign.server)).toBe('TLSv1.3');
  });

  test('is refused under a servername that the certificate is not for', async () => {
    expect(await handshake({ ca: own.ca, servername: 'other.example' })).toContain('not for "other.example"');
  });

  test('is refused when the certificate has expired', async () => {
    expect(await handshake({ ca: own.ca }, own.expired)).toContain('its certificate has expired: renew it');
  });
});

describe('a server whose certificate comes from elsewhere', () => {
  test('is refused with those of Node, and with a CA of its own: the error says what to give', async () => {
    const text =
      /unknown authority \(UNABLE_TO_VERIFY_LEAF_SIGNATURE\): give that authority's certificate as the TLS CA/;
    expect(await handshake({})).toMatch(text);
    expect(await handshake({ ca: foreign.ca })).toMatch(text);
  });

  test('is accepted without verification, which has to be asked for', async () => {
    expect(await handshake({ verify: false })).toBe('TLSv1.3');
  });
});

describe('a server that wants a client certificate', () => {
  const wanting = (version: 'TLSv1.2' | 'TLSv1.3') =>
    ({ ca: own.ca, requestCert: true, rejectUnauthorized: true, minVersion: version, maxVersion: version }) as const;

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('gets it over %s', async (version) => {
    expect(await handshake({ ca: own.ca, ...own.client }, wanting(version))).toBe(version);
  });

  test('refuses who has none, in the handshake of TLS 1.2: the error says so', async () => {
    expect(await handshake({ ca: own.ca }, wanting('TLSv1.2'))).toContain('the server wants a client certificate');
  });

  test.each<[string, () => TlsSettings]>([
    ['a certificate that is none', () => ({ cert: 'none', key: own.client.key })],
    ['a key of another certificate', () => ({ cert: own.client.cert, key: foreign.client.key })],
  ])('is not reached with %s: the error says where to look, and shows no key', async (_what, settings) => {
    const text = await handshake({ ca: own.ca, ...settings() }, wanting('TLSv1.3'));
    expect(text).toMatch(/the TLS settings cannot be used \(ERR_OSSL_\w+\): look at the PEM of CA, cert and key/);
    expect(text).not.toContain('PRIVATE KEY');
  });
});

describe('a server that speaks no TLS', () => {
  test.each<[string, Parameters<typeof startPlainServer>[0], string]>([
    ['answers in its own words', (socket) => socket.end('no TLS here'), 'what answers there is not TLS'],
    ['closes', (socket) => socket.resume().once('data', () => socket.end()), 'it speaks no TLS on this port'],
    ['resets', (socket) => socket.resetAndDestroy(), 'it speaks no TLS on this port'],
  ])('is told when it %s', async (_what, onConnection, text) => {
    await using server = await startPlainServer(onConnection);
    expect(await resultOf(`127.0.0.1:${server.port}`, { ca: own.ca })).toContain(text);
  });

  test('is given up when it is silent: the limit of a connect has the handshake in it', async () => {
    await using server = await startPlainServer(() => undefined);
    const text = await resultOf(`127.0.0.1:${server.port}`, { ca: own.ca }, 100);
    expect(text).toContain('connected, but no end of the TLS handshake within 100 ms; does it speak TLS on this port?');
  });
});

test('errors that are none of TLS are left to others', () => {
  expect(tlsFault('ECONNREFUSED', 'h')).toBeUndefined();
  expect(tlsFault(undefined, 'h')).toBeUndefined();
});
