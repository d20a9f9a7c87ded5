import { Buffer } from 'node:buffer';
import type { Message } from '#rocketmq';
import type { SentRecord } from '../delivery/delivery-record.ts';
import { EventError } from '../delivery/event-error.ts';
import { bytesOf, type Fields, fieldsOf, listOf, textOf } from '../delivery/event-field.ts';
import { ORIGIN_PROPERTIES } from '../delivery/event-properties.ts';
import type { MessageTarget } from '../delivery/message-target.ts';
import { recordMessage } from '../delivery/record-message.ts';
import type { DirectEvent } from './direct-event.ts';

/** Source that ids of direct messages are told apart by. */
const SOURCE = 'direct';

const ORIGIN_NAMES: ReadonlySet<string> = new Set(Object.values(ORIGIN_PROPERTIES));

/** Reads one field of a message. @throws EventError */
type FieldReader = (value: unknown, field: string) => unknown;

/** Fields of a message, and what each must be. Others are refused: a misspelt `shardingKey` would cost the order. */
const READERS: Readonly<Record<string, FieldReader>> = {
  id: textOf,
  topic: textOf,
  body: (value) => value,
  isBase64Encoded: booleanOf,
  tag: textOf,
  keys: (value, field) => listOf(value, field).map((key, index) => textOf(key, `${field}[${index}]`)),
  properties: propertiesOf,
  shardingKey: textOf,
  delayLevel: numberOf,
  delayMs: numberOf,
  deliverAt: numberOf,
};

/**
 * Messages of a direct invocation. All are checked before one is sent: a caller's mistake fails the whole invocation.
 * The sharding key orders them; an `id` makes the message id the same when the caller sends the message again.
 * @throws EventError that names the field.
 */
export function directRecords({ messages }: DirectEvent, target: MessageTarget): SentRecord[] {
  return messages.map(({ path, fields }, index) => {
    const message = messageOf(fields, path, target);
    const key = message.shardingKey;
    return {
      id: fields.id === undefined ? `[${index}]` : textOf(fields.id, join(path, 'id')),
      orderingKey: key === undefined ? undefined : `${message.topic}\n${key}`,
      toMessage: () => message,
    };
  });
}

function messageOf(fields: Fields, path: string, target: MessageTarget): Message {
  for (const [name, value] of Object.entries(fields)) {
    const field = join(path, name);
    if (!Object.hasOwn(READERS, name)) {
      throw new EventError(field, `absent: a message has ${Object.keys(READERS).join(', ')}`, value);
    }
    READERS[name]?.(value, field);
  }
  // What each of them is was just checked.
  const {
    id,
    body: _,
    isBase64Encoded: __,
    keys = [],
    topic = target.topic,
    properties,
    ...own
  } = fields as MessageFields;
  const body = bodyOf(fields, path);
  if (id === undefined) {
    const { traceId } = target;
    const trace = traceId === undefined ? {} : { [ORIGIN_PROPERTIES.traceId]: traceId };
    return { ...own, topic, body, keys, properties: { ...properties, ...trace } };
  }
  // No time belongs to the message itself, and that of the invocation would make another id of it.
  const identified = recordMessage(target, { source: SOURCE, id, at: 0, body, ...(properties && { properties }) });
  return { ...own, ...identified, topic, keys: [...new Set([...(identified.keys ?? []), ...keys])] };
}

interface MessageFields extends Partial<Message> {
  readonly id?: string;
  readonly isBase64Encoded?: boolean;
}

/** Text as it is or the bytes it stands for; anything else as JSON. */
function bodyOf({ body, isBase64Encoded }: Fields, path: string): string | Uint8Array {
  const field = join(path, 'body');
  if (isBase64Encoded === true) return Buffer.from(bytesOf(body, field));
  if (body === undefined || body === null || body === '') throw new EventError(field, 'text or JSON, not empty', body);
  return typeof body === 'string' ? body : JSON.stringify(body);
}

function propertiesOf(value: unknown, field: string): void {
  for (const [name, text] of Object.entries(fieldsOf(value, field))) {
    if (ORIGIN_NAMES.has(name)) throw new EventError(`${field}.${name}`, 'absent, since the function sets it', text);
    textOf(text, `${field}.${name}`);
  }
}

function booleanOf(value: unknown, field: string): void {
  if (typeof value !== 'boolean') throw new EventError(field, 'true or false', value);
}

function numberOf(value: unknown, field: string): void {
  if (typeof value !== 'number') throw new EventError(field, 'a number', value);
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
