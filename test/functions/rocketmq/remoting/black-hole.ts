import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';

/** Listens, tells its port, and then never accepts: its thread sleeps. */
const script = `
  const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    process.stdout.write(String(server.address().port), () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
  });
`;

/** More than a queue of one can hold; the system answers no SYN beyond it. */
const CONNECTS_THAT_FILL_THE_QUEUE = 8;

/**
 * An address that swallows connects: a listening socket whose queue is full, so that a SYN is dropped and no answer of
 * any kind comes, as from a host behind a firewall.
 */
export async function startBlackHole(): Promise<{ readonly addr: string } & AsyncDisposable> {
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [port] = (await once(child.stdout, 'data')) as [Buffer];
  const fillers = Array.from({ length: CONNECTS_THAT_FILL_THE_QUEUE }, () =>
    connect(Number(port.toString()), '127.0.0.1').on('error', () => {
      // The end of the child resets them.
    }),
  );
  await Promise.race(fillers.map((filler) => once(filler, 'connect')));
  return {
    addr: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const filler of fillers) filler.destroy();
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}
