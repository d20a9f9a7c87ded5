import { readClusterArguments, USAGE } from './cluster-arguments.ts';
import { startEmbeddedCluster } from './embedded/embedded-cluster.ts';

/** Why the system refuses a port, by the code of its error. */
const PORT_REFUSED: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is taken',
  EACCES: 'is for the administrator only',
};

// Whoever read the line about ports may be gone, as in `npm run cluster | head -1`; the servers are there all the same.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

// `npm run cluster`: an embedded name server and broker for whatever wants to use them, until it is told to stop.
const read = readClusterArguments(process.argv.slice(2));
if (read.kind === 'help') {
  process.stdout.write(USAGE);
} else if (read.kind === 'faults') {
  process.stderr.write(`${read.faults.join('\n')}\n\n${USAGE}`);
  process.exitCode = 2;
} else {
  await run(read);
}

async function run({
  nameServerPort,
  brokerPort,
  isJson,
  topics,
}: Extract<typeof read, { kind: 'run' }>): Promise<void> {
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  const options = { nameServers: [nameServerPort], brokers: [{ name: 'broker-a', port: brokerPort }], topics };
  const cluster = await startEmbeddedCluster(options).catch((error: NodeJS.ErrnoException & { port?: number }) => {
    const reason = PORT_REFUSED[error.code ?? ''];
    if (reason === undefined) throw error;
    process.stderr.write(`Port ${error.port} ${reason}: name another, or leave the option out to have one chosen.\n`);
    process.exitCode = 1;
    return undefined;
  });
  if (cluster === undefined) return;
  const [nameServerAddr, brokerAddr] = [cluster.nameServer().addr, cluster.broker().addr];
  const names = topics.map(({ name, queues }) => `${name} (${queues} queues)`);
  const text = [
    'RocketMQ in memory, gone when it stops (Ctrl-C):',
    `  name server  ${nameServerAddr}`,
    `  broker       ${brokerAddr}  (broker-a)`,
    `  topics       ${names.join(', ') || 'none: start it with --topic NAME, or create one with mqadmin updateTopic'}`,
  ];
  process.stdout.write(`${isJson ? JSON.stringify({ nameServerAddr, brokerAddr }) : text.join('\n')}\n`);
  await stopped;
  await cluster.stop();
}
