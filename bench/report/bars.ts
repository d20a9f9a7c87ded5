import { ContenderName } from '../contenders/contender-name.ts';
import type { Spread } from '../measure/spread.ts';
import { CLIENT_ONLY } from '../parts/bundles.ts';
import { BARE_NODE, type ClientColdFigure } from '../parts/client-cold-start.ts';
import type { DueWorkFigure } from '../parts/due-work-cost.ts';
import { ColdStartName, type FunctionColdFigures } from '../parts/function-cold-start.ts';
import type { SendFigure } from '../parts/sends.ts';
import type { Bar } from './bar.ts';
import type { BenchResults } from './bench-results.ts';

/** The blaster with the header serialization that this client uses by default. */
const BLASTER = ContenderName.BLAST_BINARY;
const { THIS, ALI_ONS, GRPC_NODE, JAVA_SYNC, JAVA_ASYNC } = ContenderName;
const JAVA = [JAVA_SYNC, JAVA_ASYNC];
const PEERS = [ALI_ONS, GRPC_NODE, ...JAVA];

/** Holds the medians of a run against the bars of the parts it had, all of them ratios or differences within the run. */
export function judge(results: BenchResults): Bar[] {
  const { sends, batches, clientCold, functionCold, bundles, warm, due } = results;
  return [
    sends === undefined ? [] : sendBars(results),
    batches === undefined ? [] : batchBars(results),
    clientCold === undefined ? [] : clientColdBars(clientCold),
    functionCold === undefined ? [] : functionColdBars(functionCold),
    bundles === undefined ? [] : bundleBars(results),
    warm === undefined ? [] : warmBars(results),
    due === undefined ? [] : [dueBar(due)],
  ].flat();
}

function sendBars({ sends }: BenchResults): Bar[] {
  const at = (window: number) => loadOf(sends?.figures, { window, bodyBytes: 256, batch: 1 });
  const rate = ({ messagesPerSecond }: SendFigure) => messagesPerSecond.median;
  const cpu = ({ cpuUsPerMessage }: SendFigure) => cpuUsPerMessage.median;
  const p50 = ({ p50Us }: SendFigure) => p50Us?.median;
  const of64 = at(64);
  const own = of64.get(THIS, rate);
  const ownCpu = of64.get(THIS, cpu);
  const ownP50 = at(1).get(THIS, p50);
  const ownRss = of64.get(THIS, ({ peakRssMb }) => peakRssMb);
  const otherNodeRss = [ALI_ONS, GRPC_NODE].map((name) => of64.get(name, ({ peakRssMb }) => peakRssMb));
  return [
    atLeast('single sends, 64 in flight', 0.75, own, of64.get(BLASTER, rate), 'frame blaster'),
    atLeast('single sends, 64 in flight', 1.8, own, of64.get(ALI_ONS, rate), 'ali-ons'),
    atLeast(
      'single sends, 64 in flight',
      1.8,
      own,
      most(JAVA.map((name) => of64.get(name, rate))),
      "Java's better mode",
    ),
    ...[1, 16, 256].map((window) => {
      const others = PEERS.map((name) => at(window).get(name, rate));
      return atLeast(`single sends, ${window} in flight`, 1, at(window).get(THIS, rate), most(others), 'the best peer');
    }),
    atMost('client CPU per message, 64 in flight', 1.8, ownCpu, of64.get(BLASTER, cpu), 'frame blaster'),
    atMost('client CPU per message, 64 in flight', 0.5, ownCpu, of64.get(ALI_ONS, cpu), 'ali-ons'),
    atMost(
      'client CPU per message, 64 in flight',
      0.25,
      ownCpu,
      least(JAVA.map((name) => of64.get(name, cpu))),
      'Java',
    ),
    atMost('p50 at one in flight', 1.1, ownP50, at(1).get(BLASTER, p50), 'frame blaster'),
    atMost('p50 at one in flight', 1, ownP50, least(PEERS.map((name) => at(1).get(name, p50))), 'the best peer'),
    limit('peak RSS in the 64-in-flight run', 110, ownRss, 'MB'),
    atMost('peak RSS in the 64-in-flight run', 1, ownRss, least(otherNodeRss), 'the best other Node client'),
  ];
}

function batchBars({ batches }: BenchResults): Bar[] {
  return (
    [
      [32, 0.7, 1.3],
      [100, 0.6, 1.05],
    ] as const
  ).flatMap(([batch, ofBlaster, ofJava]) => {
    const load = loadOf(batches?.figures, { window: 8, bodyBytes: 256, batch });
    const rate = ({ messagesPerSecond }: SendFigure) => messagesPerSecond.median;
    const own = load.get(THIS, rate);
    const java = most(JAVA.map((name) => load.get(name, rate)));
    return [
      atLeast(`batches of ${batch}, 8 in flight`, ofBlaster, own, load.get(BLASTER, rate), 'frame blaster'),
      atLeast(`batches of ${batch}, 8 in flight`, ofJava, own, java, 'Java'),
    ];
  });
}

function clientColdBars(figures: readonly ClientColdFigure[]): Bar[] {
  const of = (name: string) => figures.find((figure) => figure.name === name)?.elapsedMs.median;
  const others = figures.filter(({ name }) => ![BARE_NODE, 'blaster', THIS].includes(name));
  const best = least(others.map(({ elapsedMs }) => elapsedMs.median));
  return [
    limit('cold start beyond bare node, client only', 15, difference(of(THIS), of(BARE_NODE)), 'ms'),
    atMost('cold start, client only', 1, of(THIS), best, 'the best peer'),
  ];
}

function functionColdBars({ figures, ssmImportMs }: FunctionColdFigures): Bar[] {
  const of = (name: string) => figures.find((figure) => figure.name === name)?.elapsedMs.median;
  const beyondEmpty = (name: string) => difference(of(name), of(ColdStartName.EMPTY));
  const figure = 'cold start of the SQS function beyond an empty handler';
  const lessImport = difference(beyondEmpty(ColdStartName.SSM), median(ssmImportMs));
  return [
    limit(`${figure}, seed address`, 60, beyondEmpty(ColdStartName.SEED), 'ms'),
    limit(`${figure}, address from SSM, less the SSM client's import`, 60, lessImport, 'ms'),
  ];
}

function bundleBars({ bundles = [] }: BenchResults): Bar[] {
  const kilobytes = (name: string) => {
    const found = bundles.find((figure) => figure.name === name);
    return found === undefined ? undefined : found.eagerBytes / 1000;
  };
  return [
    limit('bundle, client only', 45, kilobytes(CLIENT_ONLY), 'kB'),
    limit('bundle, SQS function without the part loaded on demand', 200, kilobytes('sqs'), 'kB'),
  ];
}

function warmBars({ warm }: BenchResults): Bar[] {
  const of = (records: number) => warm?.figures.find((figure) => figure.records === records);
  const overheadUs = (records: number) => difference(of(records)?.functionCpuUs.median, of(records)?.bareCpuUs.median);
  const msPerRecord = (records: number) => quotient(of(records)?.functionMs.median, records);
  return [
    limit(
      'own overhead of a warm invocation of 10 records, nothing due',
      0.5,
      quotient(overheadUs(10), 1000),
      'ms CPU',
    ),
    atMost('time per record at 10,000 records', 1, msPerRecord(10_000), msPerRecord(10), 'at 10 records'),
    limit('CPU per record above the bare client at 10,000', 10, quotient(overheadUs(10_000), 10_000), 'µs'),
  ];
}

function dueBar({ everythingDueMs, nothingDueMs }: DueWorkFigure): Bar {
  return atMost('everything due, p50', 1.15, median(everythingDueMs), median(nothingDueMs), 'nothing due');
}

type Shape = Pick<SendFigure, 'window' | 'bodyBytes' | 'batch'>;

function loadOf(figures: readonly SendFigure[] = [], { window, bodyBytes, batch }: Shape) {
  const ofLoad = figures.filter((f) => f.window === window && f.bodyBytes === bodyBytes && f.batch === batch);
  return {
    get<T>(name: string, read: (figure: SendFigure) => T): T | undefined {
      const figure = ofLoad.find(({ contender }) => contender === name);
      return figure === undefined ? undefined : read(figure);
    },
  };
}

function atLeast(
  figure: string,
  factor: number,
  own: number | undefined,
  other: number | undefined,
  name: string,
): Bar {
  const ratio = own === undefined || other === undefined ? undefined : own / other;
  const bar = `≥ ${factor} × ${name}`;
  return { figure, bar, measured: shown(ratio, '×'), isMet: ratio === undefined ? undefined : ratio >= factor };
}

function atMost(figure: string, factor: number, own: number | undefined, other: number | undefined, name: string): Bar {
  const ratio = own === undefined || other === undefined ? undefined : own / other;
  const bar = `≤ ${factor} × ${name}`;
  return { figure, bar, measured: shown(ratio, '×'), isMet: ratio === undefined ? undefined : ratio <= factor };
}

function limit(figure: string, most: number, own: number | undefined, unit: string): Bar {
  return {
    figure,
    bar: `≤ ${most} ${unit}`,
    measured: shown(own, unit),
    isMet: own === undefined ? undefined : own <= most,
  };
}

function shown(value: number | undefined, unit: string): string {
  return value === undefined ? 'not measured' : `${value.toFixed(2)} ${unit}`;
}

function median(spread: Spread | undefined): number | undefined {
  return spread?.median;
}

function difference(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a - b;
}

function quotient(a: number | undefined, by: number): number | undefined {
  return a === undefined ? undefined : a / by;
}

/** The greatest of those that were measured. */
function most(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

/** The least of those that were measured. */
function least(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
