import * as v from 'valibot';
import { producerOptionRules } from '#rocketmq';
import { isRecord, kindOf } from './json-value.ts';

/** Largest body of a message, out of base64. */
export const MAX_BODY_BYTES = Number(producerOptionRules.maxMessageBytes.default);
/** Longest delay that brokers with their default settings keep. */
export const MAX_DELAY_MS = Number(producerOptionRules.maxDelayMs.default);
/** Messages of one request. */
export const MAX_MESSAGES = 1000;
/** Last instant of the calendar that JavaScript and Java agree upon, epoch ms. */
const LAST_INSTANT = 8_640_000_000_000_000;

const mustBe =
  (kind: string) =>
  ({ input }: v.BaseIssue<unknown>) =>
    `must be ${kind}, but is ${kindOf(input)}`;

const string = v.pipe(
  v.string(mustBe('a string')),
  v.nonEmpty('must not be empty'),
  v.check((text) => text.isWellFormed(), 'holds half of a surrogate pair, which has no UTF-8'),
);

const text = (pattern: RegExp, meaning: string) => v.pipe(string, v.regex(pattern, meaning));

const object = v.custom<Readonly<Record<string, unknown>>>(isRecord, mustBe('an object'));

function integer(minimum: number, maximum: number) {
  const fault = ({ input }: v.BaseIssue<unknown>) =>
    `must be a whole number from ${minimum} to ${maximum}, but is ${typeof input === 'number' ? input : kindOf(input)}`;
  return v.pipe(v.number(fault), v.integer(fault), v.minValue(minimum, fault), v.maxValue(maximum, fault));
}

/** Text of a property. Properties are stored between \u0001 and \u0002, and nothing escapes them. */
export const propertyText = text(/^[^\u0001\u0002]*$/, 'must not hold \\u0001 or \\u0002, which separate properties');

/** Fields of a message, as a request has them. The OpenAPI document has the same rules, and a test compares them. */
export const messageFields = {
  body: string,
  bodyBase64: text(/^[A-Za-z0-9+/]+={0,2}$/, 'must be base64 of the standard alphabet, with its padding'),
  tag: propertyText,
  keys: v.array(
    text(/^[^\s\u0001\u0002]*$/, 'must not hold a blank, which separates keys, nor \\u0001 or \\u0002'),
    mustBe('a list'),
  ),
  properties: v.pipe(object, v.record(v.string(), propertyText)),
  shardingKey: propertyText,
  delayLevel: integer(1, 18),
  delayMs: integer(1, MAX_DELAY_MS),
  deliverAt: integer(1, LAST_INSTANT),
  msgId: text(/^[A-Za-z0-9._:-]{1,128}$/, 'must have 1 to 128 characters of A-Z a-z 0-9 . _ : -'),
};

/** A message of a request, each of its fields by itself: what fields have to do with each other is not in it. */
export const messageSchema = v.pipe(object, v.partial(v.object(messageFields)));

/** A message as a request has it, when it has no fault. */
export type RequestedMessage = {
  readonly [Name in keyof typeof messageFields]?: v.InferOutput<(typeof messageFields)[Name]>;
};
