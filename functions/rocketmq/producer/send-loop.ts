import { setTimeout as pause } from 'node:timers/promises';
import type { ClientInstance } from '../client/client-instance.ts';
import type { MessageQueue, TopicPublishInfo } from '../client/topic-publish-info.ts';
import { type Deadline, deadlineAfter } from '../deadline.ts';
import {
  BrokerError,
  DeadlineError,
  NoWritableQueueError,
  RocketMQError,
  type SendAttempt,
  SendFailedError,
} from '../errors.ts';
import { RequestCode } from '../protocol/request-code.ts';
import { ResponseCode } from '../protocol/response-code.ts';
import { decodeSendMessageResponse, encodeSendMessageV2 } from '../protocol/send-message-header.ts';
import { FaultStrategy } from './fault-strategy.ts';
import type { PreparedMessage } from './prepared-message.ts';
import { QueueSelection, queueOfKey } from './queue-selection.ts';
import { isSignOfLoad, nextStep, refusalError, sendStatus } from './send-policy.ts';
import type { SendResult } from './send-result.ts';

/** With less time left an attempt is not begun: its answer could hardly come in time. */
const SMALLEST_ATTEMPT_MS = 5;
/** Pause before the same broker is tried again; doubles with each attempt, with jitter. */
const FIRST_PAUSE_MS = 50;

export interface SendLimits {
  readonly group: string;
  readonly attemptTimeoutMs: number;
  readonly maxAttempts: number;
}

/** The attempts of a send: which queue, what to do when one fails, and when to give up. */
export class SendLoop {
  private readonly client: ClientInstance;
  private readonly limits: SendLimits;
  private readonly faults: FaultStrategy;
  private readonly selection: QueueSelection;

  constructor(client: ClientInstance, limits: SendLimits) {
    this.client = client;
    this.limits = limits;
    this.faults = new FaultStrategy(client.options.clock);
    this.selection = new QueueSelection(this.faults);
  }

  /**
   * The queue that a message with a sharding key belongs to.
   * @throws NoWritableQueueError when the topic has none; TopicRouteNotFoundError, NoNameServerError, DeadlineError
   */
  async queueOf(topic: string, shardingKey: string, deadline: Deadline): Promise<MessageQueue> {
    timeLeft(topic, deadline);
    let info = await this.client.publishInfo(topic, deadline);
    if (info.queues.length === 0) {
      await this.client.refreshRouteAfterError(topic, deadline);
      info = await this.client.publishInfo(topic, deadline);
    }
    const queue = queueOfKey(info, shardingKey);
    if (queue === undefined) throw new NoWritableQueueError(topic, info.emptyReason ?? 'it has no queue');
    return queue;
  }

  /**
   * Sends until a broker confirms, no attempt is left or the time is up. With `fixedQueue` every attempt goes to that
   * queue, else each to another broker where there is one. All attempts carry the same message id.
   * @throws SendFailedError with every attempt; when none was made, what kept it from being made.
   */
  async send(message: PreparedMessage, fixedQueue: MessageQueue | undefined, deadline: Deadline): Promise<SendResult> {
    const failed: SendAttempt[] = [];
    for (;;) {
      const { queue, addr, info, remainingMs } = await this.place(message, fixedQueue, failed, deadline);
      const startedAt = performance.now();
      try {
        return await this.attempt(message, queue, addr, failed, Math.min(this.limits.attemptTimeoutMs, remainingMs));
      } catch (error) {
        if (!(error instanceof RocketMQError)) throw error;
        const elapsedMs = Math.round(performance.now() - startedAt);
        failed.push({ brokerName: queue.brokerName, addr, queueId: queue.queueId, elapsedMs, error });
        const step = nextStep(error);
        if (step === 'none' || failed.length >= this.limits.maxAttempts) throw givenUp(message, failed, error);
        const hasOther = fixedQueue === undefined && info.masterAddrs.size > 1;
        await this.beforeNext(step, message.topic, error, failed.length, hasOther, deadline);
      }
    }
  }

  /** Where the next attempt goes, and the time left for it. */
  private async place(
    message: PreparedMessage,
    fixedQueue: MessageQueue | undefined,
    failed: readonly SendAttempt[],
    deadline: Deadline,
  ): Promise<{ queue: MessageQueue; addr: string; info: TopicPublishInfo; remainingMs: number }> {
    const { topic } = message;
    try {
      timeLeft(topic, deadline);
      let info = this.client.knownPublishInfo(topic) ?? (await this.client.publishInfo(topic, deadline));
      const avoid = failed.at(-1)?.brokerName;
      let queue = fixedQueue ?? this.selection.next(info, avoid);
      if (queue === undefined || !info.masterAddrs.has(queue.brokerName)) {
        await this.client.refreshRouteAfterError(topic, deadline);
        info = await this.client.publishInfo(topic, deadline);
        queue = fixedQueue ?? this.selection.next(info, avoid);
      }
      if (queue === undefined) throw new NoWritableQueueError(topic, info.emptyReason ?? 'it has no queue');
      const addr = info.masterAddrs.get(queue.brokerName);
      if (addr === undefined) {
        const reason = `the master of ${queue.brokerName}, which holds the queue of this sharding key, is gone`;
        throw new NoWritableQueueError(topic, info.emptyReason ?? reason);
      }
      // Asked again: finding the route may have taken what there was.
      return { queue, addr, info, remainingMs: timeLeft(topic, deadline) };
    } catch (error) {
      throw error instanceof RocketMQError ? givenUp(message, failed, error) : error;
    }
  }

  private async attempt(
    message: PreparedMessage,
    queue: MessageQueue,
    addr: string,
    failed: readonly SendAttempt[],
    timeoutMs: number,
  ): Promise<SendResult> {
    const { brokerName } = queue;
    const window = this.client.windowOf(addr);
    const limit = deadlineAfter(timeoutMs);
    if (!window.tryEnter()) await window.enter(timeoutMs);
    const startedAt = performance.now();
    let isBusy = false;
    try {
      const remainingMs = timeLeft(message.topic, limit);
      const answer = await this.client.invoke(addr, this.request(message, queue), remainingMs);
      const status = sendStatus(answer.code);
      if (status === undefined) throw refusalError(addr, answer.code, answer.remark);
      this.faults.answered(brokerName, performance.now() - startedAt);
      const stored = decodeSendMessageResponse(answer.extFields);
      return {
        status,
        msgId: message.msgId,
        offsetMsgId: stored.msgId,
        queue: stored.queueId === queue.queueId ? queue : { ...queue, queueId: stored.queueId },
        queueOffset: stored.queueOffset,
        attempts: failed.length + 1,
        isPossibleDuplicate: failed.some(({ error }) => error.outcome === 'unknown'),
        regionId: stored.regionId,
      };
    } catch (error) {
      if (error instanceof RocketMQError) {
        isBusy = isSignOfLoad(error);
        if (error.retryable && !isAboutTopic(error)) this.faults.failed(brokerName);
      }
      throw error;
    } finally {
      window.leave(isBusy);
    }
  }

  private request(message: PreparedMessage, queue: MessageQueue) {
    const extFields = encodeSendMessageV2({
      producerGroup: this.limits.group,
      topic: message.topic,
      defaultTopic: message.topic,
      defaultTopicQueueNums: 4,
      queueId: queue.queueId,
      sysFlag: 0,
      bornTimestamp: message.bornAt,
      flag: message.flag,
      properties: message.properties,
      reconsumeTimes: 0,
      unitMode: false,
      maxReconsumeTimes: undefined,
      batch: false,
      brokerName: queue.brokerName,
    });
    return { code: RequestCode.SEND_MESSAGE_V2, extFields, body: message.body };
  }

  /** Refreshes the route where that may help, and waits a little before the same broker is tried again. */
  private async beforeNext(
    step: Exclude<ReturnType<typeof nextStep>, 'none'>,
    topic: string,
    error: RocketMQError,
    attempts: number,
    hasOther: boolean,
    deadline: Deadline,
  ): Promise<void> {
    if (step === 'a fresh route') {
      // With another broker to try, the new route is fetched on the side.
      const refresh = this.client.refreshRouteAfterError(topic, deadline);
      if (!hasOther) await refresh;
      if (isAboutTopic(error)) this.client.forgetIfMissing(topic);
    }
    if (hasOther && step !== 'a pause') return;
    const pauseMs = FIRST_PAUSE_MS * 2 ** (attempts - 1) * (0.5 + Math.random());
    await pause(Math.min(pauseMs, Math.max(0, deadline.remainingMs())));
  }
}

/** Ms left for an attempt. @throws DeadlineError when they are too few to begin one. */
function timeLeft(topic: string, deadline: Deadline): number {
  const remainingMs = deadline.remainingMs();
  if (remainingMs >= SMALLEST_ATTEMPT_MS) return remainingMs;
  throw new DeadlineError(`send to topic "${topic}"`, remainingMs, SMALLEST_ATTEMPT_MS);
}

/** The broker answered for the topic, not for itself: it need not rest. */
function isAboutTopic(error: RocketMQError): boolean {
  return error instanceof BrokerError && error.responseCode === ResponseCode.TOPIC_NOT_EXIST;
}

function givenUp(message: PreparedMessage, failed: readonly SendAttempt[], last: RocketMQError): RocketMQError {
  return failed.length === 0 ? last : new SendFailedError(message.topic, message.msgId, failed, last);
}
