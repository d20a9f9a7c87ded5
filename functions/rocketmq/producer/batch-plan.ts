import { Buffer } from 'node:buffer';
import { BatchBody, batchMemberBytes } from '../protocol/message-batch.ts';
import { encodeProperties, MessageProperty, mostPropertiesBytes } from '../protocol/message-properties.ts';
import type { PreparedMessage } from './prepared-message.ts';
import type { SendUnit } from './send-unit.ts';

/** Limits of one batch request. */
export interface BatchLimits {
  readonly maxBatchMessages: number;
  readonly maxBatchBytes: number;
}

/** A message of a list, with its place in it. A class for the reason that `PreparedMessage` is one. */
export class Placed {
  readonly index: number;
  readonly message: PreparedMessage;

  constructor(index: number, message: PreparedMessage) {
    this.index = index;
    this.message = message;
  }
}

/** Messages for one request, in order; one alone is no batch. */
export type Batch = readonly Placed[];

/**
 * Cuts messages of one topic, and with one wish about waiting for the store, into batches: in order, by exact encoded
 * bytes. A message too large for a batch goes alone.
 */
export function cutIntoBatches(messages: readonly Placed[], limits: BatchLimits): Batch[] {
  if (fitsForSure(messages, limits)) return [messages];
  const batches: Placed[][] = [];
  let batch: Placed[] = [];
  let bytes = 0;
  for (const placed of messages) {
    const { body, properties } = placed.message;
    const memberBytes = batchMemberBytes(body.length, Buffer.byteLength(properties));
    if (batch.length > 0 && (batch.length >= limits.maxBatchMessages || bytes + memberBytes > limits.maxBatchBytes)) {
      batches.push(batch);
      batch = [];
      bytes = 0;
    }
    batch.push(placed);
    bytes += memberBytes;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}

/** Told without measuring texts, which few lists need. */
function fitsForSure(messages: readonly Placed[], { maxBatchMessages, maxBatchBytes }: BatchLimits): boolean {
  if (messages.length === 0 || messages.length > maxBatchMessages) return false;
  let mostBytes = 0;
  for (const { message } of messages) {
    mostBytes += batchMemberBytes(message.body.length, mostPropertiesBytes(message.properties));
  }
  return mostBytes <= maxBatchBytes;
}

const waitProperties = {
  true: encodeProperties({ [MessageProperty.WAIT]: 'true' }),
  false: encodeProperties({ [MessageProperty.WAIT]: 'false' }),
} as const;

/**
 * What one batch request sends. Its header's own properties are `WAIT` and nothing else: a 4.9 broker appends them to every
 * member, and a timer there hangs the timers of a 5.x broker.
 */
export function batchUnit(batch: Batch): SendUnit & { readonly body: BatchBody } {
  const [first] = batch;
  if (first === undefined) throw new RangeError('a batch of no messages');
  const { topic, msgId, bornAt, waitStoreMsgOk } = first.message;
  return {
    topic,
    msgId,
    body: new BatchBody(batch.map(({ message }) => message)),
    properties: waitProperties[`${waitStoreMsgOk}`],
    sysFlag: 0,
    flag: 0,
    bornAt,
    isBatch: true,
    needs: undefined,
  };
}
