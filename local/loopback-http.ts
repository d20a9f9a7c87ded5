import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An HTTP server on loopback. */
export interface LoopbackHttp {
  /** Without a path and a slash at its end. */
  readonly url: string;
  /** Closes all connections. May be called twice. */
  stop(): Promise<void>;
}

/** Serves requests on a port chosen by the system. A request whose serving fails has its connection closed. */
export async function startLoopbackHttp(
  serve: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<LoopbackHttp> {
  const server = createServer((request, response) => {
    // A client that went away, or the end of this server: there is nobody left to tell.
    serve(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
