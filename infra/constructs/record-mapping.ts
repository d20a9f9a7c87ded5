import { Token } from 'aws-cdk-lib';
import { mappingFaults as textFaults } from '../../functions/mapping/mapping-settings.ts';
import type { SynthFault } from './synth-fault.ts';

/**
 * What a field of a message is made of: text is a JMESPath expression over the record, numbers and booleans are themselves, as is
 * whatever stands under `literal`.
 */
export type MappedValue = string | number | boolean | { readonly literal: unknown };

/** An envelope around the body of a record. */
export type RecordEnvelope = 'sns' | 'eventbridge' | 's3';

/** What messages the records of a source become; `docs/mapping.md` has the details. */
export interface RecordMapping {
  /**
   * Topic of the message.
   * @default - the topic of the function
   */
  readonly topic?: MappedValue;

  /**
   * Body of the message: text as it is, anything else as JSON.
   * @default - the payload of the record, bytes unchanged
   */
  readonly body?: MappedValue;

  /**
   * Tag, for consumers' filters.
   * @default - none
   */
  readonly tag?: MappedValue;

  /**
   * Words that the message can be found by, besides the id of the record.
   * @default - the id of the record alone
   */
  readonly keys?: MappedValue | readonly MappedValue[];

  /**
   * Messages with equal keys go to one queue, in order. Text that is empty stands for none.
   * @default - message group, partition key or record key, where the source has one
   */
  readonly shardingKey?: MappedValue;

  /**
   * Properties by name, besides attributes and headers of the record.
   * @default - attributes and headers alone
   */
  readonly properties?: Readonly<Record<string, MappedValue>>;

  /**
   * When the message is delivered: epoch milliseconds, or a time such as `2026-10-28T09:00:00Z`. Needs RocketMQ 5.
   * @default - at once
   */
  readonly deliverAt?: MappedValue;

  /**
   * Milliseconds until the message is delivered. Needs RocketMQ 5.
   * @default - none
   */
  readonly delayMs?: MappedValue;

  /**
   * One of the brokers' delay levels, from 1 to 18.
   * @default - none
   */
  readonly delayLevel?: MappedValue;

  /**
   * Whether a record is wanted; others are done without being sent.
   * @default - every record is
   */
  readonly filter?: MappedValue;

  /**
   * Envelopes around the body, the outermost first.
   * @default - none is opened
   */
  readonly unwrap?: RecordEnvelope | readonly RecordEnvelope[];

  /**
   * Whether records that can never be sent are reported like any other failure, or **dropped**: logged, counted and lost.
   * @default 'report'
   */
  readonly onPermanentError?: 'report' | 'drop';
}

/** Fields of a mapping; a test keeps this in step with the function. */
export const mappingFields = [
  'topic',
  'body',
  'tag',
  'shardingKey',
  'deliverAt',
  'delayMs',
  'delayLevel',
  'keys',
  'properties',
  'unwrap',
  'filter',
  'onPermanentError',
] as const satisfies readonly (keyof RecordMapping)[];

/** Functions without a use for a mapping: callers name the message themselves, or there is none. */
const sourcesWithout = ['http', 'direct', 'schedule', 'transaction-check'];

/** Whether records of a source can have a mapping. */
export function takesMapping(source: string): boolean {
  return !sourcesWithout.includes(source);
}

/** The mapping as the function reads it. */
export function mappingText(mapping: RecordMapping): string {
  return JSON.stringify(mapping);
}

/** Faults of a mapping: all for which the function would fail every invocation, where all of the mapping is known at synth. */
export function mappingFaults(mapping: RecordMapping | undefined, source: string): SynthFault[] {
  if (mapping === undefined) return [];
  const id = 'mapping';
  if (!takesMapping(source)) {
    const text = `The function ${source} takes no mapping: its messages are named by its callers, or there are none. Remove mapping.`;
    return [{ id, text }];
  }
  if (holdsToken(mapping)) return unknownFields(mapping).map((text) => ({ id, text }));
  return textFaults(mappingText(mapping)).map((fault) => ({ id, text: `${fault}.` }));
}

/** All that can be told of a mapping whose text is known at deployment only. */
function unknownFields(mapping: RecordMapping): string[] {
  return Object.keys(mapping)
    .filter((name) => !mappingFields.some((known) => known === name))
    .map((name) => `mapping has a field "${name}" that is unknown. Known are ${mappingFields.join(', ')}.`);
}

function holdsToken(value: unknown): boolean {
  if (Token.isUnresolved(value)) return true;
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsToken);
}
