import { Buffer } from 'node:buffer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EmbeddedCluster, startEmbeddedCluster } from '../../../local/embedded/embedded-cluster.ts';
import { type DecodedFrame, goldenFrame } from '../../functions/rocketmq/protocol/golden-frames.ts';
import { type RawAnswer, rawExchange } from './raw-exchange.ts';

// What a real broker answered to these very bytes, the embedded one must answer too: code, remark, serialization, names of
// the header fields, and their values as far as they do not depend on the run.

const NAME_SERVER_CASES = ['cluster-info', 'route-bare-keys', 'route-bare-keys-accept-standard', 'route-unknown-topic'];
const BROKER_CASES = [
  'stored-send-plain',
  'stored-send-zlib',
  'pull-found',
  'pull-not-found',
  'pull-offset-illegal',
  'query-message-by-key',
  'query-message-by-uniq-key',
  'query-message-none',
  'query-consumer-offset-none',
  'update-consumer-offset',
  'query-consumer-offset',
  'search-offset',
  'min-offset',
  'max-offset',
  'consumer-list-none',
  'create-topic',
  'get-topic-config',
  'error-forbidden-topic',
  'error-illegal-topic',
  'error-illegal-topic-binary',
  'error-queue-id',
  'error-topic-not-exist',
  'error-unsupported-code',
];
const CASES_OF_495 = [
  'query-message-by-key-binary',
  'query-consumer-offset-binary',
  'query-consumer-offset-none-binary',
  'update-consumer-offset-binary',
  'pull-found-binary',
];
/** Depends on what was stored before, or on the clock. */
const CHANGING_FIELDS = ['msgId', 'offset', 'queueOffset', 'indexLastUpdateTimestamp', 'indexLastUpdatePhyoffset'];

/** In the minute of the capture, because queries name times. */
const CAPTURED_AT = 1_795_423_082_000;
const startedAt = performance.now();
const clock = { now: () => CAPTURED_AT + Math.floor(performance.now() - startedAt) };

describe.each([
  ['raw-broker550', 513, [...BROKER_CASES, 'go-away', 'go-away-version-401']],
  ['raw-broker495', 403, [...BROKER_CASES, ...CASES_OF_495]],
])('as captured in %s', (set, version, brokerCases) => {
  let cluster: EmbeddedCluster;

  beforeAll(async () => {
    const stored = goldenFrame(`${set}/stored-send-plain.request`).decoded.extFields?.b ?? '';
    const topics = [
      { name: 'GoldenTopic', queues: 4 },
      { name: stored, queues: 4 },
    ];
    cluster = await startEmbeddedCluster({ version, topics, clock });
  });
  afterAll(() => cluster.stop());

  test.each(brokerCases)('the broker answers %s alike', async (name) => {
    cluster.broker().isGoingAway = name.startsWith('go-away');
    await expectGoldenAnswer(cluster.broker().addr, `${set}/${name}`);
  });

  test.each(NAME_SERVER_CASES)('the name server answers %s alike', async (name) => {
    await expectGoldenAnswer(cluster.nameServer().addr, `${set}/${name}`);
  });
});

async function expectGoldenAnswer(addr: string, name: string): Promise<void> {
  const golden = goldenFrame(`${name}.response`).decoded;
  const answer = await rawExchange(addr, goldenFrame(`${name}.request`).bytes);
  if (answer === undefined) throw new Error('closed without an answer');
  expect(comparable(answer)).toEqual(comparableGolden(golden));
}

function comparable({ command, serializeType }: RawAnswer) {
  const { code, flag, opaque, version, remark, extFields, body } = command;
  const text = Buffer.from(body).toString();
  const isText = text.startsWith('{');
  return {
    head: { code, flag, opaque, version, serializeType },
    remark: masked(remark ?? ''),
    ext: maskedFields(extFields),
    body: isText ? masked(sortedText(text)) : '',
    hasBody: body.length > 0,
  };
}

function comparableGolden({ code, flag, opaque, version, serialization, ...golden }: DecodedFrame) {
  const text = golden.bodyJson === undefined ? (golden.bodyText ?? '') : JSON.stringify(golden.bodyJson);
  return {
    head: { code, flag, opaque, version, serializeType: serialization },
    remark: masked(golden.remark ?? ''),
    ext: maskedFields(golden.extFields ?? {}),
    body: masked(sortedText(text)),
    hasBody: text !== '' || (golden.bodyHex ?? '') !== '',
  };
}

/** Ports and offsets are those of the run. */
function masked(text: string): string {
  return text.replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT');
}

function maskedFields(fields: Readonly<Record<string, string | null | undefined>>) {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, CHANGING_FIELDS.includes(name) ? 'changing' : value]).sort(),
  );
}

/** The order of keys in a JSON text does not matter; whether they are quoted does. */
function sortedText(text: string): string {
  return [...text.matchAll(/("?[\w.-]+"?:)?("[^"]*"|[\d.]+|true|false|[{}[\]])/g)]
    .map(([match]) => match)
    .sort()
    .join(' ');
}
