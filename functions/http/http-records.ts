import { Buffer } from 'node:buffer';
import type { Message } from '#rocketmq';
import type { SentRecord } from '../delivery/delivery-record.ts';
import { recordMsgId } from '../delivery/record-msg-id.ts';
import { HttpProblem } from './http-problem.ts';
import type { HttpRequest } from './http-request.ts';
import type { RequestedMessage } from './message-schema.ts';

/** One message of a request, and the id it is sent under where that is known before. */
export interface HttpRecord extends SentRecord {
  readonly msgId: string | undefined;
}

/** Longest key that is taken. */
const LONGEST_KEY = 255;
/** Trace that is taken from a request: callers could else fill the room for properties with it. */
const TRACE = /^[\x21-\x7e]{1,256}$/;

/**
 * Messages of a request as records. With an `Idempotency-Key`, a request that is sent again gets the message ids it
 * had: an id is made of the key, the topic, and the place and content of the message. With the content, because a
 * client that sends only a part of a list again, or another message under an old key, would else have it dropped as a
 * duplicate.
 * @param requestId names the messages in the log.
 * @param traceId X-Ray trace of the invocation, for a request that carries none.
 * @throws HttpProblem 400 when the key cannot be used.
 */
export function httpRecords(
  messages: readonly RequestedMessage[],
  topic: string,
  request: HttpRequest,
  { requestId, traceId }: { readonly requestId: string; readonly traceId: string | undefined },
): HttpRecord[] {
  const key = idempotencyKey(request);
  const origin: Record<string, string> = { 'aws.source': 'http', 'aws.id': key ?? requestId };
  const trace = request.header('x-amzn-trace-id').find((value) => TRACE.test(value)) ?? traceId;
  if (trace !== undefined) origin['aws.traceId'] = trace;
  const place = `${request.apiId}\n${topic}`;
  return messages.map((requested, index) => {
    const msgId = requested.msgId ?? (key === undefined ? undefined : derivedId(place, key, requested, index));
    return {
      id: messages.length === 1 ? requestId : `${requestId}/${index}`,
      orderingKey: requested.shardingKey,
      msgId,
      toMessage: () => toMessage(requested, topic, msgId, origin),
    };
  });
}

function derivedId(sourceArn: string, key: string, requested: RequestedMessage, index: number): string {
  // The instant of a request is another one each time, so that the id is dated to none.
  return recordMsgId({ sourceArn, recordId: `${key}\n${canonical(requested)}`, index, at: 0 });
}

/** The same text for the same message, in whatever order its fields come. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, item: unknown) => {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return item;
    const sorted: Record<string, unknown> = Object.create(null);
    for (const name of Object.keys(item).toSorted()) sorted[name] = Reflect.get(item, name);
    return sorted;
  });
}

function idempotencyKey({ header }: HttpRequest): string | undefined {
  const [value, ...more] = header('idempotency-key');
  if (value === undefined) return undefined;
  const isUsable = /^[\x20-\x7e]+$/.test(value) && value.trim() !== '' && value.length <= LONGEST_KEY;
  if (isUsable && more.length === 0) return value.trim();
  throw new HttpProblem(400, {
    code: 'malformed-idempotency-key',
    detail: `Idempotency-Key must be given once, with 1 to ${LONGEST_KEY} printable characters of ASCII`,
  });
}

function toMessage(
  requested: RequestedMessage,
  topic: string,
  msgId: string | undefined,
  origin: Readonly<Record<string, string>>,
): Message {
  const { bodyBase64, body, properties, keys = [], ...rest } = requested;
  // Without a prototype, so that a property may be named "__proto__".
  const own: Record<string, string> = Object.create(null);
  const { 'aws.id': id = '' } = origin;
  return {
    ...rest,
    topic,
    body: body ?? Buffer.from(bodyBase64 ?? '', 'base64'),
    // What the message can be found by, unless it has a blank, which separates keys.
    keys: /\s/.test(id) || keys.includes(id) ? keys : [...keys, id],
    properties: Object.assign(own, properties, origin),
    ...(msgId === undefined ? {} : { msgId }),
  };
}
