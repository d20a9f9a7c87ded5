import type { InvocationResult } from '../lambda/invocation-result.ts';

/** What the answer to an order says: the message id of one that was placed, or why it was not. Of one placed before, nothing. */
export function placeOrderOutcome(result: InvocationResult): { accepted: string[]; reported: string[] } {
  if (result.status !== 'ok') return { accepted: [], reported: [result.errorType] };
  const { statusCode, body } = result.payload as { statusCode: number; body: string };
  const { msgId, status, detail } = JSON.parse(body) as { msgId?: string; status?: unknown; detail?: string };
  if (status === 'placedBefore') return { accepted: [], reported: [] };
  if (msgId !== undefined) return { accepted: [msgId], reported: [] };
  return { accepted: [], reported: [`${statusCode} ${detail ?? ''}`.trim()] };
}
