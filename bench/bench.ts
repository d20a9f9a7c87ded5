import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { missingPrerequisite } from '../local/real/missing-prerequisite.ts';
import { type BenchOptions, isWholeRun, readBenchOptions, USAGE } from './bench-options.ts';
import { bundlesText } from './report/bundles-text.ts';
import { resultsText } from './report/results-text.ts';
import { runBench } from './run-bench.ts';

const RESULTS_FILE = fileURLToPath(new URL('RESULTS.md', import.meta.url));
const BUNDLES_FILE = fileURLToPath(new URL('../docs/bundles.md', import.meta.url));

/** `npm run bench`: measures, prints, and keeps the results of a whole run in `bench/RESULTS.md`, those of bundles in `docs/bundles.md`. */
async function main(options: BenchOptions): Promise<void> {
  // Progress on stderr: stdout is for the results.
  const results = await runBench(options, (line) => console.error(line));
  const text = resultsText(results);
  console.log(options.isJson ? JSON.stringify(results) : `\n${text}`);
  if (results.failures.length > 0) process.exitCode = 1;
  if (isWholeRun(options)) writeFileSync(RESULTS_FILE, text);
  const { bundles } = results;
  if (bundles !== undefined && !options.isShort) writeFileSync(BUNDLES_FILE, bundlesText(bundles, results));
}

function optionsOrUsage(): BenchOptions | undefined {
  try {
    const options = readBenchOptions(process.argv.slice(2));
    if (!options.isHelp) return options;
    console.log(USAGE);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    console.error(`${error.message}\n\n${USAGE}`);
    process.exitCode = 2;
  }
  return undefined;
}

/** What this machine lacks for the parts that run on a real RocketMQ, all but one. */
async function lackOf({ parts, isShort }: BenchOptions): Promise<string | undefined> {
  return isShort || parts.every((part) => part === 'bundles') ? undefined : missingPrerequisite();
}

const options = optionsOrUsage();
if (options !== undefined) {
  const lack = await lackOf(options);
  if (lack === undefined) await main(options);
  else {
    console.error(`${lack}. Without them run --only bundles, or --short.`);
    process.exitCode = 2;
  }
}
