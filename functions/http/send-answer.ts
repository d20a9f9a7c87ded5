import type { SendOutcome, SendResult } from '#rocketmq';
import type { DeliveredRecord } from '../delivery/deliver.ts';
import { HttpProblem } from './http-problem.ts';
import type { HttpRecord } from './http-records.ts';
import type { HttpAnswer } from './http-response.ts';
import { type SendFailure, sendFailure } from './send-failure.ts';
import type { Status } from './status-codes.ts';

/** Seconds after which a client should ask again. */
const RETRY_AFTER: Readonly<Partial<Record<Status, string>>> = { 429: '1', 503: '5' };

/** What is told of a stored message. Not its `offsetMsgId`: that is the broker's address in hex. */
interface StoredMessage {
  readonly msgId: string;
  readonly topic: string;
  readonly queue: { readonly brokerName: string; readonly queueId: number };
  readonly queueOffset: number;
  readonly storeStatus: SendResult['status'];
  readonly isPossibleDuplicate: boolean;
  readonly recallHandle?: string;
}

type Result = ({ readonly status: 200 } & StoredMessage) | SendFailure;

/**
 * The answer for messages that were sent: 200 when all are stored; for a list, 207 with the result of each when some
 * are. When none is, and all for one reason, the status of that: what retries by the status alone retries rightly.
 * @throws HttpProblem for a single message that was not stored, and for such a list.
 */
export function sendAnswer(
  delivered: readonly DeliveredRecord<HttpRecord, SendOutcome>[],
  records: readonly HttpRecord[],
  request: { readonly isList: boolean; readonly isTopicNamed: boolean },
): HttpAnswer {
  const results = delivered.map(({ outcome }, index): Result => {
    if (outcome.status === 'stored') return { status: 200, ...storedMessage(outcome.result) };
    return sendFailure(outcome.error, request.isTopicNamed, records[index]?.msgId);
  });
  const [first] = results;
  if (!request.isList && first?.status === 200) {
    const { status: _, ...stored } = first;
    return answer(200, stored);
  }
  if (!request.isList && first !== undefined && first.status !== 200) {
    const { status, ...facts } = first;
    throw new HttpProblem(status, facts, retryAfter(status));
  }
  if (results.every(({ status }) => status === 200)) return answer(200, { results });
  const status = commonStatus(results);
  if (status === undefined) return answer(207, { results }, retryAfterAny(results));
  throw new HttpProblem(
    status,
    { code: 'none-stored', detail: 'none of the messages was stored, or known to be', results },
    retryAfter(status),
  );
}

/** The status that no message differs in; those that only waited for another are of no account. */
function commonStatus(results: readonly Result[]): Status | undefined {
  const statuses = new Set(results.map(({ status }) => status).filter((status) => status !== 424));
  const [status] = statuses;
  return statuses.size === 1 && status !== 200 ? status : undefined;
}

function storedMessage(result: SendResult): StoredMessage {
  const { msgId, queue, queueOffset, status, isPossibleDuplicate, recallHandle } = result;
  const { topic, brokerName, queueId } = queue;
  return {
    msgId,
    topic,
    queue: { brokerName, queueId },
    queueOffset,
    storeStatus: status,
    isPossibleDuplicate,
    ...(recallHandle === undefined ? {} : { recallHandle }),
  };
}

function answer(status: Status, body: unknown, headers: Readonly<Record<string, string>> = {}): HttpAnswer {
  return { status, contentType: 'application/json', headers, body };
}

function retryAfter(status: Status): Record<string, string> {
  const seconds = RETRY_AFTER[status];
  return seconds === undefined ? {} : { 'retry-after': seconds };
}

function retryAfterAny(results: readonly Result[]): Record<string, string> {
  const seconds = results.map(({ status }) => Number(RETRY_AFTER[status] ?? 0));
  const longest = Math.max(...seconds);
  return longest === 0 ? {} : { 'retry-after': String(longest) };
}
