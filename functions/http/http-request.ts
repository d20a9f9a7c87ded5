import { Buffer } from 'node:buffer';
import { EventError } from '../delivery/event-error.ts';

/** Whose event it is, which decides the shape of the answer. An ALB wants the header form back that it sends. */
export type EventShape = 'http-api' | 'rest-api' | 'alb' | 'alb-multi-value';

/** A request, whoever passed it on. */
export interface HttpRequest {
  readonly shape: EventShape;
  readonly method: string;
  readonly path: string;
  /** Of the API, function URL or target group: equal for each request to it. */
  readonly apiId: string;
  /** What the gateway knows the request by; undefined behind an ALB. */
  readonly requestId: string | undefined;
  /** Bytes of the body, out of base64; empty without a body. */
  readonly body: Buffer;
  /** Every value of a header, whatever the case of its name. */
  header(name: string): readonly string[];
}

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads an event of an HTTP API (payload 1.0 and 2.0), a function URL, a REST API or an ALB.
 * @throws EventError that names the field, when it is none of them: there is nobody to answer with a status.
 */
export function httpRequest(event: unknown): HttpRequest {
  if (!isObject(event)) throw new EventError('requestContext', 'an object', undefined);
  const context = event.requestContext;
  if (!isObject(context)) throw new EventError('requestContext', 'an object', context);
  const { shape, method, path, apiId } = isObject(context.http)
    ? ofHttpApi(event, context, context.http)
    : ofMethodEvent(event, context);
  const { requestId } = context;
  const headers = headerTable(event);
  return {
    shape,
    method,
    path,
    apiId,
    requestId: typeof requestId === 'string' && requestId !== '' ? requestId : undefined,
    body: bodyOf(event),
    header: (name) => headers.get(name.toLowerCase()) ?? [],
  };
}

function ofHttpApi(event: Json, context: Json, http: Json) {
  const method = text('requestContext.http.method', http.method);
  return { shape: 'http-api' as const, method, path: text('rawPath', event.rawPath), apiId: idOf(context.apiId) };
}

function ofMethodEvent(event: Json, context: Json) {
  const method = text('httpMethod', event.httpMethod);
  const path = text('path', event.path);
  if (!isObject(context.elb)) return { shape: 'rest-api' as const, method, path, apiId: idOf(context.apiId) };
  const shape = isObject(event.multiValueHeaders) ? ('alb-multi-value' as const) : ('alb' as const);
  return { shape, method, path, apiId: idOf(context.elb.targetGroupArn) };
}

function idOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function text(field: string, value: unknown): string {
  if (typeof value !== 'string' || value === '') throw new EventError(field, 'a string', value);
  return value;
}

/** Headers of either form; where both are there, the one with every value counts. */
function headerTable(event: Json): Map<string, string[]> {
  const table = new Map<string, string[]>();
  for (const field of ['headers', 'multiValueHeaders']) {
    const headers = event[field];
    if (headers === undefined || headers === null) continue;
    if (!isObject(headers)) throw new EventError(field, 'an object', headers);
    const ofForm = new Map<string, string[]>();
    for (const [name, value] of Object.entries(headers)) {
      const values = (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'string');
      const key = name.toLowerCase();
      ofForm.set(key, [...(ofForm.get(key) ?? []), ...values]);
    }
    for (const [name, values] of ofForm) table.set(name, values);
  }
  return table;
}

function bodyOf(event: Json): Buffer {
  const { body, isBase64Encoded } = event;
  if (body === undefined || body === null) return Buffer.alloc(0);
  if (typeof body !== 'string') throw new EventError('body', 'a string or null', body);
  return Buffer.from(body, isBase64Encoded === true ? 'base64' : 'utf8');
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
