import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ROCKETMQ_RELEASES, type RocketMQVersion } from './real/rocketmq-version.ts';
import { localSources } from './run/local-sources.ts';
import { printProgress, printSummary } from './run/progress.ts';
import { runSources } from './run/run-source.ts';

const SOURCES = Object.keys(localSources);
const USAGE = `usage: npm start -- [--source NAME] [--real] [--version ${Object.keys(ROCKETMQ_RELEASES).join('|')}] [--event FILE] [--json]

  --source    whose function and sample events: ${SOURCES.join(', ')}, or all (default sqs)
  --real      a real RocketMQ in place of the embedded one; needs Java 17 and Maven
  --version   which one, with --real (default 5.5.0)
  --event     an event of your own of that source, as JSON
  --json      one JSON object a source on stdout; nothing else with npm start --silent -- --json`;

/** `npm start`: sample events through the built function, frozen between invocations, into a broker and back out of it. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      source: { type: 'string', default: 'sqs' },
      real: { type: 'boolean', default: false },
      version: { type: 'string' },
      event: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const { source, real, version = '5.5.0' } = values;
  if (!isVersion(version)) throw new TypeError(`--version "${version}" is unknown`);
  if (values.version !== undefined && !real) {
    throw new TypeError(`--version ${version} needs --real, since the embedded cluster is of one version only`);
  }
  if (source !== 'all' && !SOURCES.includes(source)) throw new TypeError(`--source "${source}" is unknown`);
  if (source === 'all' && values.event !== undefined) throw new TypeError('--event needs one --source, not all');
  let isAnyLost = false;
  const reports = runSources({
    sources: source === 'all' ? SOURCES : [source],
    cluster: real ? version : 'embedded',
    ...(values.event === undefined ? {} : { event: readEvent(values.event) }),
    onProgress: values.json ? () => undefined : printProgress,
  });
  for await (const report of reports) {
    if (values.json) console.log(JSON.stringify(report.summary));
    else printSummary(report);
    isAnyLost ||= report.lost.length > 0;
  }
  return isAnyLost ? 1 : 0;
}

function isVersion(text: string): text is RocketMQVersion {
  return Object.hasOwn(ROCKETMQ_RELEASES, text);
}

function readEvent(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new TypeError(`--event ${file} cannot be used: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof TypeError ? `${error.message}\n\n${USAGE}` : error);
  process.exitCode = 2;
}
