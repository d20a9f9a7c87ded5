import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MessageError, OptionsError } from '#rocketmq';
import { batchAnswer } from '../../../functions/delivery/batch-answer.ts';
import { deliver } from '../../../functions/delivery/deliver.ts';
import { EventError } from '../../../functions/delivery/event-error.ts';
import { CompiledMapping } from '../../../functions/mapping/compiled-mapping.ts';
import { envelopeKinds, mappingFields } from '../../../functions/mapping/mapping-settings.ts';
import { type PreparationRules, PreparedMessage } from '../../../functions/rocketmq/producer/prepared-message.ts';
import { sqsRecords } from '../../../functions/sqs/sqs-records.ts';
import { sample, sampleNames } from '../bundled-function.ts';
import { FailingProducer, failureKinds } from '../failing-producer.ts';
import { mappedSources } from './mapped-sources.ts';

const paths = [
  '@',
  'body',
  'body.a',
  'body.a.b[0]',
  'body[*].a',
  'properties.x',
  'id',
  'at',
  'shardingKey',
  'record',
  'envelopes[0].a',
  'body.constructor',
];
const literals = ["'text'", "''", '`1`', '`null`', '`[1,"a"]`', '`{"a":{}}`', '`true`'];
const calls = [
  'length',
  'keys',
  'sort',
  'reverse',
  'to_string',
  'to_number',
  'abs',
  'type',
  'values',
  'powertools_json',
];

/** Expressions; with some that do not parse, or always parse. */
const expressionsOf = (others: fc.Arbitrary<string>, operators: readonly string[]) =>
  fc.letrec<{ expression: string }>((tie) => ({
    expression: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom(...paths, ...literals),
      fc.tuple(fc.constantFrom(...calls), tie('expression')).map(([name, argument]) => `${name}(${argument})`),
      fc
        .tuple(tie('expression'), fc.constantFrom(...operators), tie('expression'))
        .map(([one, operator, other]) => `(${one})${operator}(${other})`),
      fc.tuple(tie('expression'), tie('expression')).map(([one, other]) => `{a: ${one}, b: ${other}}`),
      fc.array(tie('expression'), { minLength: 1, maxLength: 3 }).map((list) => `[${list.join(', ')}]`),
      others,
    ),
  })).expression;

const operators = [' || ', ' && ', ' == ', ' | ', ' < '];
const sound = expressionsOf(fc.constantFrom(...paths), operators);
const expression = expressionsOf(fc.oneof(fc.string({ maxLength: 6 }), fc.constant('lenght(a)')), [...operators, '.']);

const value = fc.oneof(
  { weight: 6, arbitrary: expression },
  { weight: 2, arbitrary: fc.jsonValue().map((literal) => ({ literal })) },
  { weight: 1, arbitrary: fc.jsonValue() },
);

const anyBody = fc.jsonValue().filter((literal) => literal !== null && literal !== '');
const properties = fc.constantFrom('a', 'x', 'aws.subject', '__proto__', 'constructor');

/** Mappings that are read, of one or two fields: of many, some field would fail nearly every record. */
const soundMappings = fc
  .array(
    fc.oneof(
      fc.record({ topic: sound }),
      fc.record({ body: fc.oneof(sound, fc.record({ literal: anyBody })) }),
      fc.record({ tag: sound }),
      fc.record({ keys: fc.oneof(sound, fc.array(sound, { maxLength: 3 })) }),
      fc.record({ shardingKey: sound }),
      fc.record({ properties: fc.dictionary(properties, sound, { maxKeys: 3 }) }),
      fc.record({ deliverAt: sound }),
      fc.record({ delayMs: sound }),
      fc.record({ unwrap: fc.oneof(fc.constantFrom(...envelopeKinds), fc.constant(['sns', 's3'])) }),
      fc.record({ filter: sound }),
    ),
    { maxLength: 2 },
  )
  .map((fields): object => Object.assign({}, ...fields));

const mappings = fc.record(
  {
    topic: fc.oneof(fc.constant({ literal: 'orders' }), value),
    body: value,
    tag: value,
    keys: fc.oneof(value, fc.array(value, { maxLength: 3 })),
    shardingKey: value,
    properties: fc.dictionary(fc.oneof(fc.constantFrom('a', 'KEYS', 'x'), fc.string({ maxLength: 3 })), value, {
      maxKeys: 3,
    }),
    deliverAt: value,
    delayMs: value,
    delayLevel: value,
    unwrap: fc.oneof(fc.constantFrom(...envelopeKinds), fc.array(fc.constantFrom(...envelopeKinds), { maxLength: 2 })),
    filter: value,
    onPermanentError: fc.constantFrom('report', 'drop'),
    other: value,
  },
  { requiredKeys: [] },
);

/** The mapping, or nothing where it is refused, with faults that name their path. */
function compiled(text: string): CompiledMapping | undefined {
  try {
    return new CompiledMapping(text);
  } catch (error) {
    if (!(error instanceof OptionsError)) throw error;
    expect(error.faults.length).toBeGreaterThan(0);
    for (const fault of error.faults) expect(fault).toMatch(/^mapping[.[:\s]/);
    return undefined;
  }
}

const events = Object.keys(mappedSources).flatMap((source) =>
  sampleNames(source).map((name) => ({ source, event: sample<unknown>(source, name) })),
);

const rules: PreparationRules = {
  maxMessageBytes: 4_194_304,
  maxDelayMs: 259_200_000,
  newMsgId: () => 'none',
  now: () => 1_793_178_000_000,
  wrapTopic: (topic) => topic,
  instanceId: undefined,
};

/** Makes of all records of an event what the producer would send, and counts those that it would. */
function messagesMade(source: string, event: unknown, mapping: CompiledMapping): number {
  let made = 0;
  for (const record of mappedSources[source]?.(event, { topic: 'orders', traceId: undefined, mapping }) ?? []) {
    try {
      if (record.isFiltered?.()) continue;
      new PreparedMessage(record.toMessage(), rules);
      made++;
    } catch (error) {
      if (!(error instanceof EventError || error instanceof MessageError)) throw error;
      expect(error.field).toMatch(/./);
    }
  }
  return made;
}

test('a mapping makes of any record a message, or nothing, or an error with its field', () => {
  let made = 0;
  fc.assert(
    fc.property(soundMappings, fc.constantFrom(...events), (mapping, { source, event }) => {
      made += messagesMade(source, event, new CompiledMapping(JSON.stringify(mapping)));
    }),
    { numRuns: 2000 },
  );
  // Else all this would say little.
  expect(made).toBeGreaterThan(300);
});

test('any other mapping is refused with paths, or does the same', () => {
  let refused = 0;
  fc.assert(
    fc.property(mappings, fc.constantFrom(...events), (mapping, { source, event }) => {
      const own = compiled(JSON.stringify(mapping));
      if (own === undefined) refused++;
      else messagesMade(source, event, own);
    }),
    { numRuns: 1000 },
  );
  expect(refused).toBeGreaterThan(300);
});

test('text that is no mapping is refused, and never anything but refused', () => {
  const cut = fc.tuple(mappings, fc.nat(), fc.string({ maxLength: 2 })).map(([mapping, at, inserted]) => {
    const text = JSON.stringify(mapping);
    const place = at % (text.length + 1);
    return text.slice(0, place) + inserted + text.slice(place + 1);
  });
  fc.assert(
    fc.property(fc.oneof(cut, fc.string(), fc.json()), (text) => {
      compiled(text);
    }),
    { numRuns: 2000 },
  );
});

test('text that is nearly a field is refused by its name', () => {
  fc.assert(
    fc.property(fc.constantFrom(...mappingFields), fc.nat(20), (field, at) => {
      const name = field.slice(0, at % field.length) + field.slice((at % field.length) + 1);
      if (mappingFields.includes(name)) return;
      expect(() => new CompiledMapping(JSON.stringify({ [name]: 'a' }))).toThrow(`mapping.${name} is unknown`);
    }),
  );
});

/** What a record is meant to meet. */
const fates = ['sent', 'filtered', 'unmappable', 'illegal', ...failureKinds] as const;
type Fate = (typeof fates)[number];

const batches = fc.array(fc.tuple(fc.constantFrom(...fates), fc.constantFrom('a', 'b')), { maxLength: 16 });

function eventOf(records: readonly (readonly [Fate, string])[], suffix: string) {
  return {
    Records: records.map(([fate, MessageGroupId], index) => ({
      messageId: `m-${index}`,
      body: JSON.stringify({ fate, tag: fate === 'illegal' ? '' : 'a', topic: fate === 'unmappable' ? 7 : 'orders' }),
      attributes: { MessageGroupId, SentTimestamp: '5' },
      eventSourceARN: `arn:aws:sqs:eu-west-1:123456789012:orders${suffix}`,
    })),
  };
}

test.each([
  ['report', '.fifo'],
  ['report', ''],
  ['drop', '.fifo'],
  ['drop', ''],
])(
  'with onPermanentError %s, whatever meets the records of a queue%s: nothing is done but what is stored, filtered or dropped',
  (onPermanentError, suffix) =>
    fc.assert(
      fc.asyncProperty(batches, async (batch) => {
        const text = JSON.stringify({
          onPermanentError,
          filter: "body.fate != 'filtered'",
          topic: 'body.topic',
          body: "body.fate != 'illegal' && record.body || body.none",
        });
        const mapping = new CompiledMapping(text);
        const records = sqsRecords(eventOf(batch, suffix), { topic: 'unused', traceId: undefined, mapping });
        const producer = new FailingProducer();
        for (const [index, [fate]] of batch.entries()) {
          const failure = failureKinds.find((kind) => kind === fate);
          if (failure !== undefined) producer.failures.set(`m-${index}`, failure);
        }
        const delivered = await deliver(records, producer.options);
        const blocked = new Set<string>();
        const expected = batch.map(([fate, group]) => {
          if (suffix === '.fifo' && blocked.has(group)) return 'failed';
          if (fate === 'sent') return 'stored';
          if (fate === 'filtered') return 'filtered';
          const isPermanent = fate === 'unmappable' || fate === 'illegal' || fate === 'permanent';
          if (isPermanent && onPermanentError === 'drop') return 'dropped';
          blocked.add(group);
          return 'failed';
        });
        expect(delivered.map(({ outcome }) => outcome.status)).toEqual(expected);
        expect(batchAnswer(delivered).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)).toEqual(
          expected.flatMap((status, index) => (status === 'failed' ? [`m-${index}`] : [])),
        );
        const stored = new Set(producer.stored.map(({ keys }) => keys?.[0]));
        for (const [index, status] of expected.entries()) {
          if (status === 'stored') expect(stored).toContain(`m-${index}`);
          if (status === 'filtered' || status === 'dropped') expect(stored).not.toContain(`m-${index}`);
        }
      }),
      { numRuns: 200 },
    ),
);

test('bodies of any bytes are read by expressions, and passed on unchanged', () => {
  const mapping = new CompiledMapping(
    '{"tag":"body.a.b || body[0] && \'list\' || \'other\'","properties":{"type":"type(body)"}}',
  );
  const target = { topic: 'orders', traceId: undefined, mapping };
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), (bytes) => {
      const data = Buffer.from(bytes).toString('base64');
      const event = { Records: [{ kinesis: { partitionKey: 'k', sequenceNumber: '1', data } }] };
      const [record] = mappedSources.kinesis?.(event, target) ?? [];
      expect(Buffer.from(record?.toMessage().body ?? '')).toEqual(Buffer.from(bytes));
    }),
    { numRuns: 500 },
  );
});

test('bodies of any JSON are opened as envelopes, or are an error of their record', () => {
  const notification = fc.record({ Type: fc.constant('Notification'), Message: fc.oneof(fc.json(), fc.string()) });
  const event = fc.record({ 'detail-type': fc.string(), detail: fc.jsonValue() });
  const key = fc.constantFrom('a', '%', 'a+b', '');
  const objects = fc.record({
    eventName: fc.string(),
    s3: fc.record({ bucket: fc.record({ name: fc.string() }), object: fc.record({ key }) }),
  });
  const s3 = fc.record({ Records: fc.oneof(fc.array(objects, { maxLength: 3 }), fc.jsonValue()) });
  const kinds = fc.array(fc.constantFrom(...envelopeKinds), { minLength: 1, maxLength: 3 });
  const inner = fc.oneof(s3, event, notification, fc.jsonValue());
  const outer = fc.oneof(
    inner,
    inner.map((value) => ({ Type: 'Notification', Message: JSON.stringify(value) })),
    inner.map((detail) => ({ 'detail-type': 'x', detail })),
  );
  let opened = 0;
  fc.assert(
    fc.property(outer, kinds, (body, unwrap) => {
      const record = { messageId: 'm-1', body: JSON.stringify(body) };
      opened += messagesMade('sqs', { Records: [record] }, new CompiledMapping(JSON.stringify({ unwrap })));
    }),
    { numRuns: 2000 },
  );
  expect(opened).toBeGreaterThan(100);
});
