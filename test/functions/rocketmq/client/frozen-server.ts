import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** Answers every frame with success, counts them, and ends its connections when the flag says so. */
const script = `
  const { createServer } = require('node:net');
  const { parentPort, workerData } = require('node:worker_threads');
  const flags = new Int32Array(workerData);
  const sockets = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      let at = 0;
      for (; at < bytes.length; at += 4 + bytes.readInt32BE(at)) {
        flags[2]++;
        // Binary header: code i16, language i8, version i16, opaque i32. Test requests fit one chunk.
        const opaque = bytes.readInt32BE(at + 13);
        const header = Buffer.from(JSON.stringify({ code: 0, language: 'JAVA', version: 513, opaque, flag: 1 }));
        const lengths = Buffer.alloc(8);
        lengths.writeInt32BE(4 + header.length, 0);
        lengths.writeInt32BE(header.length, 4);
        socket.write(Buffer.concat([lengths, header]));
      }
    });
  });
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
  Atomics.waitAsync(flags, 0, 0).value.then(() => {
    const ended = sockets.map((socket) => new Promise((resolve) => socket.end(resolve)));
    return Promise.all(ended);
  }).then(() => {
    Atomics.store(flags, 1, 1);
    Atomics.notify(flags, 1);
  });
`;

/**
 * A server on a thread of its own, that can close its connections while the thread of the test is blocked: what a
 * server does during a freeze.
 */
export async function startFrozenServer() {
  const flags = new Int32Array(new SharedArrayBuffer(12));
  const worker = new Worker(script, { eval: true, workerData: flags.buffer });
  const [port] = (await once(worker, 'message')) as [number];
  return {
    addr: `127.0.0.1:${port}`,
    /** Requests that came, on connections already ended too. */
    get requestCount(): number {
      return Atomics.load(flags, 2);
    },
    /** Blocks this thread until the server has sent FIN on every connection; the FIN is not read meanwhile. */
    freezeUntilFin(): void {
      Atomics.store(flags, 0, 1);
      Atomics.notify(flags, 0);
      Atomics.wait(flags, 1, 0);
    },
    async [Symbol.asyncDispose]() {
      await worker.terminate();
    },
  };
}
