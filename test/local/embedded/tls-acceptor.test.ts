import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { type ConnectionOptions, connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  decodeFrame,
  encodeFrame,
  type RemotingCommand,
} from '../../../functions/rocketmq/protocol/remoting-command.ts';
import { RequestCode } from '../../../functions/rocketmq/protocol/request-code.ts';
import { type EmbeddedCluster, startEmbeddedCluster } from '../../../local/embedded/embedded-cluster.ts';
import type { TlsMode } from '../../../local/embedded/tls-acceptor.ts';
import { createTlsCertificates, type TlsCertificates } from '../../../local/tls-certificates.ts';

let certificates: TlsCertificates;
let cluster: EmbeddedCluster;

beforeAll(async () => {
  [certificates, cluster] = await Promise.all([createTlsCertificates(), startEmbeddedCluster()]);
});
afterAll(() => cluster.stop());

const use = (mode: TlsMode, clientCa?: string) =>
  cluster.broker().setTls({ mode, ...certificates.server, ...(clientCa !== undefined && { clientCa }) });

const request = encodeFrame(
  {
    code: RequestCode.UNREGISTER_CLIENT,
    language: 7,
    version: 401,
    opaque: 5,
    flag: 0,
    remark: undefined,
    extFields: { clientID: 'c' },
    body: new Uint8Array(),
  },
  'JSON',
);

/** Writes a request, in pieces of one byte where asked, and resolves with the answer, or an error that the end of the connection is. */
async function exchange(socket: Socket, isSplit = false): Promise<RemotingCommand> {
  const { promise, resolve, reject } = Promise.withResolvers<RemotingCommand>();
  socket.on('data', (bytes) => resolve(decodeFrame(bytes)));
  socket.on('error', reject);
  socket.on('close', () => reject(new Error('closed without a byte')));
  if (isSplit) for (const byte of request) socket.write(Buffer.from([byte]));
  else socket.write(request);
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}

const plain = () => createConnection({ host: '127.0.0.1', port: cluster.broker().port, noDelay: true });
const tls = (options: ConnectionOptions = {}) =>
  connect({ host: '127.0.0.1', port: cluster.broker().port, ca: certificates.ca, ...options });

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('%s', (maxVersion) => {
  test('is spoken on the port of plain text where the mode is permissive', async () => {
    use('permissive');
    expect((await exchange(tls({ maxVersion }))).opaque).toBe(5);
    expect((await exchange(plain(), true)).opaque).toBe(5);
  });

  test('is refused where it is disabled', async () => {
    use('disabled');
    await expect(exchange(tls({ maxVersion }))).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect((await exchange(plain())).opaque).toBe(5);
  });

  test('needs a certificate of the client where one is demanded', async () => {
    use('enforcing', certificates.ca);
    expect((await exchange(tls({ maxVersion, ...certificates.client }))).opaque).toBe(5);
    const alert = maxVersion === 'TLSv1.2' ? /handshake failure/ : /certificate required/;
    await expect(exchange(tls({ maxVersion }))).rejects.toThrow(alert);
  });
});

test('plain text to an enforcing server is closed without a byte, a silent connection is left open', async () => {
  use('enforcing');
  const silent = plain();
  await once(silent, 'connect');
  const accepted = cluster.broker().connections.live;
  await expect(exchange(plain())).rejects.toThrow('closed without a byte');
  expect(accepted).toBeGreaterThan(0);
  expect(silent.closed).toBe(false);
  silent.destroy();
});

test('the client checks the name, and who signed', async () => {
  use('enforcing');
  const wrongName = exchange(tls({ servername: 'elsewhere.test' }));
  await expect(wrongName).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  const { ca } = await createTlsCertificates();
  await expect(exchange(tls({ ca }))).rejects.toMatchObject({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
});

test('a certificate of another authority is none', async () => {
  use('enforcing', certificates.ca);
  const { client } = await createTlsCertificates();
  await expect(exchange(tls(client))).rejects.toThrow();
});

test.each(['FIN', 'RST'] as const)('connections under TLS are closed by %s, and forgotten', async (how) => {
  use('enforcing');
  const socket = tls();
  const closed = once(socket, 'close').catch(() => undefined);
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  cluster.broker().closeConnections(how);
  await closed;
  await expect.poll(() => cluster.broker().connections.live).toBe(0);
});

test('stopping ends a handshake that nobody continues', async () => {
  await using own = await startEmbeddedCluster({ tls: { mode: 'permissive', ...certificates.server } });
  const socket = createConnection({ host: '127.0.0.1', port: own.nameServer().port });
  const closed = new Promise((resolve) => socket.on('error', resolve).on('close', resolve));
  socket.write(Buffer.from([0x16, 3, 1]));
  await expect.poll(() => own.nameServer().connections.live).toBe(1);
  await own.stop();
  await closed;
});
