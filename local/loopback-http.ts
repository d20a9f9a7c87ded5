import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { KeyAndCertificate } from './tls-certificates.ts';

/** An HTTP or HTTPS server on loopback. */
export interface LoopbackHttp {
  /** Without a path and a slash at its end. */
  readonly url: string;
  /** Closes all connections. May be called twice. */
  stop(): Promise<void>;
}

/**
 * Serves requests on a port chosen by the system, over TLS where it has a certificate. A request whose serving fails has its
 * connection closed.
 */
export async function startLoopbackHttp(
  serve: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
  tls?: KeyAndCertificate,
): Promise<LoopbackHttp> {
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    // A client that went away, or the end of this server: there is nobody left to tell.
    serve(request, response).catch(() => response.destroy());
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  // Its own, for the server does not know those that are in the midst of a TLS handshake.
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    async stop() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
