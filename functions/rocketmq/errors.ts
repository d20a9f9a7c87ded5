/**
 * What is known of a request that did not succeed.
 * - `refused`: the server answered no; it stored nothing.
 * - `notSent`: no byte of it left this process; it cannot have been stored.
 * - `unknown`: it was written and no answer came; it may have been stored.
 */
export type Outcome = 'refused' | 'notSent' | 'unknown';

interface ErrorFacts {
  readonly code: string;
  readonly retryable: boolean;
  readonly outcome: Outcome;
  readonly cause?: unknown;
}

/**
 * Base of every error this library throws. Match on `code`: it is stable, while class names change under minification.
 * `retryable` says whether the same request can succeed later; `outcome` says whether it may have been stored.
 */
export abstract class RocketMQError extends Error {
  readonly code: string;
  readonly retryable: boolean;
  readonly outcome: Outcome;

  constructor(message: string, facts: ErrorFacts) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = facts.code;
    this.retryable = facts.retryable;
    this.outcome = facts.outcome;
    // Own and enumerable, so that a log line of a minified bundle still shows a name people can search for.
    this.name = facts.code;
  }
}

/** Options or environment variables that cannot be used. `faults` has one sentence for each of them, all at once. */
export class OptionsError extends RocketMQError {
  readonly faults: readonly string[];

  constructor(subject: string, faults: readonly string[]) {
    super(`${subject}: ${faults.join('; ')}`, { code: 'ROCKETMQ_OPTIONS', retryable: false, outcome: 'notSent' });
    this.faults = faults;
  }
}

/** A message that no broker would store as meant. Raised before anything is sent; sending it again cannot help. */
export class MessageError extends RocketMQError {
  readonly field: string;

  constructor(field: string, message: string) {
    super(message, { code: 'ROCKETMQ_MESSAGE_ILLEGAL', retryable: false, outcome: 'notSent' });
    this.field = field;
  }
}

/** Bytes that are not a RocketMQ frame, or a body that is not what its request code promises. */
export class RemotingCommandError extends RocketMQError {
  readonly reason: string;
  readonly byteOffset: number;

  /** @param direction `out` for a frame that could not be written, and so was not sent. */
  constructor(reason: string, byteOffset: number, cause?: unknown, direction: 'in' | 'out' = 'in') {
    super(`${reason} (at byte ${byteOffset})`, {
      code: 'ROCKETMQ_REMOTING_COMMAND',
      retryable: direction === 'in',
      outcome: direction === 'in' ? 'unknown' : 'notSent',
      cause,
    });
    this.reason = reason;
    this.byteOffset = byteOffset;
  }
}

/** No connection to an address came about: refused, unreachable, name not resolved, TLS handshake failed, or too slow. */
export class RemotingConnectError extends RocketMQError {
  readonly addr: string;
  readonly elapsedMs: number;

  constructor(addr: string, reason: string, elapsedMs: number, cause?: unknown) {
    super(`cannot connect to ${addr}: ${reason} (after ${elapsedMs} ms)`, {
      code: 'ROCKETMQ_CONNECT',
      retryable: true,
      outcome: 'notSent',
      cause,
    });
    this.addr = addr;
    this.elapsedMs = elapsedMs;
  }
}

/** A connection ended while a request was on it: `notSent` when the request was not written yet, else `unknown`. */
export class RemotingSendRequestError extends RocketMQError {
  readonly addr: string;
  readonly opaque: number;
  readonly elapsedMs: number;
  /** Whether the server had never said anything on the connection. */
  readonly isUnheard: boolean;

  /** @param hint why that may be, where the server never said anything. */
  constructor(
    addr: string,
    opaque: number,
    outcome: 'notSent' | 'unknown',
    elapsedMs: number,
    cause?: unknown,
    hint?: string,
  ) {
    const written = outcome === 'notSent' ? 'before the request was written' : 'before it was answered';
    const why =
      hint ?? (cause instanceof RemotingCommandError ? `what came is no RocketMQ frame: ${cause.message}` : '');
    super(`connection to ${addr} closed ${written} (opaque ${opaque}, after ${elapsedMs} ms)${why ? `; ${why}` : ''}`, {
      code: 'ROCKETMQ_CONNECTION_CLOSED',
      retryable: true,
      outcome,
      cause,
    });
    this.addr = addr;
    this.opaque = opaque;
    this.elapsedMs = elapsedMs;
    this.isUnheard = hint !== undefined;
  }
}

/** No answer within the limit. Only this request fails; a late answer is consumed and dropped. */
export class RemotingTimeoutError extends RocketMQError {
  readonly addr: string;
  readonly opaque: number;
  readonly elapsedMs: number;

  constructor(addr: string, opaque: number, elapsedMs: number) {
    super(`no answer from ${addr} within ${elapsedMs} ms (opaque ${opaque})`, {
      code: 'ROCKETMQ_TIMEOUT',
      retryable: true,
      outcome: 'unknown',
    });
    this.addr = addr;
    this.opaque = opaque;
    this.elapsedMs = elapsedMs;
  }
}

/** No name server could be asked: none is configured, or each one tried failed (`tried` and `cause` say how). */
export class NoNameServerError extends RocketMQError {
  readonly tried: readonly string[];

  constructor(message: string, tried: readonly string[], cause?: unknown) {
    super(message, { code: 'ROCKETMQ_NO_NAME_SERVER', retryable: true, outcome: 'notSent', cause });
    this.tried = tried;
  }
}

/** Credentials and TLS settings could not be fetched, so nothing was connected to; `cause` is what the fetch failed with. */
export class NoSecurityError extends RocketMQError {
  constructor(reason: string, cause?: unknown) {
    super(`credentials and TLS settings cannot be fetched: ${reason}`, {
      code: 'ROCKETMQ_NO_SECURITY',
      retryable: true,
      outcome: 'notSent',
      cause,
    });
  }
}

/** The name servers answer, but know no route of the topic. Topics are never created by sending. */
export class TopicRouteNotFoundError extends RocketMQError {
  readonly topic: string;
  readonly nameServerAddrs: readonly string[];

  constructor(topic: string, nameServerAddrs: readonly string[], cause?: unknown) {
    super(
      `topic "${topic}" has no route at ${nameServerAddrs.join(', ')}: create the topic, or correct its name or namespace`,
      { code: 'ROCKETMQ_TOPIC_NOT_FOUND', retryable: true, outcome: 'notSent', cause },
    );
    this.topic = topic;
    this.nameServerAddrs = nameServerAddrs;
  }
}

/** The topic's route is known, but no queue of it can be written: read-only, or its brokers have no master now. */
export class NoWritableQueueError extends RocketMQError {
  readonly topic: string;

  constructor(topic: string, reason: string) {
    super(`topic "${topic}" has no queue that can be written: ${reason}`, {
      code: 'ROCKETMQ_NO_WRITABLE_QUEUE',
      retryable: true,
      outcome: 'notSent',
    });
    this.topic = topic;
  }
}

/** A server answered with a code other than success. `responseCodeName` is its name in RocketMQ's `ResponseCode`. */
export class BrokerError extends RocketMQError {
  readonly addr: string;
  readonly responseCode: number;
  readonly responseCodeName: string;
  readonly remark: string | undefined;

  constructor(
    addr: string,
    answer: { code: number; name: string; remark: string | undefined; retryable: boolean },
    hint?: string,
    outcome: Outcome = 'refused',
  ) {
    super(
      `${addr} answered ${answer.code} ${answer.name}${answer.remark ? `: ${answer.remark}` : ''}${hint ? ` (${hint})` : ''}`,
      { code: 'ROCKETMQ_BROKER', retryable: answer.retryable, outcome },
    );
    this.addr = addr;
    this.responseCode = answer.code;
    this.responseCodeName = answer.name;
    this.remark = answer.remark;
  }
}

/** The broker is of a version that would silently do something else than what was asked for. Nothing was sent. */
export class BrokerTooOldError extends RocketMQError {
  readonly brokerName: string;
  readonly addr: string;

  constructor(
    brokerName: string,
    addr: string,
    versions: { readonly has: string; readonly needs: string },
    feature: string,
    otherwise: string,
  ) {
    super(
      `broker ${brokerName} at ${addr} is RocketMQ ${versions.has}, but ${feature} needs ${versions.needs}: it would ${otherwise}`,
      { code: 'ROCKETMQ_BROKER_TOO_OLD', retryable: false, outcome: 'notSent' },
    );
    this.brokerName = brokerName;
    this.addr = addr;
  }
}

/** Stored on the master, but its disk or slave did not confirm in time, and the producer is told to take that as a failure. */
export class DegradedStoreError extends RocketMQError {
  readonly addr: string;
  readonly status: string;

  constructor(addr: string, status: string) {
    super(`${addr} stored the message with ${status}, which "onDegradedStore: fail" takes as a failure`, {
      code: 'ROCKETMQ_DEGRADED_STORE',
      retryable: true,
      outcome: 'unknown',
    });
    this.addr = addr;
    this.status = status;
  }
}

/** The broker knows these credentials not at all, not with this signature, or not with the right that was needed. */
export class AccessDeniedError extends RocketMQError {
  readonly addr: string;
  readonly remark: string | undefined;

  /** @param retryable Whether other credentials may be there by now, which could not be fetched. */
  constructor(addr: string, remark: string | undefined, outcome: Outcome = 'refused', retryable = false) {
    const reason = remark ?? 'no reason given';
    super(`${addr} denied access: ${reason}; check access key, secret key, rights and IP of this producer`, {
      code: 'ROCKETMQ_ACCESS_DENIED',
      retryable,
      outcome,
    });
    this.addr = addr;
    this.remark = remark;
  }
}

/** One try of a send: on which broker and queue, how long it took, and how it ended. */
export interface SendAttempt {
  readonly brokerName: string;
  readonly addr: string;
  readonly queueId: number;
  /** Without what it waited for its turn, unless it had none in time. */
  readonly elapsedMs: number;
  readonly error: RocketMQError;
}

/** What several outcomes come to: the first of these that one of them is. */
const STRONGEST_FIRST: readonly Outcome[] = ['unknown', 'refused', 'notSent'];

/**
 * A message that is not known to be stored after all its attempts. `outcome` is `unknown` as soon as one attempt is:
 * then the message may be stored, and a retry with the same message id can duplicate it. Else `refused` as soon as one was.
 */
export class SendFailedError extends RocketMQError {
  readonly topic: string;
  readonly msgId: string;
  readonly attempts: readonly SendAttempt[];

  constructor(topic: string, msgId: string, attempts: readonly SendAttempt[], last: RocketMQError) {
    const tries = attempts.map(
      (attempt, index) =>
        `${index + 1}) ${attempt.brokerName} (${attempt.addr}) queue ${attempt.queueId} after ${attempt.elapsedMs} ms: ${attempt.error.message}`,
    );
    const outcomes = [...attempts.map(({ error }) => error.outcome), last.outcome];
    // What ended it is usually the last attempt; else (no time, no route any more) it is said too.
    if (attempts.at(-1)?.error !== last) tries.push(last.message);
    super(`message ${msgId} to topic "${topic}" failed after ${attempts.length} attempt(s): ${tries.join('; ')}`, {
      code: 'ROCKETMQ_SEND_FAILED',
      retryable: last.retryable,
      outcome: STRONGEST_FIRST.find((told) => outcomes.includes(told)) ?? last.outcome,
      cause: last,
    });
    this.topic = topic;
    this.msgId = msgId;
    this.attempts = attempts;
  }
}

/** A scheduled message was not taken back; the message says what is wrong or missing. */
export class RecallError extends RocketMQError {
  /** The broker's answer; undefined when it was not asked. */
  readonly responseCode: number | undefined;

  constructor(reason: string, responseCode: number | undefined) {
    super(`recall failed: ${reason}`, {
      code: 'ROCKETMQ_RECALL',
      retryable: false,
      outcome: responseCode === undefined ? 'notSent' : 'refused',
    });
    this.responseCode = responseCode;
  }
}

/** A request was sent, and no reply came in time. The consumer may have got it, and may reply yet. */
export class RequestTimeoutError extends RocketMQError {
  readonly topic: string;
  readonly correlationId: string;
  readonly timeoutMs: number;

  constructor(topic: string, correlationId: string, timeoutMs: number) {
    super(`no reply to request ${correlationId} on topic "${topic}" within ${timeoutMs} ms`, {
      code: 'ROCKETMQ_REQUEST_TIMEOUT',
      retryable: true,
      outcome: 'unknown',
    });
    this.topic = topic;
    this.correlationId = correlationId;
    this.timeoutMs = timeoutMs;
  }
}

/** A transaction was not ended, because that came too late. It stays open; the broker will ask for its outcome. */
export class TransactionTooLateError extends RocketMQError {
  readonly msgId: string;
  /** Address of the broker that refused the end; undefined when it was not sent at all. */
  readonly refusedBy: string | undefined;

  constructor(msgId: string, reason: string, refusedBy: string | undefined) {
    const by = refusedBy === undefined ? 'was not sent' : `was refused by ${refusedBy}`;
    super(`the end of transaction ${msgId} ${by}: ${reason}; its outcome is left to the broker's check`, {
      code: 'ROCKETMQ_TRANSACTION_TOO_LATE',
      retryable: false,
      outcome: refusedBy === undefined ? 'notSent' : 'refused',
    });
    this.msgId = msgId;
    this.refusedBy = refusedBy;
  }
}

/** Not begun, because one before it with the same ordering key was not stored. Its own content is not at fault. */
export class OrderBlockedError extends RocketMQError {
  constructor(blocker: string) {
    super(`not begun, because ${blocker} before it, with the same ordering key, was not stored`, {
      code: 'ROCKETMQ_ORDER_BLOCKED',
      retryable: true,
      outcome: 'notSent',
    });
  }
}

/** Not begun, because too little time was left to finish it. */
export class DeadlineError extends RocketMQError {
  readonly remainingMs: number;
  readonly neededMs: number;

  constructor(what: string, remainingMs: number, neededMs: number) {
    super(`${what} not begun: ${Math.max(0, Math.floor(remainingMs))} ms left, ${neededMs} ms needed`, {
      code: 'ROCKETMQ_DEADLINE',
      retryable: true,
      outcome: 'notSent',
    });
    this.remainingMs = remainingMs;
    this.neededMs = neededMs;
  }
}

/** The client was shut down; make a new one. */
export class ClientClosedError extends RocketMQError {
  /** @param outcome `unknown` of a request that was sent, and whose reply is not waited for any more. */
  constructor(outcome: Outcome = 'notSent') {
    super('the client is shut down', { code: 'ROCKETMQ_CLIENT_CLOSED', retryable: false, outcome });
  }
}
