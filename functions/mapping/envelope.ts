import { MessageError } from '#rocketmq';
import { EventError } from '../delivery/event-error.ts';
import { type Fields, listOf } from '../delivery/event-field.ts';
import { eventProperties } from '../delivery/event-properties.ts';
import { s3Properties } from '../delivery/s3-properties.ts';
import { snsProperties } from '../delivery/sns-properties.ts';
import { decode, type OpenedRecord } from './decoded-record.ts';
import type { EnvelopeKind } from './mapping-settings.ts';
import { describeValue } from './value-readers.ts';

/** What an envelope holds: a body, and the properties that the function of its source would give the message. */
interface Held {
  readonly body: string;
  readonly decoded: unknown;
  readonly properties: readonly (readonly [string, string | undefined])[];
}

const openers: Readonly<Record<EnvelopeKind, (envelope: Fields) => Held[]>> = {
  sns: (envelope) => {
    const { Type, Message } = envelope;
    if (Type !== 'Notification' || typeof Message !== 'string') throw new NoEnvelope();
    return [{ body: Message, decoded: decode(Message), properties: snsProperties(envelope, 'body') }];
  },
  eventbridge: ({ 'detail-type': detailType, detail }) => {
    if (typeof detailType !== 'string' || detail === undefined || detail === null) throw new NoEnvelope();
    return [{ body: JSON.stringify(detail), decoded: detail, properties: [['aws.detailType', detailType]] }];
  },
  s3: ({ Records, Event }) => {
    // What S3 sends once, when notifications are set up: it tells of no object.
    if (Records === undefined && Event === 's3:TestEvent') return [];
    if (Records === undefined) throw new NoEnvelope();
    return listOf(Records, 'body.Records').map((record, index) => {
      const path = `body.Records[${index}]`;
      if (!isFields(record)) throw new NoEnvelope();
      return { body: JSON.stringify(record), decoded: record, properties: s3Properties(record, path) };
    });
  },
};

/** How each envelope looks, and what else may be the matter. */
const looks: Readonly<Record<EnvelopeKind, { readonly form: string; readonly hint: string }>> = {
  sns: {
    form: 'a notification of SNS, {"Type":"Notification","Message":"…"}',
    hint: '; with raw message delivery there is no envelope, and nothing to unwrap',
  },
  eventbridge: {
    form: 'an event of EventBridge, {"detail-type":"…","detail":{…}}',
    hint: '; with an input transformer there may be no envelope, and nothing to unwrap',
  },
  s3: { form: 'a notification of S3, {"Records":[{"s3":{…}}]}', hint: '' },
};

class NoEnvelope extends Error {}

/**
 * Opens the envelope around the body of a record. One of S3 may hold several records, or none.
 * @throws MessageError when there is no such envelope
 */
export function unwrapped(opened: OpenedRecord, kind: EnvelopeKind): OpenedRecord[] {
  const { content, body, envelopes } = opened;
  return heldBy(kind, body).map((held, index) => ({
    content: {
      ...content,
      body: held.body,
      properties: Object.assign(Object.create(null), content.properties, eventProperties(held.properties)),
      ...(kind === 's3' ? { index } : {}),
    },
    body: held.decoded,
    envelopes: [...envelopes, body],
  }));
}

function heldBy(kind: EnvelopeKind, body: unknown): Held[] {
  try {
    if (!isFields(body)) throw new NoEnvelope();
    return openers[kind](body);
  } catch (error) {
    if (error instanceof NoEnvelope) {
      const { form, hint } = looks[kind];
      throw unwrapError(kind, `the body must be ${form}, but is ${describeValue(body)}${hint}`);
    }
    if (error instanceof EventError) throw unwrapError(kind, error.message);
    if (error instanceof RangeError) throw unwrapError(kind, 'the body is nested too deeply');
    throw error;
  }
}

function unwrapError(kind: EnvelopeKind, reason: string): MessageError {
  return new MessageError('mapping.unwrap', `mapping.unwrap ("${kind}"): ${reason}`);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}
