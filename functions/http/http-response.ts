import type { HttpProblem } from './http-problem.ts';
import type { EventShape } from './http-request.ts';
import { STATUS_CODES, type Status } from './status-codes.ts';

/** An answer before it takes the shape of the event it belongs to. */
export interface HttpAnswer {
  readonly status: Status;
  readonly contentType: 'application/json' | 'application/problem+json';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** What Lambda returns; which of the fields are there depends on who sent the event. */
export interface HttpResponse {
  readonly statusCode: number;
  readonly statusDescription?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[]>>;
  readonly body: string;
  readonly isBase64Encoded: false;
}

/** The answer for a request that is at fault, or that the cluster did not take. */
export function problemAnswer({ details, headers }: HttpProblem): HttpAnswer {
  return { status: details.status, contentType: 'application/problem+json', headers, body: details };
}

/**
 * An answer in the shape that its gateway reads: an ALB wants a status line, and with multi-value headers on, takes no
 * other kind; the API gateways and function URLs take plain headers.
 */
export function httpResponse({ status, contentType, headers, body }: HttpAnswer, shape: EventShape): HttpResponse {
  const all: Readonly<Record<string, string>> = {
    'content-type': contentType,
    'cache-control': 'no-store',
    ...headers,
  };
  const response = { statusCode: status, body: JSON.stringify(body), isBase64Encoded: false } as const;
  if (shape === 'http-api' || shape === 'rest-api') return { ...response, headers: all };
  const withLine = { ...response, statusDescription: `${status} ${STATUS_CODES[status]}` };
  if (shape === 'alb') return { ...withLine, headers: all };
  const lists = Object.entries(all).map(([name, value]) => [name, [value]] as const);
  return { ...withLine, multiValueHeaders: Object.fromEntries(lists) };
}
