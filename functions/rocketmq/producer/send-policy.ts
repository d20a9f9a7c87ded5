import { isAccessDenial } from '../client/access-denial.ts';
import {
  AccessDeniedError,
  BrokerError,
  DeadlineError,
  type Outcome,
  type RocketMQError,
  type SendAttempt,
} from '../errors.ts';
import { ResponseCode, responseCodeName } from '../protocol/response-code.ts';
import type { SendStatus } from './send-result.ts';

/** What to do after a send that a broker refused. */
interface Refusal {
  /** What the next attempt waits for; `none`: there is no next attempt, every broker would say the same. */
  readonly next: 'another broker' | 'a fresh route' | 'a pause' | 'none';
  /** Whether the same message can be stored later, when something outside of it has changed. */
  readonly isRetryable: boolean;
  /** Whether it is about the message itself: each copy of it is refused. */
  readonly isAboutMessage?: boolean;
  readonly hint?: string;
}

/** Answers that mean stored. */
const statuses: Readonly<Record<number, SendStatus>> = {
  [ResponseCode.SUCCESS]: 'SEND_OK',
  [ResponseCode.FLUSH_DISK_TIMEOUT]: 'FLUSH_DISK_TIMEOUT',
  [ResponseCode.SLAVE_NOT_AVAILABLE]: 'SLAVE_NOT_AVAILABLE',
  [ResponseCode.FLUSH_SLAVE_TIMEOUT]: 'FLUSH_SLAVE_TIMEOUT',
};

const ANOTHER_BROKER: Refusal = { next: 'another broker', isRetryable: true };
const FRESH_ROUTE: Refusal = { next: 'a fresh route', isRetryable: true };
const PAUSE: Refusal = { next: 'a pause', isRetryable: true };
const PERMANENT: Refusal = { next: 'none', isRetryable: false };
const ILLEGAL: Refusal = { ...PERMANENT, isAboutMessage: true };
const DENIED: Refusal = { next: 'none', isRetryable: false };

/** Refusals by response code; a code not listed is permanent. */
const refusals: Readonly<Record<number, Refusal>> = {
  [ResponseCode.SYSTEM_ERROR]: ANOTHER_BROKER,
  [ResponseCode.SYSTEM_BUSY]: PAUSE,
  [ResponseCode.MESSAGE_ILLEGAL]: ILLEGAL,
  [ResponseCode.SERVICE_NOT_AVAILABLE]: FRESH_ROUTE,
  [ResponseCode.TOPIC_NOT_EXIST]: FRESH_ROUTE,
  // The queue may have gone with a changed queue count; an illegal name is refused before it is sent.
  [ResponseCode.INVALID_PARAMETER]: FRESH_ROUTE,
  [ResponseCode.NO_BUYER_ID]: ANOTHER_BROKER,
  [ResponseCode.NOT_IN_CURRENT_UNIT]: ANOTHER_BROKER,
  [ResponseCode.FLOW_CONTROL]: PAUSE,
  [ResponseCode.NOT_LEADER_FOR_QUEUE]: FRESH_ROUTE,
  [ResponseCode.GO_AWAY]: FRESH_ROUTE,
};

/** How a message was stored; undefined when the answer is a refusal. */
export function sendStatus(code: number): SendStatus | undefined {
  return statuses[code];
}

/**
 * What a refusal asks for. Told apart by their texts: SYSTEM_ERROR is also how ACL 1.0 says no, how 5.x calls a batch over
 * its limit illegal, and how 4.x says that a topic has fewer queues now; NO_PERMISSION is also what a broker answers that
 * is read-only.
 */
function refusalOf(code: number, remark: string | undefined): Refusal {
  if (isAccessDenial(code, remark)) return DENIED;
  if (code === ResponseCode.SYSTEM_ERROR && remark?.includes('message body size exceeded')) return ILLEGAL;
  if (isQueueGone(code, remark)) return FRESH_ROUTE;
  if (code === ResponseCode.NO_PERMISSION) return remark?.includes('sending message') ? ANOTHER_BROKER : PERMANENT;
  return refusals[code] ?? PERMANENT;
}

/** Whether a broker does not have the queue: its topic has fewer now, or a logical one is elsewhere. */
function isQueueGone(code: number, remark: string | undefined): boolean {
  if (code === ResponseCode.SYSTEM_ERROR) return remark?.startsWith('request queueId[') === true;
  return code === ResponseCode.INVALID_PARAMETER || code === ResponseCode.NOT_LEADER_FOR_QUEUE;
}

/**
 * The error of a refused request.
 * @param outcome `unknown` where the refused one is the second copy of a request, of whose first one nothing is known; it is refused
 * all the same where the message itself is at fault.
 */
export function refusalError(
  addr: string,
  code: number,
  remark: string | undefined,
  outcome: Outcome = 'refused',
): BrokerError | AccessDeniedError {
  const refusal = refusalOf(code, remark);
  if (refusal === DENIED) return new AccessDeniedError(addr, remark, outcome);
  const name = responseCodeName(code);
  const told = refusal.isAboutMessage === true ? 'refused' : outcome;
  return new BrokerError(addr, { code, name, remark, retryable: refusal.isRetryable }, refusal.hint, told);
}

/** What an attempt that failed for whatever reason asks for. */
export function nextStep(error: RocketMQError): Refusal['next'] {
  if (error instanceof BrokerError) return refusalOf(error.responseCode, error.remark).next;
  // Other brokers would be asked with the same credentials.
  if (!error.retryable || error instanceof AccessDeniedError) return 'none';
  return error.code === 'ROCKETMQ_CONNECT' ? 'a fresh route' : 'another broker';
}

/**
 * Whether the broker may be a slave by now: in 5.x one refuses every request, before it is looked at and as for want of time (Java:
 * `SendMessageProcessor.rejectRequest`).
 */
export function mayBeSlave(error: RocketMQError): boolean {
  const isBusy = error instanceof BrokerError && error.responseCode === ResponseCode.SYSTEM_BUSY;
  return isBusy && error.remark?.startsWith('[REJECTREQUEST]') === true;
}

/** Whether the broker showed that it has too much to do. */
export function isSignOfLoad(error: RocketMQError): boolean {
  if (error instanceof BrokerError) return refusalOf(error.responseCode, error.remark).next === 'a pause';
  return error.code === 'ROCKETMQ_TIMEOUT';
}

/** Whether the broker is to rest: not where it answered for the topic, and not where there was no time to ask it. */
export function isAboutBroker(error: RocketMQError): boolean {
  return !isAboutTopic(error) && !isAboutQueue(error) && !(error instanceof DeadlineError);
}

/** The broker does not have the queue, and by the same route others may not have theirs. */
export function isAboutQueue(error: RocketMQError): boolean {
  return error instanceof BrokerError && isQueueGone(error.responseCode, error.remark);
}

/** The broker answered for the topic, not for itself. */
export function isAboutTopic(error: RocketMQError): boolean {
  return error instanceof BrokerError && error.responseCode === ResponseCode.TOPIC_NOT_EXIST;
}

/** What the last attempt failed with, if possible of those at other brokers than these. */
export function errorBeside(
  attempts: readonly SendAttempt[],
  brokerNames: readonly string[],
): RocketMQError | undefined {
  return (attempts.findLast(({ brokerName }) => !brokerNames.includes(brokerName)) ?? attempts.at(-1))?.error;
}
