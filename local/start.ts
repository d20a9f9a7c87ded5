import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ROCKETMQ_RELEASES, type RocketMQVersion } from './real/rocketmq-version.ts';
import { printProgress, printSummary } from './run/progress.ts';
import { runSource } from './run/run-source.ts';

const USAGE = `usage: npm start -- [--real] [--version ${Object.keys(ROCKETMQ_RELEASES).join('|')}] [--event FILE] [--json]

  --real      a real RocketMQ in place of the embedded one; needs Java 17 and Maven
  --version   which one (default 5.5.0)
  --event     an SQS event of your own, as JSON
  --json      one JSON object on stdout, nothing else`;

/** `npm start`: sample events through the built function, frozen between invocations, into a broker and back out of it. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      real: { type: 'boolean', default: false },
      version: { type: 'string', default: '5.5.0' },
      event: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const { version } = values;
  if (!isVersion(version)) throw new TypeError(`--version "${version}" is unknown`);
  const report = await runSource({
    source: 'sqs',
    cluster: values.real ? version : 'embedded',
    ...(values.event === undefined ? {} : { event: readEvent(values.event) }),
    onProgress: values.json ? () => undefined : printProgress,
  });
  if (values.json) console.log(JSON.stringify(report.summary));
  else printSummary(report);
  return report.lost.length === 0 ? 0 : 1;
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
