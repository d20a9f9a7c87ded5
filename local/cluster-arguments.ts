import { parseArgs } from 'node:util';

export const USAGE = `Usage: npm run cluster -- [options]

An embedded RocketMQ name server and broker on 127.0.0.1, until stopped with Ctrl-C.

  --name-server-port N     port of the name server; chosen by the system when left out
  --broker-port N          port of the broker; chosen by the system when left out
  --topic NAME[:QUEUES]    a topic to have from the start, with 4 queues unless said otherwise; may be repeated
  --json                   print one line {"nameServerAddr","brokerAddr"} when ready;
                           nothing else with npm run --silent cluster -- --json
  --help                   this text
`;

/** What the command line of `npm run cluster` asks for. */
export type ClusterArguments =
  | { readonly kind: 'help' }
  /** Every fault, one sentence each. */
  | { readonly kind: 'faults'; readonly faults: readonly string[] }
  | {
      readonly kind: 'run';
      /** 0: chosen by the system. */
      readonly nameServerPort: number;
      /** 0: chosen by the system. */
      readonly brokerPort: number;
      readonly isJson: boolean;
      readonly topics: readonly { readonly name: string; readonly queues: number }[];
    };

const DEFAULT_QUEUES = 4;
const MAX_QUEUES = 1024;
const MAX_PORT = 65_535;

/** Reads the command line, without the program's name; names every fault at once. */
export function readClusterArguments(args: readonly string[]): ClusterArguments {
  let values: ReturnType<typeof parse>;
  try {
    values = parse(args);
  } catch (error) {
    return { kind: 'faults', faults: [error instanceof Error ? error.message : String(error)] };
  }
  if (values.help === true) return { kind: 'help' };
  const faults: string[] = [];
  const nameServerPort = readPort('name-server-port', values['name-server-port'], faults);
  const brokerPort = readPort('broker-port', values['broker-port'], faults);
  const topics = (values.topic ?? []).map((text) => readTopic(text, faults));
  for (const { name } of topics.filter((topic, index) => topics.findIndex((one) => one.name === topic.name) < index)) {
    faults.push(`--topic ${name} is given twice`);
  }
  if (nameServerPort !== 0 && nameServerPort === brokerPort) {
    faults.push(`--name-server-port and --broker-port are both ${brokerPort}: two servers cannot share a port`);
  }
  if (faults.length > 0) return { kind: 'faults', faults };
  return { kind: 'run', nameServerPort, brokerPort, isJson: values.json ?? false, topics };
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      'name-server-port': { type: 'string' },
      'broker-port': { type: 'string' },
      topic: { type: 'string', multiple: true },
      json: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  }).values;
}

function readPort(name: string, text: string | undefined, faults: string[]): number {
  if (text === undefined) return 0;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port >= 1 && port <= MAX_PORT) return port;
  faults.push(`--${name} must be a port from 1 to ${MAX_PORT}, got "${text}"`);
  return 0;
}

function readTopic(text: string, faults: string[]): { name: string; queues: number } {
  const [, name = '', queuesText] = /^([^:]*)(?::(.*))?$/.exec(text) ?? [];
  const queues = queuesText === undefined ? DEFAULT_QUEUES : /^\d{1,4}$/.test(queuesText) ? Number(queuesText) : 0;
  if (!/^[%|a-zA-Z0-9_-]{1,127}$/.test(name)) {
    faults.push(`--topic must name a topic of 1 to 127 letters, digits and % | - _, got "${name}"`);
  }
  if (queues < 1 || queues > MAX_QUEUES) {
    faults.push(`--topic ${name} must have from 1 to ${MAX_QUEUES} queues, got "${queuesText}"`);
  }
  return { name, queues };
}
