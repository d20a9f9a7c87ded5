import { once } from 'node:events';
import { type AddressInfo, createServer as createPlainServer, type Server, type Socket } from 'node:net';
import { createServer, type TlsOptions } from 'node:tls';

/** A server on a port of 127.0.0.1. */
export interface ListeningServer extends AsyncDisposable {
  readonly port: number;
}

/** A server that does a TLS handshake, and nothing after it. */
export function startTlsServer(options: TlsOptions): Promise<ListeningServer> {
  const server = createServer(options);
  // A client that refuses the certificate is what tests are about.
  server.on('tlsClientError', () => undefined);
  return listen(server);
}

/** A server that speaks no TLS, and does with a connection what it is told to. */
export function startPlainServer(onConnection: (socket: Socket) => void): Promise<ListeningServer> {
  return listen(createPlainServer(onConnection));
}

async function listen(server: Server): Promise<ListeningServer> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    // What a client resets is of no interest here.
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  };
  return { port: (server.address() as AddressInfo).port, [Symbol.asyncDispose]: stop };
}
