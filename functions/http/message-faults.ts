import { Buffer } from 'node:buffer';
import { safeParse } from 'valibot';
import { RESERVED_PROPERTIES } from '#rocketmq';
import type { Fault } from './http-problem.ts';
import { isRecord, pointerBelow } from './json-value.ts';
import {
  MAX_BODY_BYTES,
  MAX_DELAY_MS,
  messageFields,
  messageSchema,
  propertyText,
  type RequestedMessage,
} from './message-schema.ts';

/** Faults of a message. Those of its size are of a body that is well formed, but too large. */
export interface MessageFaults {
  readonly form: readonly Fault[];
  readonly size: readonly Fault[];
}

/**
 * Most bytes of everything that is stored as properties; 32 000 less what is added to each message: its ids, the key and
 * the trace of the request, the delay, and the namespace.
 */
const MAX_PROPERTIES_BYTES = 30_850;
/** Keys and properties that so many bytes have room for. More of them are not looked at one by one. */
const MAX_PARTS = MAX_PROPERTIES_BYTES / 2;
/** Names that the function itself gives. */
const OWN_PREFIX = 'aws.';

const DELAYS = ['delayLevel', 'delayMs', 'deliverAt'] as const;
/**
 * Names that the schema library passes over in an object, for what they do to one. Here they are names like any other.
 */
const PASSED_OVER: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Every fault of a message, found before any is sent.
 * @param now epoch ms, for the farthest instant of delivery.
 */
export function messageFaults(value: unknown, pointer: string, now: number): MessageFaults {
  const parts = partsOf(value);
  if (parts > MAX_PARTS) {
    const detail = `must have at most ${MAX_PARTS} fields, keys and properties, but has ${parts}`;
    return { form: [{ pointer, detail }], size: [] };
  }
  // Of one value the first fault is told: what comes after it comes of it.
  const { issues = [] } = safeParse(messageSchema, value, { abortPipeEarly: true });
  const form = issues.map(({ path = [], message: detail }) => {
    return {
      pointer: pointerBelow(
        pointer,
        path.map(({ key }) => key),
      ),
      detail,
    };
  });
  if (isRecord(value)) form.push(...unknownFaults(value, pointer), ...joinedFaults(value, pointer));
  if (form.length > 0) return { form, size: [] };
  const message = value as RequestedMessage;
  return {
    form: [...lateFaults(message, pointer, now), ...propertiesFaults(message, pointer)],
    size: bodyFaults(message, pointer),
  };
}

/**
 * How much there is to look at in a message: without a limit, a hostile request would take all memory with its faults.
 */
function partsOf(value: unknown): number {
  if (!isRecord(value)) return 0;
  const sizes = [value, value.keys, value.properties].map((part) =>
    typeof part === 'object' && part !== null ? Object.keys(part).length : 0,
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

type Fields = Readonly<Record<string, unknown>>;

function unknownFaults(value: Fields, pointer: string): Fault[] {
  const names = Object.keys(value).filter((name) => !Object.hasOwn(messageFields, name));
  const detail = `is unknown: a message has ${Object.keys(messageFields).join(', ')}`;
  return names.map((name) => ({ pointer: pointerBelow(pointer, [name]), detail }));
}

/** Faults of fields that do not go together, of whatever value, and of the names of properties. */
function joinedFaults(value: Fields, pointer: string): Fault[] {
  const faults: Fault[] = [];
  const bodies = ['body', 'bodyBase64'].filter((name) => Object.hasOwn(value, name));
  if (bodies.length === 0) faults.push({ pointer, detail: 'must have body (text) or bodyBase64 (bytes)' });
  if (bodies.length > 1) faults.push({ pointer, detail: 'must have body or bodyBase64, not both' });
  const delays = DELAYS.filter((name) => Object.hasOwn(value, name));
  if (delays.length > 1) faults.push({ pointer, detail: `must have one of ${delays.join(' and ')}, not several` });
  const { bodyBase64, properties } = value;
  if (typeof bodyBase64 === 'string' && bodyBase64.length % 4 !== 0) {
    const detail = 'must have a multiple of 4 characters, as base64 has';
    faults.push({ pointer: pointerBelow(pointer, ['bodyBase64']), detail });
  }
  for (const [name, item] of isRecord(properties) ? Object.entries(properties) : []) {
    const detail = nameFault(name) ?? (PASSED_OVER.has(name) ? textFault(item) : undefined);
    if (detail !== undefined) faults.push({ pointer: pointerBelow(pointer, ['properties', name]), detail });
  }
  return faults;
}

function nameFault(name: string): string | undefined {
  if (RESERVED_PROPERTIES.has(name)) return 'has a name that RocketMQ uses itself: choose another';
  if (name.startsWith(OWN_PREFIX)) return `begins with "${OWN_PREFIX}", as the properties of this function do`;
  // The same for names as for values; an empty name and an empty value alike would be dropped by brokers.
  const fault = textFault(name);
  return fault === undefined ? undefined : `has a name that ${fault}`;
}

function textFault(value: unknown): string | undefined {
  return safeParse(propertyText, value, { abortPipeEarly: true }).issues?.[0].message;
}

function lateFaults({ deliverAt }: RequestedMessage, pointer: string, now: number): Fault[] {
  if (deliverAt === undefined || deliverAt - now <= MAX_DELAY_MS) return [];
  return [{ pointer: `${pointer}/deliverAt`, detail: `must be no more than ${MAX_DELAY_MS} ms from now` }];
}

function bodyFaults({ body, bodyBase64 = '' }: RequestedMessage, pointer: string): Fault[] {
  const field = body === undefined ? 'bodyBase64' : 'body';
  const bytes = body === undefined ? Buffer.byteLength(bodyBase64, 'base64') : Buffer.byteLength(body);
  if (bytes <= MAX_BODY_BYTES) return [];
  return [{ pointer: `${pointer}/${field}`, detail: `has ${bytes} bytes, over the limit of ${MAX_BODY_BYTES}` }];
}

function propertiesFaults(message: RequestedMessage, pointer: string): Fault[] {
  const { tag = '', keys = [], properties = {}, shardingKey = '' } = message;
  const texts = [tag, shardingKey, ...keys, ...Object.entries(properties).flat()];
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 1, 0);
  if (bytes <= MAX_PROPERTIES_BYTES) return [];
  const detail = `has ${bytes} bytes of tag, keys, sharding key and properties, over the limit of ${MAX_PROPERTIES_BYTES}`;
  return [{ pointer, detail }];
}
