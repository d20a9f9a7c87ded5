import type { SendFigure, SendFigures } from '../parts/sends.ts';
import type { JudgedResults } from './bench-results.ts';
import { bundlesTable } from './bundles-text.ts';
import { runText } from './run-text.ts';
import { spreadText, table } from './table.ts';

/** The results for people, in Markdown; the same text goes to the terminal and to `bench/RESULTS.md`. */
export function resultsText(results: JudgedResults): string {
  const sections = [
    head(results),
    failures(results),
    bars(results),
    sends('Single sends', results.sends),
    sends('Batches', results.batches),
    wire(results),
    clientCold(results),
    bundles(results),
    functionCold(results),
    warm(results),
    due(results),
    thaw(results),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function head({ machine, settings }: JudgedResults): string {
  return [
    '# Benchmark results',
    '',
    'Written by `npm run bench`; do not edit. Medians with least and greatest. Ratios hold within a run, absolute figures only',
    'for the machine they were measured on: client and broker share its cores.',
    '',
    runText(machine, settings),
  ].join('\n');
}

function failures({ failures: all }: JudgedResults): string {
  if (all.length === 0) return '';
  const rows = all.map(({ part, reason }) => [part, reason.split('\n', 1).join('')]);
  return `## Parts that failed\n\n${table(['part', 'reason'], rows)}`;
}

function bars({ bars: all }: JudgedResults): string {
  if (all.length === 0) return '';
  const word = (isMet: boolean | undefined) => (isMet === undefined ? '–' : isMet ? 'met' : '**not met**');
  const rows = all.map(({ figure, bar, measured, isMet }) => [figure, bar, measured, word(isMet)]);
  return `## What must hold\n\n${table(['figure', 'bar', 'measured', ''], rows)}`;
}

function sends(title: string, part: SendFigures | undefined): string {
  if (part === undefined) return '';
  const loads = [...new Set(part.figures.map((figure) => loadTitle(figure)))];
  const tables = loads.map((load) => {
    const rows = part.figures.filter((figure) => loadTitle(figure) === load).map(sendRow);
    return `### ${load}\n\n${table(['client', 'messages/s', 'CPU µs/message', 'p50 µs', 'p99 µs', 'peak RSS MB', 'notes'], rows)}`;
  });
  const missing = part.missing.map(({ contender, reason }) => `- ${contender}: ${reason.split('\n', 1).join('')}`);
  const notes = missing.length === 0 ? [] : [`Not measured, or not to the end:\n\n${missing.join('\n')}`];
  return [`## ${title}`, ...tables, ...notes].join('\n\n');
}

function loadTitle({ window, bodyBytes, batch }: SendFigure): string {
  return `${batch === 1 ? '' : `${batch} messages a batch, `}${window} in flight, ${bodyBytes} B`;
}

function sendRow(figure: SendFigure): string[] {
  const { failed, missedRounds, repeatedRounds, disturbedRounds } = figure;
  const notes = [
    failed > 0 ? `${failed} sends failed` : [],
    missedRounds > 0 ? `${missedRounds} rounds missing` : [],
    repeatedRounds > 0 ? `${repeatedRounds} rounds repeated` : [],
    disturbedRounds > 0 ? `${disturbedRounds} rounds disturbed` : [],
  ].flat();
  return [
    figure.contender,
    spreadText(figure.messagesPerSecond, 0),
    spreadText(figure.cpuUsPerMessage, 1),
    spreadText(figure.p50Us, 0),
    spreadText(figure.p99Us, 0),
    figure.peakRssMb?.toFixed(0) ?? '–',
    notes.join(', '),
  ];
}

function wire({ wire: figures }: JudgedResults): string {
  if (figures === undefined) return '';
  const rows = figures.map(({ contender, batch, sentBytes, receivedBytes }) => {
    return [contender, String(batch), sentBytes.toFixed(0), receivedBytes.toFixed(0)];
  });
  const title = '## Bytes on the wire\n\nTCP payload for a message of 256 B with one tag and one key.';
  return `${title}\n\n${table(['client', 'messages a send', 'sent', 'received'], rows)}`;
}

function clientCold({ clientCold: figures }: JudgedResults): string {
  if (figures === undefined) return '';
  const bare = figures[0]?.elapsedMs.median ?? 0;
  const rows = figures.map(({ name, elapsedMs, importedMs, bundleBytes }) => [
    name,
    spreadText(elapsedMs),
    (elapsedMs.median - bare).toFixed(1),
    spreadText(importedMs),
    bundleBytes === undefined ? '–' : (bundleBytes / 1000).toFixed(1),
  ]);
  const title =
    '## Cold start, client only\n\nStart of the process to its end, which comes with its first confirmed message.';
  return `${title}\n\n${table(['client', 'ms', 'beyond bare node', 'of it until imported', 'bundle kB'], rows)}`;
}

function bundles({ bundles: figures }: JudgedResults): string {
  return figures === undefined ? '' : `## Bundles\n\n${bundlesTable(figures)}`;
}

function functionCold({ functionCold: part }: JudgedResults): string {
  if (part === undefined) return '';
  const { bareNodeMs, figures, ssmImportMs } = part;
  const empty = figures[0]?.elapsedMs.median ?? 0;
  const totals = [
    ['bare node -e 0', spreadText(bareNodeMs), ''],
    ...figures.map(({ name, elapsedMs }) => [name, spreadText(elapsedMs), (elapsedMs.median - empty).toFixed(1)]),
    ['import of the SSM client', spreadText(ssmImportMs), ''],
  ];
  const split = figures.filter(({ phases }) => phases !== undefined);
  const longest = split.map(({ phases = [] }) => phases).toSorted((a, b) => b.length - a.length)[0] ?? [];
  const phases = longest.map(({ phase }) => {
    return [phase, ...split.map((figure) => spreadText(figure.phases?.find((part) => part.phase === phase)?.ms))];
  });
  return [
    '## Cold start of the SQS function',
    'Start of the process to the answer of its first event, of ten records, under the runtime loop.',
    table(['what', 'ms', 'beyond the empty handler'], totals),
    'Where it goes, in ms, measured in runs of their own with marks along the way:',
    table(['phase', ...split.map(({ name }) => name)], phases),
  ].join('\n\n');
}

function warm({ warm: part }: JudgedResults): string {
  if (part === undefined) return '';
  const rows = part.figures.map(({ records, functionMs, functionCpuUs, bareMs, bareCpuUs }) => [
    String(records),
    spreadText(functionMs, 2),
    spreadText(bareMs, 2),
    (functionMs.median - bareMs.median).toFixed(2),
    spreadText(functionCpuUs, 2, 1000),
    spreadText(bareCpuUs, 2, 1000),
    ((functionCpuUs.median - bareCpuUs.median) / 1000).toFixed(2),
  ]);
  const columns = ['records', 'ms', 'bare client ms', 'overhead ms', 'CPU ms', 'bare client CPU ms', 'overhead CPU ms'];
  return [
    '## Warm invocations',
    'Nothing due; from the call of the handler to its answer, beside the same sends by the bare client.',
    table(columns, rows),
    `Peak RSS of the process, ${part.mostRecords} records included: ${part.peakRssMb?.toFixed(0) ?? '–'} MB.`,
  ].join('\n\n');
}

function due({ due: part }: JudgedResults): string {
  if (part === undefined) return '';
  const rows = [
    ['nothing', spreadText(part.nothingDueMs, 2), spreadText(part.nothingDueCpuUs, 0)],
    ['everything (SSM aside)', spreadText(part.everythingDueMs, 2), spreadText(part.everythingDueCpuUs, 0)],
  ];
  return `## Due work\n\nWarm invocations of ten records.\n\n${table(['due', 'ms', 'CPU µs'], rows)}`;
}

function thaw({ thaw: figures }: JudgedResults): string {
  if (figures === undefined) return '';
  const rows = figures.map(({ name, elapsedMs }) => [name, spreadText(elapsedMs, 2)]);
  const title =
    '## First invocation after a thaw\n\nTen records, through TCP proxies; what became of the connections meanwhile:';
  return `${title}\n\n${table(['connections', 'ms'], rows)}`;
}
