import { Buffer, isUtf8 } from 'node:buffer';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { HttpProblem } from './http-problem.ts';

/** An order as it was asked for. */
export interface OrderRequest {
  /** The `Idempotency-Key`: the same order asked for again is the same order. */
  readonly orderId: string;
  /** JSON of the order, as it came. */
  readonly order: string;
}

const KEY = /^[\x21-\x7e]{1,128}$/;

/**
 * Reads the request.
 * @throws HttpProblem that says what is wrong with it, TypeError when the event is no request: nobody waits for a status.
 */
export function orderRequest(event: APIGatewayProxyEventV2): OrderRequest {
  // What invoked the function decides what the event is, whatever its type says.
  const given: Partial<APIGatewayProxyEventV2> | null = event;
  if (given?.requestContext?.http === undefined || given.headers === undefined) {
    throw new TypeError('the event is no request of a function URL or an HTTP API (payload 2.0)');
  }
  const { requestContext, headers, body, isBase64Encoded } = event;
  if (requestContext.http.method !== 'POST')
    throw new HttpProblem(405, 'orders are placed with POST', { allow: 'POST' });
  // The header's standard has it in quotes, and many clients leave them out.
  const orderId = headers['idempotency-key']?.replace(/^"(.*)"$/, '$1') ?? '';
  if (!KEY.test(orderId)) {
    throw new HttpProblem(400, 'Idempotency-Key must be given, with 1 to 128 characters of ASCII and no blanks');
  }
  const bytes = Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8');
  const order = bytes.toString();
  // What is no UTF-8 would be stored with other characters in its place, and nobody be told.
  if (isUtf8(bytes) && isJsonObject(order)) return { orderId, order };
  throw new HttpProblem(400, 'the body must be an order as a JSON object in UTF-8');
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    // The caller is told that it is none.
    return false;
  }
}
