import { BrokerError, MessageError, type RocketMQError, SendFailedError } from '#rocketmq';
import type { ProblemFacts } from './http-problem.ts';
import type { Status } from './status-codes.ts';

/** Why a message was not stored, in terms of HTTP. */
export interface SendFailure extends ProblemFacts {
  readonly status: Status;
  readonly outcome: 'refused' | 'notSent' | 'unknown';
}

/** Broker's codes SYSTEM_BUSY and FLOW_CONTROL. */
const TOO_BUSY: ReadonlySet<number> = new Set([2, 215]);
/** Broker's code MESSAGE_ILLEGAL. */
const MESSAGE_ILLEGAL = 13;

const UNKNOWN_DETAIL =
  'no broker confirmed the message, and it may be stored all the same: send it again under the same msgId or Idempotency-Key';

/**
 * Status, code and words for a message that is not known to be stored. The words are of here: what the error says names
 * addresses, which are none of the caller's business and stand in the log.
 * @param isTopicNamed the caller chose the topic, so that a topic that does not exist is the caller's fault.
 * @param msgId that the message was to have.
 */
export function sendFailure(error: RocketMQError, isTopicNamed: boolean, msgId: string | undefined): SendFailure {
  const id = error instanceof SendFailedError ? error.msgId : msgId;
  const { outcome } = error;
  const facts = id === undefined ? { outcome } : { outcome, msgId: id };
  // Whatever came last: what may be stored must not be taken for refused.
  if (outcome === 'unknown') return { status: 503, code: 'outcome-unknown', detail: UNKNOWN_DETAIL, ...facts };
  return { ...ofKnown(error instanceof SendFailedError ? reasonOf(error) : error, isTopicNamed), ...facts };
}

/** What gave a send its outcome: the last attempt that ended so, rather than what kept it from being tried once more. */
function reasonOf({ attempts, outcome, cause }: SendFailedError): unknown {
  return attempts.findLast(({ error }) => error.outcome === outcome)?.error ?? cause;
}

function ofKnown(error: unknown, isTopicNamed: boolean): Omit<SendFailure, 'outcome'> {
  if (error instanceof BrokerError) {
    if (TOO_BUSY.has(error.responseCode)) {
      return { status: 429, code: 'flow-control', detail: 'the cluster has too much to do now: send it again later' };
    }
    if (error.responseCode === MESSAGE_ILLEGAL) {
      return { status: 422, code: 'message-illegal', detail: 'the cluster refuses this message as illegal' };
    }
    return { status: 503, code: 'cluster-refused', detail: 'the cluster refused the message' };
  }
  // A fault of the field "record" is one of this function's own, and its text is not for the caller.
  if (error instanceof MessageError && error.field !== 'record') {
    return { status: 422, code: 'invalid-message', detail: error.message };
  }
  switch (codeOf(error)) {
    case 'ROCKETMQ_BROKER_TOO_OLD':
      return {
        status: 422,
        code: 'delay-not-supported',
        detail: 'the cluster is older than RocketMQ 5.0, which delayMs and deliverAt need: use delayLevel',
      };
    case 'ROCKETMQ_TOPIC_NOT_FOUND':
      if (isTopicNamed) return { status: 404, code: 'unknown-topic', detail: 'the cluster has no such topic' };
      return { status: 503, code: 'no-topic', detail: 'the topic of this function does not exist' };
    case 'ROCKETMQ_ORDER_BLOCKED':
      return {
        status: 424,
        code: 'order-blocked',
        detail: 'not begun, because a message before it with the same shardingKey was not stored',
      };
    case 'ROCKETMQ_DEADLINE':
      return { status: 503, code: 'no-time-left', detail: 'not begun, because the time of this request was up' };
    default:
      return { status: 503, code: 'cluster-unavailable', detail: 'the cluster could not be reached' };
  }
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined;
}
