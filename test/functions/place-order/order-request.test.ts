import { Buffer } from 'node:buffer';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { expect, test } from 'vitest';
import { orderRequest } from '../../../functions/place-order/order-request.ts';
import { sample } from '../bundled-function.ts';

const request = (key: string, body = '{}'): APIGatewayProxyEventV2 => ({
  ...sample<APIGatewayProxyEventV2>('place-order', 'plain'),
  headers: { 'idempotency-key': key },
  body,
});

test.each([
  ['as it is', 'o-1', 'o-1'],
  ['in the quotes of the standard', '"o-1"', 'o-1'],
  ['of 128 characters', 'k'.repeat(128), 'k'.repeat(128)],
])('a key is taken %s', (_, key, orderId) => {
  expect(orderRequest(request(key)).orderId).toBe(orderId);
});

test.each(['', '""', 'k'.repeat(129), 'o 1', 'ö-1'])('the key "%s" is refused', (key) => {
  expect(() => orderRequest(request(key))).toThrow('Idempotency-Key must be given');
});

test.each(['', '[]', 'null', '"order"', '1', '{'])('the body %s is no order', (body) => {
  expect(() => orderRequest(request('o-1', body))).toThrow('the body must be an order as a JSON object');
});

test('a body in base64 is an order as its bytes are, if they are UTF-8', () => {
  const inBase64 = (bytes: Buffer) => ({ ...request('o-1', bytes.toString('base64')), isBase64Encoded: true });
  expect(orderRequest(inBase64(Buffer.from('{"name":"Zoë"}'))).order).toBe('{"name":"Zoë"}');
  expect(() => orderRequest(inBase64(Buffer.from('{"name":"Zoë"}', 'latin1')))).toThrow('as a JSON object in UTF-8');
});
