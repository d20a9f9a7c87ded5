import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A socket that remembers what happened to it, so that a test can await it. */
export interface Peer {
  readonly socket: Socket;
  /** Bytes received so far. */
  received(): Buffer;
  /** Resolves when at least `count` bytes have come. */
  bytes(count: number): Promise<Buffer>;
  /** Resolves with how the other side ended it: an orderly FIN, or RST. */
  readonly ending: Promise<'fin' | 'reset'>;
}

/** A TCP server that collects the sockets it accepts. */
export interface TestServer extends AsyncDisposable {
  readonly addr: string;
  readonly accepted: readonly Peer[];
  /** Resolves with the next socket that is accepted. */
  next(): Promise<Peer>;
}

/** Starts a server on loopback whose sockets do nothing by themselves but answer a FIN with a FIN. */
export async function startTestServer(): Promise<TestServer> {
  const accepted: Peer[] = [];
  const waiting: ((peer: Peer) => void)[] = [];
  const server: Server = createServer((socket) => {
    const peer = peerOf(socket);
    accepted.push(peer);
    waiting.shift()?.(peer);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    addr: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    accepted,
    next: () => new Promise((resolve) => waiting.push(resolve)),
    async [Symbol.asyncDispose]() {
      for (const { socket } of accepted) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Connects to `host:port`. */
export async function dial(addr: string): Promise<Peer> {
  const [host, port] = addr.split(':');
  const socket = connect({ host: host ?? '', port: Number(port), noDelay: true });
  const peer = peerOf(socket);
  await once(socket, 'connect');
  return peer;
}

function peerOf(socket: Socket): Peer {
  const chunks: Buffer[] = [];
  const received = () => Buffer.concat(chunks);
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ending = new Promise<'fin' | 'reset'>((resolve) => {
    socket.on('end', () => resolve('fin'));
    socket.on('error', () => resolve('reset'));
  });
  const bytes = async (count: number) => {
    while (received().length < count) await once(socket, 'data');
    return received();
  };
  return { socket, received, bytes, ending };
}
