import { Buffer } from 'node:buffer';
import { RESERVED_PROPERTIES } from '#rocketmq';
import { fieldFaults, isRecord, kindOf, pointerToken } from './field-faults.ts';
import { type FieldRule, fieldRules, MAX_BODY_BYTES, MAX_DELAY_MS } from './field-rules.ts';
import type { Fault } from './http-problem.ts';

/** A message as a request has it, when it has no fault. */
export interface RequestedMessage {
  readonly body?: string;
  readonly bodyBase64?: string;
  readonly tag?: string;
  readonly keys?: readonly string[];
  readonly properties?: Readonly<Record<string, string>>;
  readonly shardingKey?: string;
  readonly delayLevel?: number;
  readonly delayMs?: number;
  readonly deliverAt?: number;
  readonly msgId?: string;
}

/** Faults of a message. Those of its size are of a body that is well formed, but too large. */
export interface MessageFaults {
  readonly form: readonly Fault[];
  readonly size: readonly Fault[];
}

/** Most bytes of everything that is stored as properties; 32 000 less what the client adds to each message. */
const MAX_PROPERTIES_BYTES = 31_000;
/** Names that the function itself gives. */
const OWN_PREFIX = 'aws.';

const rules: Readonly<Record<string, FieldRule>> = fieldRules;
const DELAYS = ['delayLevel', 'delayMs', 'deliverAt'] as const;

/**
 * Every fault of a message, found before any is sent.
 * @param now epoch ms, for the farthest instant of delivery.
 */
export function messageFaults(value: unknown, pointer: string, now: number): MessageFaults {
  if (!isRecord(value)) return { form: [{ pointer, detail: `must be an object, but is ${kindOf(value)}` }], size: [] };
  const form = Object.entries(value).flatMap(([name, item]) => {
    const at = `${pointer}/${pointerToken(name)}`;
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (rule !== undefined) return fieldFaults(rule, item, at);
    return [{ pointer: at, detail: `is unknown: a message has ${Object.keys(rules).join(', ')}` }];
  });
  form.push(...joinedFaults(value, pointer));
  if (form.length > 0) return { form, size: [] };
  const message = value as RequestedMessage;
  return {
    form: [...lateFaults(message, pointer, now), ...propertiesFaults(message, pointer)],
    size: bodyFaults(message, pointer),
  };
}

/** Faults of fields that do not go together, of whatever value. */
function joinedFaults(value: Readonly<Record<string, unknown>>, pointer: string): Fault[] {
  const faults: Fault[] = [];
  const bodies = ['body', 'bodyBase64'].filter((name) => Object.hasOwn(value, name));
  if (bodies.length === 0) faults.push({ pointer, detail: 'must have body (text) or bodyBase64 (bytes)' });
  if (bodies.length > 1) faults.push({ pointer, detail: 'must have body or bodyBase64, not both' });
  const delays = DELAYS.filter((name) => Object.hasOwn(value, name));
  if (delays.length > 1) faults.push({ pointer, detail: `must have one of ${delays.join(' and ')}, not several` });
  const { bodyBase64, properties } = value;
  if (typeof bodyBase64 === 'string' && bodyBase64.length % 4 !== 0) {
    faults.push({ pointer: `${pointer}/bodyBase64`, detail: 'must have a multiple of 4 characters, as base64 has' });
  }
  for (const name of isRecord(properties) ? Object.keys(properties) : []) {
    const detail = nameFault(name);
    if (detail !== undefined) faults.push({ pointer: `${pointer}/properties/${pointerToken(name)}`, detail });
  }
  return faults;
}

function nameFault(name: string): string | undefined {
  if (RESERVED_PROPERTIES.has(name)) return 'has a name that RocketMQ uses itself: choose another';
  if (name.startsWith(OWN_PREFIX)) return `begins with "${OWN_PREFIX}", as the properties of this function do`;
  // The same for names as for values; an empty name and an empty value alike would be dropped by brokers.
  const [fault] = fieldFaults(fieldRules.tag, name, '');
  return fault === undefined ? undefined : `has a name that ${fault.detail}`;
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
