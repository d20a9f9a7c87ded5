import { expect, test } from 'vitest';
import { ResponseCode, responseCodeName } from '../../../../functions/rocketmq/protocol/response-code.ts';

test('every response code has one name', () => {
  for (const [name, code] of Object.entries(ResponseCode)) expect(responseCodeName(code)).toBe(name);
  expect(new Set(Object.values(ResponseCode)).size).toBe(Object.keys(ResponseCode).length);
});

test('a response code that is not known is named so', () => {
  expect(responseCodeName(9999)).toBe('UNKNOWN_CODE');
});
