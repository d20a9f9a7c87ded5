import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RocketMQError } from '#rocketmq';
import { httpAnswer } from '../../../functions/http/http-answer.ts';
import { answerTo, bodyText, invocationOf, refusal, sendFailed, timeout } from './http-invocation.ts';
import { requestEvent, sampleEvent } from './sample-event.ts';

describe('a message', () => {
  test('is sent with everything that the request gives', async () => {
    const { invocation, sent } = invocationOf();
    const message = {
      body: 'Größe',
      tag: 'created',
      keys: ['o-1', 'o-2'],
      properties: { 'a/b': 'c' },
      shardingKey: 'anna',
      delayLevel: 3,
      msgId: 'ID-1',
    };
    const { status, body } = await answerTo({ body: message }, invocation);
    expect(sent).toEqual([
      {
        ...message,
        topic: 'orders',
        keys: ['o-1', 'o-2', 'JKJaXmPLvHcESHA='],
        properties: {
          'a/b': 'c',
          'aws.source': 'http',
          'aws.id': 'JKJaXmPLvHcESHA=',
          'aws.traceId': 'Root=1-67a1b2c3-4d5e6f708192a3b4c5d6e7f8',
        },
      },
    ]);
    expect(status).toBe(200);
    expect(body).toEqual({
      msgId: 'ID-1',
      topic: 'orders',
      queue: { brokerName: 'broker-a', queueId: 0 },
      queueOffset: 1,
      storeStatus: 'SEND_OK',
      isPossibleDuplicate: false,
    });
  });

  test('with a delay is answered with what recalls it', async () => {
    expect((await answerTo({ body: { body: 'x', delayMs: 60_000 } })).body).toMatchObject({ recallHandle: 'handle-1' });
  });

  test('of bytes has them out of base64', async () => {
    const { invocation, sent } = invocationOf();
    await answerTo({ body: { bodyBase64: '//8A' } }, invocation);
    expect(sent[0]?.body).toEqual(Buffer.from([255, 255, 0]));
  });

  test('may have a property called __proto__', async () => {
    const { invocation, sent } = invocationOf();
    await answerTo({ body: '{"body":"x","properties":{"__proto__":"kept"}}' }, invocation);
    expect(Object.entries(sent[0]?.properties ?? {})).toContainEqual(['__proto__', 'kept']);
  });

  test.each([
    ['/messages', 'orders'],
    ['/prod/messages', 'orders'],
    ['/topics/invoices/messages', 'invoices'],
    ['/base/path/topics/in_voices-2/messages', 'in_voices-2'],
    ['/topics/%25RETRY%25group/messages', '%RETRY%group'],
    ['/topics/%RETRY%group/messages', '%RETRY%group'],
  ])('posted to %s goes to the topic %s', async (path, topic) => {
    const { invocation, sent } = invocationOf();
    expect(await answerTo({ path, body: { body: 'x' } }, invocation)).toMatchObject({ status: 200, body: { topic } });
    expect(sent[0]?.topic).toBe(topic);
  });
});

describe('a request that is at fault', () => {
  test('has every fault of every message listed, and nothing sent', async () => {
    const { invocation, sent } = invocationOf();
    const event = sampleEvent('poison');
    const answer = await answerTo({ body: event.body }, invocation);
    expect(answer.status).toBe(422);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.body).toEqual({
      type: 'about:blank',
      title: 'Unprocessable Content',
      status: 422,
      code: 'invalid-message',
      detail: 'the body has 9 faults; nothing was sent',
      errors: [
        { pointer: '#/1/body', detail: 'must not be empty' },
        { pointer: '#/1/tag', detail: 'must be a string, but is a number' },
        {
          pointer: '#/1/keys/0',
          detail: 'must not hold a blank, which separates keys, nor \\u0001 or \\u0002',
        },
        { pointer: '#/1/properties/a~1b~0c', detail: 'must not be empty' },
        { pointer: '#/1/colour', detail: expect.stringContaining('is unknown: a message has body, bodyBase64, tag') },
        { pointer: '#/1/properties/DELAY', detail: 'has a name that RocketMQ uses itself: choose another' },
        { pointer: '#/2/delayLevel', detail: 'must be a whole number from 1 to 18, but is 19' },
        { pointer: '#/2', detail: 'must have one of delayLevel and delayMs, not several' },
        { pointer: '#/2/bodyBase64', detail: 'must have a multiple of 4 characters, as base64 has' },
      ],
    });
    expect(sent).toEqual([]);
  });

  test.each<[unknown, string, string]>([
    [{}, '#', 'must have body (text) or bodyBase64 (bytes)'],
    [{ body: 'x', bodyBase64: 'AA==' }, '#', 'must have body or bodyBase64, not both'],
    [{ body: { a: 1 } }, '#/body', 'must be a string, but is an object'],
    [{ body: '\ud800' }, '#/body', 'holds half of a surrogate pair, which has no UTF-8'],
    [{ bodyBase64: '____' }, '#/bodyBase64', 'must be base64 of the standard alphabet, with its padding'],
    [{ body: 'x', properties: { 'aws.id': '1' } }, '#/properties/aws.id', 'begins with "aws."'],
    [{ body: 'x', properties: { '': '1' } }, '#/properties/', 'has a name that must not be empty'],
    [{ body: 'x', properties: { 'a\u0001': '1' } }, '#/properties/a%01', 'has a name that must not hold \\u0001'],
    [JSON.parse('{"body":"x","properties":{"__proto__":7}}'), '#/properties/__proto__', 'must be a string'],
    [{ body: 'x', properties: { constructor: '' } }, '#/properties/constructor', 'must not be empty'],
    [JSON.parse('{"body":"x","__proto__":7}'), '#/__proto__', 'is unknown'],
    [{ body: 'x', constructor: 'y' }, '#/constructor', 'is unknown'],
    [{ body: 'x', properties: { prototype: 7 } }, '#/properties/prototype', 'must be a string, but is a number'],
    [{ body: 'x', 'half \ud800': 'y' }, '#/half%20%EF%BF%BD', 'is unknown'],
    [{ body: 'x', keys: {} }, '#/keys', 'must be a list, but is an object'],
    [{ body: 'x', properties: ['a'] }, '#/properties', 'must be an object, but is a list'],
    [{ body: 'x', delayMs: 1.5 }, '#/delayMs', 'but is 1.5'],
    [{ body: 'x', tag: null }, '#/tag', 'must be a string, but is null'],
    [{ body: 'x', tag: 'a\u0002' }, '#/tag', 'must not hold \\u0001 or \\u0002'],
    [{ body: 'x', delayMs: 0 }, '#/delayMs', 'must be a whole number from 1 to 259200000, but is 0'],
    [{ body: 'x', delayMs: '5' }, '#/delayMs', 'but is a string'],
    [{ body: 'x', delayMs: -1.5 }, '#/delayMs', 'but is -1.5'],
    [{ body: 'x', delayMs: 5, deliverAt: 5 }, '#', 'must have one of delayMs and deliverAt, not several'],
    [{ body: 'x', deliverAt: 8e15 }, '#/deliverAt', 'must be no more than 259200000 ms from now'],
    [{ body: 'x', msgId: 'a b' }, '#/msgId', 'must have 1 to 128 characters'],
    [{ body: 'x', tag: 'y'.repeat(30_851) }, '#', 'over the limit of 30850'],
    [{ body: 'x', shardingKey: 'y'.repeat(30_851) }, '#', 'over the limit of 30850'],
    [{ body: 'x', keys: ['y'.repeat(15_500), 'é'.repeat(7750)] }, '#', 'has 31004 bytes of tag, keys, sharding key'],
    [{ body: 'x', properties: { ['n'.repeat(15_500)]: 'y'.repeat(15_500) } }, '#', 'over the limit of 30850'],
    [null, '#', 'must be an object, but is null'],
    [[[]], '#/0', 'must be an object, but is a list'],
    [Array(1001).fill({ body: 'x' }), '#', 'must have at most 1000 messages, but has 1001'],
  ])('%j: %s %s', async (body, pointer, detail) => {
    const answer = await answerTo({ body });
    expect(answer.status).toBe(422);
    expect(answer.body.errors).toEqual([{ pointer, detail: expect.stringContaining(detail) }]);
  });

  test('in more ways than an answer can hold has as many listed as it can, the first ones', async () => {
    const { body, text } = await answerTo({ body: Array(1000).fill({ body: 'x', keys: Array(15).fill(7) }) });
    expect(body.detail).toMatch(/^the body has more than 10000 faults, of which \d+ are named; nothing was sent$/);
    expect(body.errors).toContainEqual({ pointer: '#/66/keys/14', detail: 'must be a string, but is a number' });
    expect(text.length).toBeLessThan(1_000_000);
    const longName = await answerTo({ body: { body: 'x', tag: 7, ['n'.repeat(1_000_000)]: 7 } });
    expect(longName.body.detail).toBe('the body has 2 faults, of which 1 are named; nothing was sent');
    expect(longName.body.errors).toEqual([{ pointer: '#/tag', detail: 'must be a string, but is a number' }]);
  });

  test.each<[string, object]>([
    ['keys', { keys: Array(16_000).fill(7) }],
    ['properties', { properties: Object.fromEntries(Array.from({ length: 16_000 }, (_, index) => [index, 7])) }],
    ['fields', Object.fromEntries(Array.from({ length: 16_000 }, (_, index) => [`f${index}`, 7]))],
  ])('by more %s than can be stored is told so, not of each', async (_what, parts) => {
    const { status, body } = await answerTo({ body: { body: 'x', ...parts } });
    expect(status).toBe(422);
    expect(body.errors).toEqual([
      {
        pointer: '#',
        detail: expect.stringContaining('must have at most 15425 fields, keys and properties, but has 160'),
      },
    ]);
  });

  test('by the size of a body is told the limit', async () => {
    const tooLarge = 'x'.repeat(4_194_305);
    const bytes = Buffer.alloc(4_194_305).toString('base64');
    for (const [message, field] of [
      [{ body: tooLarge }, 'body'],
      [{ bodyBase64: bytes }, 'bodyBase64'],
    ] as const) {
      expect(await answerTo({ body: message })).toMatchObject({
        status: 413,
        body: {
          limitBytes: 4_194_304,
          errors: [{ pointer: `#/${field}`, detail: 'has 4194305 bytes, over the limit of 4194304' }],
        },
      });
    }
    expect(await answerTo({ body: { body: 'x'.repeat(4_194_304) } })).toMatchObject({ status: 200 });
  });

  test('by a size and by something else is told both', async () => {
    const answer = await answerTo({ body: [{ body: 'x'.repeat(4_194_305) }, { body: 'x', tag: 7 }] });
    expect(answer.status).toBe(422);
    expect(answer.body.errors).toMatchObject([{ pointer: '#/1/tag' }, { pointer: '#/0/body' }]);
  });

  test.each([
    ['', 'the body is empty: it must be a message or a list of messages, as JSON'],
    ['{', 'the body is not JSON: '],
    ['null x', 'the body is not JSON: '],
    ['{"body":"cut off', 'the body is not JSON: '],
  ])('by a body that is %j is told that it is no JSON', async (body, detail) => {
    const answer = await answerTo({ body });
    expect(answer).toMatchObject({ status: 400, body: { code: 'malformed-body' } });
    expect(answer.body.detail).toContain(detail);
  });

  test('by bytes that are no UTF-8 is told so', async () => {
    const event = { ...requestEvent({}), body: Buffer.from('{"body":"\xff"}', 'latin1').toString('base64') };
    const { statusCode, body } = await httpAnswer({ ...event, isBase64Encoded: true }, invocationOf().invocation, 'i');
    expect([statusCode, JSON.parse(body).detail]).toEqual([400, 'the body is not UTF-8']);
  });

  test.each([
    ['text/plain', 415],
    ['application/x-www-form-urlencoded', 415],
    ['application/json; charset=iso-8859-1', 415],
    ['application/jsonp', 415],
    ['application/json; charset=utf-16', 415],
    ['application/json ; charset="utf8"', 200],
    ['application/json; profile=order', 200],
    ['application/json; charset=UTF-8', 200],
    ['Application/JSON', 200],
    ['application/vnd.orders+json', 200],
  ])('or not, by its content type %s, is answered with %d', async (type, status) => {
    const answer = await answerTo({ body: { body: 'x' }, headers: { 'content-type': type } });
    expect(answer.status).toBe(status);
    if (status === 415) expect(answer.body.detail).toContain('must be application/json in UTF-8');
  });

  test('not, by having no content type, is taken for JSON', async () => {
    const event = { ...requestEvent({ body: { body: 'x' } }), headers: {} };
    expect(await httpAnswer(event, invocationOf().invocation, 'i')).toMatchObject({ statusCode: 200 });
  });

  test('by a content encoding is refused, and by that which is none is not', async () => {
    const answer = await answerTo({ body: { body: 'x' }, headers: { 'content-encoding': 'gzip' } });
    expect(answer).toMatchObject({
      status: 415,
      body: { code: 'unsupported-media-type', detail: 'the body must come without a content encoding' },
    });
    const plain = await answerTo({ body: { body: 'x' }, headers: { 'content-encoding': 'Identity' } });
    expect(plain.status).toBe(200);
  });

  test.each([
    ['/', 'unknown-path'],
    ['/nothing', 'unknown-path'],
    ['/messages/1', 'unknown-path'],
    ['/messages/', 'unknown-path'],
    ['/topics/orders/messages/1', 'unknown-path'],
    ['/topics/messages', 'unknown-path'],
    ['/topics//messages', 'unknown-path'],
    ['/topics/orders/eu/messages', 'unknown-path'],
    ['/topics/two%20words/messages', 'unknown-topic'],
    ['/topics/SCHEDULE_TOPIC_XXXX/messages', 'unknown-topic'],
  ])('by its path %s is answered with 404, %s', async (path, code) => {
    expect(await answerTo({ path, body: { body: 'x' } })).toMatchObject({ status: 404, body: { code } });
  });

  test.each([
    ['GET', '/messages', 'POST'],
    ['DELETE', '/topics/orders/messages', 'POST'],
    ['POST', '/openapi.json', 'GET'],
  ])('by its method %s %s is told the right one', async (method, path, allow) => {
    expect(await answerTo({ method, path })).toMatchObject({ status: 405, headers: { allow } });
  });
});

describe('a list', () => {
  test('without messages is stored as it is', async () => {
    expect(await answerTo({ body: [] })).toMatchObject({ status: 200, body: { results: [] } });
  });

  test('of which none is stored has the status they have in common, and each result', async () => {
    const { invocation } = invocationOf(() => sendFailed(refusal(14)));
    const body = [{ body: 'a', shardingKey: 'k' }, { body: 'b', shardingKey: 'k' }, { body: 'c' }];
    const answer = await answerTo({ body }, invocation);
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '5' }, body: { code: 'none-stored' } });
    expect(answer.body.results).toMatchObject([{ status: 503 }, { status: 424, outcome: 'notSent' }, { status: 503 }]);
  });

  test.each<[string, readonly RocketMQError[], string | undefined]>([
    ['a second, where some met a busy cluster', [refusal(2)], '1'],
    ['the longest time of any', [refusal(2), refusal(14), refusal(13, false)], '5'],
    ['no time, where sending again helps none', [refusal(13, false)], undefined],
  ])('of which some are stored says to wait %s', async (_what, errors, seconds) => {
    const { invocation } = invocationOf((message) => {
      const error = errors[Number(bodyText(message))];
      return error === undefined ? undefined : sendFailed(error);
    });
    const { status, headers } = await answerTo({ body: [0, 1, 2, 3].map((at) => ({ body: String(at) })) }, invocation);
    expect([status, headers['retry-after']]).toEqual([207, seconds]);
  });

  test('of any messages, of which any fail in any way, has the result of each, in its order', async () => {
    const ways = [undefined, undefined, refusal(2), refusal(13, false), refusal(14), timeout] as const;
    const expected = [200, 200, 429, 422, 503, 503];
    const item = fc.record({ way: fc.nat({ max: ways.length - 1 }), key: fc.option(fc.constantFrom('a', 'b')) });
    await fc.assert(
      fc.asyncProperty(fc.array(item, { minLength: 1, maxLength: 12 }), async (items) => {
        const { invocation, sent } = invocationOf((message) => {
          const error = ways[items[Number(bodyText(message))]?.way ?? 0];
          return error === undefined ? undefined : sendFailed(error);
        });
        const body = items.map(({ key }, index) => ({ body: String(index), ...(key && { shardingKey: key }) }));
        const answer = await answerTo({ body, headers: { 'idempotency-key': 'k' } }, invocation);
        const stopped = new Set<string>();
        const statuses = items.map(({ way, key }) => {
          if (key !== null && stopped.has(key)) return 424;
          const status = expected[way] ?? 0;
          if (key !== null && status !== 200) stopped.add(key);
          return status;
        });
        const own = new Set(statuses.filter((status) => status !== 424));
        expect(answer.status).toBe(own.size === 1 ? [...own][0] : 207);
        const results = answer.body.results as { status: number; msgId: string; outcome?: string }[];
        expect(results.map(({ status }) => status)).toEqual(statuses);
        expect(results.filter(({ msgId }) => typeof msgId !== 'string' || msgId === '')).toEqual([]);
        expect(sent).toHaveLength(statuses.filter((status) => status !== 424).length);
      }),
      { numRuns: 300 },
    );
  });
});
