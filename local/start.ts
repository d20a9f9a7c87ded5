import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { mappingFaults } from '../functions/mapping/mapping-settings.ts';
import { JavaServerStartError } from './real/java-server.ts';
import { JarsNotFetchedError } from './real/maven-lib.ts';
import { ROCKETMQ_RELEASES, type RocketMQVersion } from './real/rocketmq-version.ts';
import { localSources } from './run/local-sources.ts';
import { printProgress, printSummary } from './run/progress.ts';
import { failedInvocationsOf } from './run/run-report.ts';
import { runSources } from './run/run-source.ts';

const SOURCES = Object.keys(localSources);
const USAGE = `usage: npm start -- [--source NAME] [--real] [--version ${Object.keys(ROCKETMQ_RELEASES).join('|')}] [--event FILE] [--mapping JSON|FILE] [--json]

  --source    whose function and sample events: ${SOURCES.join(', ')}, or all (default sqs)
  --real      a real RocketMQ in place of the embedded one; needs Java 17 and Maven
  --version   which one, with --real (default 5.5.0)
  --event     an event of your own of that source, as JSON
  --mapping   what the messages become, as in docs/mapping.md: JSON, or a file of it
  --json      one JSON object a source on stdout; nothing else with npm start --silent -- --json`;

/** `npm start`: sample events through the built function, frozen between invocations, into a broker and back out of it. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      source: { type: 'string', default: 'sqs' },
      real: { type: 'boolean', default: false },
      version: { type: 'string' },
      event: { type: 'string' },
      mapping: { type: 'string' },
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
  const mapping = values.mapping === undefined ? undefined : readMapping(values.mapping, source);
  let isAnyWrong = false;
  const reports = runSources({
    sources: source === 'all' ? SOURCES : [source],
    cluster: real ? version : 'embedded',
    ...(values.event === undefined ? {} : { event: readEvent(values.event) }),
    ...(mapping === undefined ? {} : { mapping }),
    onProgress: values.json ? () => undefined : printProgress,
  });
  for await (const report of reports) {
    if (values.json) console.log(JSON.stringify(report.summary));
    else printSummary(report);
    const failed = failedInvocationsOf(report.summary);
    // Of the samples some are there to fail.
    const isFailed = values.event === undefined ? failed === report.summary.invocations : failed > 0;
    isAnyWrong ||= isFailed || report.lost.length > 0;
  }
  return isAnyWrong ? 1 : 0;
}

function isVersion(text: string): text is RocketMQVersion {
  return Object.hasOwn(ROCKETMQ_RELEASES, text);
}

function readEvent(file: string): unknown {
  return readOption('event', file, (text) => JSON.parse(text));
}

/** The text of a mapping that its function will take. */
function readMapping(given: string, source: string): string {
  if (source === 'all') throw new TypeError('--mapping needs one --source, not all');
  if (localSources[source]?.records === undefined) {
    throw new TypeError(
      `--mapping is not for --source ${source}, whose messages are named by its callers, or there are none`,
    );
  }
  const mapping = given.trimStart().startsWith('{') ? given : readOption('mapping', given, (text) => text);
  const faults = mappingFaults(mapping);
  if (faults.length > 0) throw new TypeError(`--mapping: ${faults.join('\n           ')}`);
  return mapping;
}

function readOption<T>(option: string, file: string, read: (text: string) => T): T {
  try {
    // Editors of Windows put a mark of the byte order in front.
    return read(readFileSync(resolve(callersFolder(), file), 'utf8').replace(/^\uFEFF/, ''));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : cause;
    throw new TypeError(`--${option} ${file} cannot be used: ${reason}`, { cause });
  }
}

/** Where `npm start` was called: npm itself goes to the folder of the project first. */
function callersFolder(): string {
  const { npm_lifecycle_event: script, INIT_CWD: folder } = process.env;
  return script === 'start' && folder !== undefined ? folder : process.cwd();
}

/** What went wrong, for people: without a stack where it is their options or their machine. */
function failureText(error: unknown): unknown {
  if (error instanceof TypeError) return `${error.message}\n\n${USAGE}`;
  if (error instanceof JarsNotFetchedError) return error.message;
  if (!(error instanceof JavaServerStartError || (error instanceof Error && 'syscall' in error))) return error;
  return `${error.message}\nFiles of a run go to ${tmpdir()} while it lasts; TMPDIR names another folder.`;
}

// Whoever reads has seen enough, as in `npm start | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

try {
  process.exitCode = await main();
} catch (error) {
  console.error(failureText(error));
  process.exitCode = 2;
}
