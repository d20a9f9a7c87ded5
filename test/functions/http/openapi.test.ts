import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  BrokerTooOldError,
  MessageError,
  NoNameServerError,
  RemotingTimeoutError,
  type RocketMQError,
  TopicRouteNotFoundError,
} from '#rocketmq';
import { MAX_BODY_BYTES, MAX_DELAY_MS, MAX_MESSAGES, messageFields } from '../../../functions/http/message-schema.ts';
import { STATUS_CODES } from '../../../functions/http/status-codes.ts';
import { type Answered, answerTo, bodyText, invocationOf, refusal } from './http-invocation.ts';
import { fits, type JsonSchema } from './json-schema.ts';
import { jsonSchemaOf } from './json-schema-of.ts';
import type { SampleRequest } from './sample-event.ts';

interface Response {
  readonly headers?: Readonly<Record<string, { readonly schema: JsonSchema }>>;
  readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>>;
}

interface Operation {
  readonly requestBody?: {
    readonly content: Readonly<
      Record<
        string,
        { readonly schema: JsonSchema; readonly examples: Readonly<Record<string, { readonly value: unknown }>> }
      >
    >;
  };
  readonly responses: Readonly<Record<string, Response>>;
}

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly parameters: { readonly IdempotencyKey: { readonly schema: JsonSchema } };
  };
}

const document: Document = JSON.parse(
  readFileSync(new URL('../../../docs/openapi.json', import.meta.url), 'utf8'),
) as Document;
const { schemas } = document.components;

function resolve(ref: string): JsonSchema {
  const found = schemas[ref.replace('#/components/schemas/', '')];
  if (found === undefined) throw new Error(`${ref} leads nowhere`);
  return found;
}

const timeout = new RemotingTimeoutError('a', 1, 1);
const illegal = refusal(13, false);
const tooOld = new BrokerTooOldError('broker-a', 'a', { has: '4.9', needs: '5.0' }, 'a', 'b');
const message = { body: 'x' };

/** A request, how the cluster takes it, and the path of the document it belongs to. */
interface Case extends SampleRequest {
  readonly operation: string;
  readonly status: number;
  /** What a message fails with, by its body. */
  readonly errors?: Readonly<Record<string, RocketMQError>>;
}

/** Everything that can come of a request to one of the two paths for messages. */
function casesOf(operation: string, path: string): Case[] {
  const failing = (status: number, error: RocketMQError): Case => ({
    operation,
    path,
    status,
    body: message,
    errors: { x: error },
  });
  const errors = { a: timeout, b: illegal, c: refusal(2), d: new NoNameServerError('away', []), e: tooOld };
  const all = [...Object.keys(errors), 'x'].map((body) => ({ body, shardingKey: body }));
  return [
    { operation, path, status: 200, body: message },
    { operation, path, status: 200, body: [message, { ...message, deliverAt: 1 }] },
    { operation, path, status: 207, body: [...all, { body: 'later', shardingKey: 'a' }], errors },
    { operation, path, status: 400, body: '{' },
    { operation, path, status: 400, body: message, headers: { 'idempotency-key': ' ' } },
    { operation, path, status: 405, method: 'PUT' },
    { operation, path, status: 413, body: { body: 'x'.repeat(MAX_BODY_BYTES + 1) } },
    { operation, path, status: 415, body: message, headers: { 'content-type': 'text/plain' } },
    { operation, path, status: 422, body: [{ tag: 1 }, {}] },
    failing(422, illegal),
    failing(422, tooOld),
    failing(422, new MessageError('body', 'odd')),
    failing(429, refusal(215)),
    failing(503, refusal(14)),
    failing(503, timeout),
    failing(503, new NoNameServerError('away', [])),
    { operation, path, status: 503, body: [message, message], errors: { x: timeout } },
  ];
}

const unknownTopic = new TopicRouteNotFoundError('invoices', []);

const cases: Case[] = [
  ...casesOf('post /messages', '/messages'),
  { operation: 'post /messages', status: 503, body: message, errors: { x: unknownTopic } },
  ...casesOf('post /topics/{topic}/messages', '/topics/invoices/messages'),
  {
    operation: 'post /topics/{topic}/messages',
    path: '/topics/invoices/messages',
    status: 404,
    body: message,
    errors: { x: unknownTopic },
  },
  {
    operation: 'post /topics/{topic}/messages',
    path: '/topics/invoices/messages',
    status: 207,
    body: [message, { body: 'y' }, { body: 'z' }],
    errors: { x: unknownTopic, y: timeout },
  },
  { operation: 'post /topics/{topic}/messages', path: '/topics/a.b/messages', status: 404, body: message },
  { operation: 'get /openapi.json', method: 'GET', path: '/openapi.json', status: 200 },
  { operation: 'get /openapi.json', method: 'POST', path: '/openapi.json', status: 405 },
  { operation: 'get /{path}', method: 'GET', path: '/nothing', status: 404 },
];

function operationOf(name: string): Operation {
  const [method = '', path = ''] = name.split(' ');
  const operation = document.paths[path]?.[method];
  if (operation === undefined) throw new Error(`the document has no ${name}`);
  return operation;
}

function run({ errors = {}, operation: _, status: __, ...request }: Case): Promise<Answered> {
  return answerTo(request, invocationOf((sent) => errors[bodyText(sent)]).invocation);
}

describe('the document', () => {
  test.each(cases.map((one, index) => [index, one.operation, one.status, one] as const))(
    'has the answer of case %d: %s, %d',
    async (_index, _operation, _status, one) => {
      const answer = await run(one);
      expect(answer.status).toBe(one.status);
      const response = operationOf(one.operation).responses[String(answer.status)];
      const { schema } = response?.content[answer.headers['content-type'] ?? ''] ?? {};
      expect(schema, `${answer.headers['content-type']} of ${one.operation} ${answer.status}`).toBeDefined();
      expect(fits(schema ?? {}, answer.body, resolve), answer.text).toBe(true);
      const own = Object.keys(answer.headers).filter((name) => !['content-type', 'cache-control'].includes(name));
      const documented = Object.keys(response?.headers ?? {}).map((name) => name.toLowerCase());
      expect(documented).toEqual(expect.arrayContaining(own));
      if (answer.status !== 207) expect(own).toEqual(documented);
    },
  );

  test('has no status that no request leads to', () => {
    const documented = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.entries(operations).flatMap(([method, { responses }]) =>
        Object.keys(responses).map((status) => `${method} ${path} ${status}`),
      ),
    );
    const met = new Set(cases.map(({ operation, status }) => `${operation} ${status}`));
    expect(documented.toSorted()).toEqual([...met].toSorted());
  });

  test('has every status that the function has a phrase for; 424 in results alone', () => {
    const met = new Set(cases.map(({ status }) => String(status)));
    expect([...met, '424'].toSorted()).toEqual(Object.keys(STATUS_CODES));
  });

  test('has every code that an answer can have, and no other', async () => {
    const codes = new Set<unknown>();
    const collect = (body: Record<string, unknown>) => {
      if ('code' in body) codes.add(body.code);
      if (Array.isArray(body.results)) body.results.forEach(collect);
    };
    for (const one of cases) collect((await run(one)).body);
    const { invocation } = invocationOf();
    collect((await answerTo({ body: message }, { ...invocation, deadline: { remainingMs: () => 0 } })).body);
    const documented = [schemas.SendFailureCode?.enum, schemas.Problem?.properties?.code?.oneOf?.[1]?.enum].flat();
    expect([...codes].toSorted()).toEqual(documented.toSorted());
  });

  test('has the rules by which messages are checked', () => {
    const properties = schemas.Message?.properties ?? {};
    const rules = Object.entries(properties).map(([name, { description, ...rule }]) => {
      expect(description, name).toBeTruthy();
      return [name, rule];
    });
    expect(Object.fromEntries(rules)).toEqual(
      Object.fromEntries(Object.entries(messageFields).map(([name, field]) => [name, jsonSchemaOf(field)])),
    );
    expect(schemas.Messages?.maxItems).toBe(MAX_MESSAGES);
    expect(properties.body?.description).toContain(String(MAX_BODY_BYTES));
    expect(properties.deliverAt?.description).toContain(String(MAX_DELAY_MS));
  });

  test('takes and refuses the messages that the function does', async () => {
    const bodies = [
      message,
      { bodyBase64: 'AA==' },
      { body: 'x', keys: [], properties: {}, delayLevel: 18 },
      {},
      { body: 'x', bodyBase64: 'AA==' },
      { body: '' },
      { body: 'x', keys: ['a b'] },
      { body: 'x', delayMs: 0 },
      { body: 'x', msgId: '?' },
      { body: 'x', properties: { a: 1 } },
      { body: 'x', unknown: 1 },
      7,
      [7],
      [],
      Array(MAX_MESSAGES + 1).fill(message),
    ];
    const { schema = {} } = operationOf('post /messages').requestBody?.content['application/json'] ?? {};
    for (const body of bodies) {
      const { status } = await answerTo({ body });
      expect(status === 200, JSON.stringify(body)).toBe(fits(schema, body, resolve));
    }
  });

  test('takes and refuses the keys of requests that the function does', async () => {
    const { schema } = document.components.parameters.IdempotencyKey;
    for (const key of ['a', 'a b', '"~!', 'k'.repeat(255), '', ' ', 'k'.repeat(256), 'ä', 'a\u0007']) {
      const { status } = await answerTo({ body: message, headers: { 'idempotency-key': key } });
      expect([key, status]).toEqual([key, fits(schema, key, resolve) ? 200 : 400]);
    }
  });

  test('has examples that are taken', async () => {
    for (const name of ['post /messages', 'post /topics/{topic}/messages']) {
      const { examples = {} } = operationOf(name).requestBody?.content['application/json'] ?? {};
      expect(Object.keys(examples)).not.toEqual([]);
      for (const { value } of Object.values(examples)) {
        expect(await answerTo({ body: value })).toMatchObject({ status: 200 });
      }
    }
  });

  test('is what GET /openapi.json answers', async () => {
    const { body } = await answerTo({ method: 'GET', path: '/prod/openapi.json' });
    expect(body).toEqual(document);
  });
});
