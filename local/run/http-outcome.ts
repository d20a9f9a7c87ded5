import type { InvocationResult } from '../lambda/invocation-result.ts';

interface MessageResult {
  readonly status?: number;
  readonly msgId?: string;
  readonly code?: string;
}

interface AnswerBody extends MessageResult {
  readonly results?: readonly MessageResult[];
  /** Of the OpenAPI document, which is no answer about messages. */
  readonly openapi?: string;
}

/** What an HTTP answer says: message ids of those stored, and for each other one why it is not. */
export function httpOutcome(result: InvocationResult): { accepted: string[]; reported: string[] } {
  if (result.status !== 'ok') return { accepted: [], reported: [result.errorType] };
  const { statusCode, body } = result.payload as { statusCode: number; body: string };
  const answer = JSON.parse(body) as AnswerBody;
  if (answer.openapi !== undefined) return { accepted: [], reported: [] };
  const results = answer.results ?? [{ ...answer, status: statusCode }];
  const stored = results.filter(({ status }) => status === 200);
  return {
    accepted: stored.flatMap(({ msgId }) => msgId ?? []),
    reported: results
      .filter((one) => !stored.includes(one))
      .map(({ status, code }) => `${status} ${code ?? ''}`.trim()),
  };
}
