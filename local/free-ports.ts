import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/** Ten neighbouring ports of the loopback address that belong to this process until they are released. */
export interface ReservedPorts extends AsyncDisposable {
  /** The first port of the block, a multiple of ten; `base` to `base + 8` are free to listen on. */
  readonly base: number;
  /** Gives the block back. May be called twice. */
  release(): Promise<void>;
}

const FIRST_BASE = 20_000;
const LAST_BASE = 29_000;
const BLOCK_PORTS = 10;
const ATTEMPTS = 200;

/**
 * Finds ten free ports in a row for servers that cannot let the system choose (a RocketMQ broker wants three with fixed
 * distances). They lie below the ephemeral range, so no outgoing connection can take one between the probe and the
 * server's own bind. The tenth port stays bound until the release: it is what other processes that reserve ports see,
 * so that two test workers never get the same block, although their servers bind seconds later.
 *
 * @throws Error when no block is free after 200 tries.
 */
export async function reservePorts(): Promise<ReservedPorts> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const blocks = (LAST_BASE - FIRST_BASE) / BLOCK_PORTS;
    const base = FIRST_BASE + BLOCK_PORTS * Math.floor(Math.random() * blocks);
    const guard = await listen(base + BLOCK_PORTS - 1);
    if (guard === undefined) continue;
    if (await isFree(base)) {
      const release = () => close(guard);
      return { base, release, [Symbol.asyncDispose]: release };
    }
    await close(guard);
  }
  throw new Error(`no ten free ports in a row between ${FIRST_BASE} and ${LAST_BASE} after ${ATTEMPTS} tries`);
}

async function isFree(base: number): Promise<boolean> {
  const ports = Array.from({ length: BLOCK_PORTS - 1 }, (_, index) => base + index);
  const probes = await Promise.all(ports.map(listen));
  await Promise.all(probes.map((probe) => probe && close(probe)));
  return probes.every((probe) => probe !== undefined);
}

async function listen(port: number): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy());
  server.unref();
  try {
    await once(server.listen({ host: '127.0.0.1', port, exclusive: true }), 'listening');
    return server;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined;
    throw error;
  }
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
