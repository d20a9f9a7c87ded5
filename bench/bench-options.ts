import { parseArgs } from 'node:util';
import { ContenderName } from './contenders/contender-name.ts';

/** Parts of the bench, in the order in which they run. */
export const BENCH_PARTS = [
  'sends',
  'batches',
  'wire',
  'client-cold',
  'bundles',
  'function-cold',
  'warm',
  'due',
  'thaw',
] as const;

export type BenchPart = (typeof BENCH_PARTS)[number];

/** What the command line asks for. */
export interface BenchOptions {
  readonly parts: readonly BenchPart[];
  /** Sends in flight to measure; `undefined` for all. */
  readonly windows: readonly number[] | undefined;
  /** Clients to compare, by the names in the tables; `undefined` for all. */
  readonly clients: readonly string[] | undefined;
  readonly rounds: number;
  readonly seconds: number;
  readonly isShort: boolean;
  readonly isPatient: boolean;
  readonly isJson: boolean;
  readonly isHelp: boolean;
}

export const USAGE = `usage: npm run bench [-- OPTIONS]

  --only PART   one part: ${BENCH_PARTS.join(', ')}; may be given several times
  --window N    of the single sends, only those with N in flight; may be given several times
  --client NAME only this client (${Object.values(ContenderName).join(', ')}); may be given several times
  --rounds N    rounds of each contender (default 5)
  --seconds T   length of a round (default 4)
  --impatient   do not wait for a calm machine, and keep rounds that were disturbed
  --short       only check that everything works: embedded cluster, no peers, within about half a minute
  --json        one JSON object on stdout in place of the tables; nothing else with npm run --silent bench -- --json

Compares this client with the frame blaster, the Java client, ali-ons and rocketmq-client-nodejs on a real RocketMQ 5.5.0,
and measures the SQS function under AWS's runtime loop. Needs Java 17, Maven and
20 GB of disk. A whole run takes about 45 minutes and writes bench/RESULTS.md; one with the part bundles, which needs neither
and takes minutes, writes docs/bundles.md.`;

/** Whether a run with these options measures everything there is. */
export function isWholeRun({ parts, windows, clients, isShort }: BenchOptions): boolean {
  return (
    !isShort && windows === undefined && clients === undefined && BENCH_PARTS.every((part) => parts.includes(part))
  );
}

/** Reads the command line. @throws TypeError that says what is wrong with it. */
export function readBenchOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true },
      window: { type: 'string', multiple: true },
      client: { type: 'string', multiple: true },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      impatient: { type: 'boolean', default: false },
      short: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const isShort = values.short;
  const parts = (values.only ?? BENCH_PARTS).map((name) => {
    const part = BENCH_PARTS.find((known) => known === name);
    if (part === undefined)
      throw new TypeError(`--only ${name}: there is no such part, only ${BENCH_PARTS.join(', ')}`);
    return part;
  });
  const clients = values.client?.map((name) => {
    if (Object.values<string>(ContenderName).includes(name)) return name;
    throw new TypeError(`--client ${name}: there is no such client, only ${Object.values(ContenderName).join(', ')}`);
  });
  return {
    parts,
    windows: values.window?.map((text) => positive('--window', text, 1, true)),
    clients,
    rounds: positive('--rounds', values.rounds, isShort ? 1 : 5, true),
    seconds: positive('--seconds', values.seconds, isShort ? 0.15 : 4, false),
    isShort,
    isPatient: !isShort && !values.impatient,
    isJson: values.json,
    isHelp: values.help,
  };
}

function positive(name: string, text: string | undefined, absent: number, isWhole: boolean): number {
  if (text === undefined) return absent;
  const value = Number(text);
  if (value > 0 && Number.isFinite(value) && (!isWhole || Number.isInteger(value))) return value;
  throw new TypeError(`${name} "${text}" must be a ${isWhole ? 'whole ' : ''}number above 0`);
}
