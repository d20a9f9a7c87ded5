import type { DirectResult } from '../../functions/direct/direct-answer.ts';
import { type DirectEvent, readDirectEvent } from '../../functions/direct/direct-event.ts';
import type { InvocationResult } from '../lambda/invocation-result.ts';

/** What the answer to a direct call says: message ids of those stored, and names of the others. */
export function directOutcome(event: unknown, result: InvocationResult): { accepted: string[]; reported: string[] } {
  const names = namesOf(event);
  if (result.status !== 'ok') return { accepted: [], reported: names };
  const results = [result.payload as DirectResult | DirectResult[]].flat();
  return {
    accepted: results.flatMap((one) => (one.status === 'stored' ? [one.msgId] : [])),
    reported: results.flatMap((one, index) => (one.status === 'failed' ? [names[index] ?? `[${index}]`] : [])),
  };
}

function namesOf(event: unknown): string[] {
  let messages: DirectEvent['messages'];
  try {
    ({ messages } = readDirectEvent(event));
  } catch {
    // Told by the failure of the invocation.
    return [];
  }
  return messages.map(({ fields: { id } }, index) => (typeof id === 'string' ? id : `[${index}]`));
}
