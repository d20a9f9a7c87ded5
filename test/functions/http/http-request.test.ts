import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EventError } from '../../../functions/delivery/event-error.ts';
import { httpAnswer } from '../../../functions/http/http-answer.ts';
import { httpRequest } from '../../../functions/http/http-request.ts';
import { invocationOf } from './http-invocation.ts';
import { type SampleEvent, sampleEvent } from './sample-event.ts';

describe('an event', () => {
  test.each([
    ['http-api', 'http-api', '/messages', 'r3pmxmplak'],
    ['function-url-base64', 'http-api', '/messages', 'a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6'],
    ['rest-api-multi-value-headers', 'rest-api', '/topics/orders/messages', 'x7yzexmpl1'],
    [
      'alb',
      'alb',
      '/mq/messages',
      'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/messages/6d0ecf831eec9f09',
    ],
    ['alb-multi-value-headers', 'alb-multi-value', '/mq/messages', expect.stringContaining('targetgroup')],
  ])('like %s.json is known as %s', (name, shape, path, apiId) => {
    expect(httpRequest(sampleEvent(name))).toMatchObject({ shape, method: 'POST', path, apiId });
  });

  test('has its body out of base64', () => {
    const { body } = httpRequest(sampleEvent('function-url-base64'));
    expect(JSON.parse(body.toString())).toEqual({ bodyBase64: 'AAECA/v8/f7/', properties: { name: 'Zoë' } });
  });

  test('without a body has an empty one', () => {
    expect(httpRequest({ ...sampleEvent('http-api'), body: null }).body).toHaveLength(0);
    expect(httpRequest(sampleEvent('openapi-document')).body).toHaveLength(0);
  });

  test('has headers by a name of any case, and every value where the event has every value', () => {
    const request = httpRequest(sampleEvent('rest-api-multi-value-headers'));
    expect(request.header('x-forwarded-for')).toEqual(['198.51.100.9', '203.0.113.7']);
    expect(request.header('IDEMPOTENCY-KEY')).toEqual(['order-1002']);
    expect(request.header('absent')).toEqual([]);
    expect(httpRequest(sampleEvent('alb-multi-value-headers')).header('Accept')).toHaveLength(2);
  });
});

describe('an example of the AWS documentation', () => {
  test.each<[string, object]>([
    [
      'of an HTTP API or a function URL',
      {
        version: '2.0',
        routeKey: '$default',
        rawPath: '/my/path',
        rawQueryString: 'parameter1=value1&parameter1=value2&parameter2=value',
        cookies: ['cookie1', 'cookie2'],
        headers: { header1: 'value1', header2: 'value1,value2' },
        queryStringParameters: { parameter1: 'value1,value2', parameter2: 'value' },
        requestContext: {
          accountId: '123456789012',
          apiId: 'api-id',
          authentication: null,
          authorizer: { jwt: { claims: { claim1: 'value1' }, scopes: ['scope1', 'scope2'] } },
          domainName: 'id.execute-api.us-east-1.amazonaws.com',
          domainPrefix: 'id',
          http: {
            method: 'POST',
            path: '/my/path',
            protocol: 'HTTP/1.1',
            sourceIp: '192.0.2.1',
            userAgent: 'agent',
          },
          requestId: 'id',
          routeKey: '$default',
          stage: '$default',
          time: '12/Mar/2020:19:03:58 +0000',
          timeEpoch: 1583348638390,
        },
        body: 'Hello from Lambda',
        pathParameters: { parameter1: 'value1' },
        isBase64Encoded: false,
        stageVariables: { stageVariable1: 'value1' },
      },
    ],
    [
      'of a REST API',
      {
        resource: '/my/path',
        path: '/my/path',
        httpMethod: 'GET',
        headers: { header1: 'value1', header2: 'value2' },
        multiValueHeaders: { header1: ['value1'], header2: ['value1', 'value2'] },
        queryStringParameters: { parameter1: 'value1' },
        multiValueQueryStringParameters: { parameter1: ['value1', 'value2'] },
        requestContext: { accountId: '123456789012', apiId: 'id', authorizer: { claims: null }, requestId: 'id=' },
        pathParameters: null,
        stageVariables: null,
        body: 'Hello from Lambda!',
        isBase64Encoded: false,
      },
    ],
    [
      'of an ALB',
      {
        requestContext: {
          elb: {
            targetGroupArn:
              'arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/lambda-279XGJDqGZ5rsrHC2Fjr/49e9d65c45c6791a',
          },
        },
        httpMethod: 'GET',
        path: '/lambda',
        queryStringParameters: { query: '1234ABCD' },
        headers: { accept: 'text/html', 'x-amzn-trace-id': 'Root=1-5c536348-3d683b8b04734faae651f476' },
        body: '',
        isBase64Encoded: false,
      },
    ],
  ])('%s is answered: there is no such path', async (_of, event) => {
    expect(await httpAnswer(event, invocationOf().invocation, 'i')).toMatchObject({ statusCode: 404 });
  });
});

describe('an event that is none of HTTP', () => {
  const http = sampleEvent('http-api');
  const rest = sampleEvent('rest-api-multi-value-headers');
  test.each<[string, unknown, string]>([
    ['nothing', undefined, 'requestContext'],
    ['null', null, 'requestContext'],
    ['text', 'POST', 'requestContext'],
    ['that of a queue', { Records: [] }, 'requestContext'],
    ['with an empty context', { requestContext: {} }, 'httpMethod'],
    ['without a path', { ...http, rawPath: undefined }, 'rawPath'],
    ['with a number for a path', { ...rest, path: 7 }, 'path'],
    ['without a method', { ...http, requestContext: { http: {} } }, 'requestContext.http.method'],
    ['with an object for a body', { ...http, body: {} }, 'body'],
    ['with text for headers', { ...http, headers: 'accept: */*' }, 'headers'],
    ['with a list for headers', { ...rest, multiValueHeaders: [] }, 'multiValueHeaders'],
  ])('(%s) fails the invocation, naming the field, and sends nothing', async (_what, event, field) => {
    const { invocation, sent } = invocationOf();
    await expect(httpAnswer(event, invocation, 'i')).rejects.toThrow(EventError);
    await expect(httpAnswer(event, invocation, 'i')).rejects.toMatchObject({ field });
    expect(sent).toEqual([]);
  });
});

describe('an event with something wrong anywhere', () => {
  const samples = ['http-api', 'function-url-base64', 'rest-api-multi-value-headers', 'alb-multi-value-headers'];
  /** A sample with another value put in place of one, at any depth. */
  const broken = fc
    .record({ name: fc.constantFrom(...samples), place: fc.nat(), value: fc.jsonValue() })
    .map(({ name, place, value }) => withValueAt(sampleEvent(name), place, value));

  test('is answered with a status of the list, or fails with the name of a field, and is not said to be stored when it is not', async () => {
    await fc.assert(
      fc.asyncProperty(broken, async (event) => {
        const { invocation, sent } = invocationOf();
        try {
          const { statusCode } = await httpAnswer(event, invocation, 'i');
          if (statusCode === 200 && sent.length === 0) expect(event.body).toMatch(/^\s*\[\s*\]\s*$/);
          if (statusCode !== 200) expect([400, 404, 405, 413, 415, 422]).toContain(statusCode);
          if (statusCode !== 200) expect(sent).toEqual([]);
        } catch (error) {
          expect(error).toBeInstanceOf(EventError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('and a body of any JSON that is no message is never answered with success', async () => {
    const noMessage = fc.oneof(fc.jsonValue(), fc.array(fc.jsonValue(), { minLength: 1 }));
    await fc.assert(
      fc.asyncProperty(noMessage, async (value) => {
        fc.pre(!(Array.isArray(value) && value.length === 0));
        const { invocation, sent } = invocationOf();
        const event = { ...sampleEvent('http-api'), body: JSON.stringify(value) };
        expect((await httpAnswer(event, invocation, 'i')).statusCode).toBe(422);
        expect(sent).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });

  test('and a body of any bytes is never answered with success', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), async (bytes) => {
        const { invocation, sent } = invocationOf();
        const body = Buffer.from(bytes).toString('base64');
        const event = { ...sampleEvent('http-api'), body, isBase64Encoded: true };
        const { statusCode } = await httpAnswer(event, invocation, 'i');
        expect([400, 422]).toContain(statusCode);
        expect(sent).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });
});

/** The event with a value in the place of one of its own, counted through all depths. */
function withValueAt(event: SampleEvent, place: number, value: unknown): SampleEvent {
  const copy = structuredClone(event);
  const slots: { readonly holder: Record<string, unknown>; readonly name: string }[] = [];
  const visit = (holder: Record<string, unknown>) => {
    for (const [name, item] of Object.entries(holder)) {
      slots.push({ holder, name });
      if (typeof item === 'object' && item !== null) visit(item as Record<string, unknown>);
    }
  };
  visit(copy);
  const slot = slots[place % slots.length];
  if (slot !== undefined) slot.holder[slot.name] = value;
  return copy;
}
