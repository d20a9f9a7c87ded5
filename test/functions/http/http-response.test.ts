import { expect, test } from 'vitest';
import { HttpProblem } from '../../../functions/http/http-problem.ts';
import { type HttpAnswer, httpResponse, problemAnswer } from '../../../functions/http/http-response.ts';

const answer: HttpAnswer = {
  status: 207,
  contentType: 'application/json',
  headers: { 'retry-after': '5' },
  body: { results: [] },
};
const headers = { 'content-type': 'application/json', 'cache-control': 'no-store', 'retry-after': '5' };
const fixed = { statusCode: 207, body: '{"results":[]}', isBase64Encoded: false };

test.each(['http-api', 'rest-api'] as const)('for %s there are a status, headers and a body', (shape) => {
  expect(httpResponse(answer, shape)).toEqual({ ...fixed, headers });
});

test('for an ALB there is a status line besides', () => {
  expect(httpResponse(answer, 'alb')).toEqual({ ...fixed, statusDescription: '207 Multi-Status', headers });
});

test('for an ALB with multi-value headers every header is a list, and there are no others', () => {
  expect(httpResponse(answer, 'alb-multi-value')).toEqual({
    ...fixed,
    statusDescription: '207 Multi-Status',
    multiValueHeaders: { 'content-type': ['application/json'], 'cache-control': ['no-store'], 'retry-after': ['5'] },
  });
});

test('a problem has its own media type, and the phrase of its status as title', () => {
  const problem = new HttpProblem(405, { code: 'method-not-allowed', detail: 'POST' }, { allow: 'POST' });
  expect(problemAnswer(problem)).toEqual({
    status: 405,
    contentType: 'application/problem+json',
    headers: { allow: 'POST' },
    body: {
      type: 'about:blank',
      title: 'Method Not Allowed',
      status: 405,
      code: 'method-not-allowed',
      detail: 'POST',
    },
  });
});
