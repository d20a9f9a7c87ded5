import type { ClientInstance } from '../client/client-instance.ts';
import {
  type MessageQueue,
  noPlaceReason,
  type Place,
  placeOf,
  type TopicPublishInfo,
} from '../client/topic-publish-info.ts';
import { monotonicMs } from '../clock.ts';
import { type Deadline, deadlineAfter, earlierOf } from '../deadline.ts';
import {
  BrokerTooOldError,
  DeadlineError,
  DegradedStoreError,
  NoWritableQueueError,
  RocketMQError,
  type SendAttempt,
  SendFailedError,
} from '../errors.ts';
import { MessageSysFlag } from '../protocol/message-sys-flag.ts';
import { versionName } from '../protocol/mq-version.ts';
import { RequestCode } from '../protocol/request-code.ts';
import { decodeSendMessageResponse, encodeMessageSend } from '../protocol/send-message-header.ts';
import { FaultStrategy } from './fault-strategy.ts';
import { KeyedQueues } from './keyed-queues.ts';
import { QueueHeaders } from './queue-headers.ts';
import { QueueSelection } from './queue-selection.ts';
import {
  errorBeside,
  isAboutBroker,
  isAboutQueue,
  isAboutTopic,
  isSignOfLoad,
  mayBeSlave,
  nextStep,
  refusalError,
  sendStatus,
} from './send-policy.ts';
import { receiptAlone, type SendReceipt, type SendUnit, type ToResult, type VersionNeed } from './send-unit.ts';
import { type Answer, type AttemptEnds, Sending, type Wanted } from './sending.ts';

/** With less time left an attempt is not begun: its answer could hardly come in time. */
const SMALLEST_ATTEMPT_MS = 5;
/** Pause before the same broker is tried again; doubles with each attempt, with jitter. */
const FIRST_PAUSE_MS = 50;
const NO_BROKERS: readonly string[] = [];

export interface SendLimits {
  /** Producer group as the cluster knows it. */
  readonly group: string;
  readonly attemptTimeoutMs: number;
  readonly maxAttempts: number;
  readonly unitMode: boolean;
  /** Whether a message that only the master has, its disk or slave not confirming in time, counts as stored. */
  readonly onDegradedStore: 'accept' | 'fail';
  /** Whether a sharding key whose queue is gone moves to another queue. */
  readonly onQueueLost: 'fail' | 'rehash';
}

/** The attempts of a send: which queue, what to do when one fails, and when to give up. */
export class SendLoop implements AttemptEnds {
  readonly #client: ClientInstance;
  readonly #limits: SendLimits;
  readonly #faults: FaultStrategy;
  readonly #selection: QueueSelection;
  readonly #keyedQueues: KeyedQueues;
  readonly #queueHeaders: QueueHeaders;

  constructor(client: ClientInstance, limits: SendLimits) {
    this.#client = client;
    this.#limits = limits;
    this.#faults = new FaultStrategy(client.options.clock);
    this.#selection = new QueueSelection(this.#faults, client.brokerPreference);
    this.#queueHeaders = new QueueHeaders(limits);
    this.#keyedQueues = new KeyedQueues(client.topicRouteTable.absences, limits.onQueueLost);
  }

  /**
   * Queues that a topic has now, for choosing one of them.
   * @throws NoWritableQueueError when it has none; TopicRouteNotFoundError, NoNameServerError, DeadlineError
   */
  async publishInfo(topic: string, deadline: Deadline): Promise<TopicPublishInfo> {
    timeLeft(topic, deadline);
    let info = await this.#client.publishInfo(topic, deadline);
    if (info.queues.length === 0) {
      await this.#client.refreshRouteAfterError(topic, deadline);
      info = await this.#client.publishInfo(topic, deadline);
    }
    if (info.queues.length === 0) throw new NoWritableQueueError(topic, info.emptyReason ?? 'it has no queue');
    return info;
  }

  /** The queue that messages with a sharding key belong to. @throws as `publishInfo`, and when that queue is gone */
  async queueOf(topic: string, shardingKey: string, deadline: Deadline): Promise<MessageQueue> {
    const info = await this.publishInfo(topic, deadline);
    const queue = this.#keyedQueues.queueOf(info, shardingKey);
    if (queue === undefined) throw new NoWritableQueueError(topic, 'it has no queue');
    return queue;
  }

  /**
   * Sends until a broker confirms, no attempt is left or the time is up. With `fixedQueue` every attempt goes to that
   * queue, else each to another broker where there is one. All attempts carry the same message id.
   * @throws SendFailedError with every attempt; when none was made, what kept it from being made.
   */
  send(unit: SendUnit, fixedQueue: MessageQueue | undefined, deadline: Deadline): Promise<SendReceipt> {
    return this.sendFor(unit, fixedQueue, deadline, receiptAlone);
  }

  /** As `send`; resolves to what is made of the receipt. */
  sendFor<T>(
    unit: SendUnit,
    fixedQueue: MessageQueue | undefined,
    deadline: Deadline,
    toResult: ToResult<T>,
  ): Promise<T> {
    const sending = new Sending(this, unit, fixedQueue, deadline, toResult);
    this.#attempt(sending);
    return sending.result as Promise<T>;
  }

  /** Writes a unit to some queue without wanting an answer. Nothing tells whether it arrived. */
  async sendOneway(unit: SendUnit, fixedQueue: MessageQueue | undefined, deadline: Deadline): Promise<void> {
    const wanted = { unit, fixedQueue, deadline, attempts: [] };
    const place = this.#knownPlace(wanted) ?? (await this.#placeOnFreshRoute(wanted));
    timeLeft(unit.topic, deadline);
    this.#client.windows.of(place.addr).countOneway();
    await this.#client.security.asking(deadline, async () => {
      const timeoutMs = Math.max(1, deadline.remainingMs());
      if (unit.needs !== undefined) await this.#checkVersion(unit.needs, place, timeoutMs);
      await this.#client.oneway(place.addr, this.#request(unit, place), timeoutMs);
    });
  }

  /**
   * The next attempt. Most sends need one, at a broker that is known, and are in flight by the thousand: nothing on their way
   * has a promise but the send itself.
   */
  #attempt(sending: Sending): void {
    let place: Place | undefined;
    try {
      place = this.#knownPlace(sending);
    } catch (error) {
      sending.reject(asGivenUp(sending, error));
      return;
    }
    if (place !== undefined) this.#attemptAt(sending, place);
    else
      this.#placeOnFreshRoute(sending)
        .then((found) => this.#attemptAt(sending, found))
        .catch(sending.reject);
  }

  #attemptAt(sending: Sending, place: Place): void {
    let remainingMs: number;
    try {
      // Asked when the route is there: finding it may have taken what time there was.
      remainingMs = timeLeft(sending.unit.topic, sending.deadline);
    } catch (error) {
      sending.reject(asGivenUp(sending, error));
      return;
    }
    const window = this.#client.windows.of(place.addr);
    sending.begin(place, window, this.#client.security.version);
    if (window.tryEnter()) {
      this.#attemptInWindow(sending, place, remainingMs);
      return;
    }
    // With nowhere else to go it keeps its place in the line: at the end of it again it would wait for longer.
    const waitMs = hasOther(sending, place) ? Math.min(this.#limits.attemptTimeoutMs, remainingMs) : remainingMs;
    window.enter(waitMs).then(
      () => {
        sending.begin(place, window, this.#client.security.version);
        this.#attemptInWindow(sending, place);
      },
      (error) => this.#nextAfterFailure(sending, place, error),
    );
  }

  /** Sends the request of an attempt, after what it needs to know or to have said before. */
  #attemptInWindow(sending: Sending, place: Place, remainingMs?: number): void {
    const { unit, deadline } = sending;
    let timeoutMs: number;
    try {
      // Not less what it waited for others: what is sent with little time for its answer is mostly sent twice.
      timeoutMs = Math.min(this.#limits.attemptTimeoutMs, remainingMs ?? timeLeft(unit.topic, deadline));
      if (unit.needs === undefined && !isHalf(unit)) {
        this.#client.invokeFor(sending, place.addr, this.#request(unit, place), timeoutMs);
        return;
      }
    } catch (error) {
      sending.failed(error);
      return;
    }
    this.#answerAfterPreparation(unit, place, deadlineAfter(timeoutMs)).then(
      (answer) => sending.answered(answer),
      (error) => sending.failed(error),
    );
  }

  /** A broker answered the attempt under way. */
  onAnswer(sending: Sending, place: Place, answer: Answer): void {
    let receipt: SendReceipt;
    try {
      receipt = this.#receipt(sending, place, answer);
    } catch (error) {
      this.onFailure(sending, place, error);
      return;
    }
    sending.window.leave(false);
    sending.succeed(receipt);
  }

  /** The attempt under way failed, or was refused. */
  onFailure(sending: Sending, place: Place, error: unknown): void {
    sending.window.leave(error instanceof RocketMQError && isSignOfLoad(error));
    if (error instanceof RocketMQError && error.retryable && isAboutBroker(error))
      this.#faults.failed(place.brokerName);
    this.#nextAfterFailure(sending, place, error);
  }

  async #answerAfterPreparation(unit: SendUnit, place: Place, limit: Deadline): Promise<Answer> {
    const { topic, needs } = unit;
    if (needs !== undefined) await this.#checkVersion(needs, place, timeLeft(topic, limit));
    if (isHalf(unit)) await this.#client.holdTransactionGroup(this.#limits.group, place.addr, timeLeft(topic, limit));
    return this.#client.invoke(place.addr, this.#request(unit, place), timeLeft(topic, limit));
  }

  /** What a broker confirmed. @throws BrokerError when it refused; DegradedStoreError when its store is not enough */
  #receipt({ unit, attempts, startedAt }: Sending, { addr, brokerName, queue }: Place, answer: Answer): SendReceipt {
    const status = sendStatus(answer.code);
    const isSecondCopy = this.#client.wasReplayed(answer);
    if (status === undefined)
      throw refusalError(addr, answer.code, answer.remark, isSecondCopy ? 'unknown' : 'refused');
    if (status !== 'SEND_OK' && this.#limits.onDegradedStore === 'fail' && !isHalf(unit)) {
      throw new DegradedStoreError(addr, status);
    }
    this.#faults.answered(brokerName, monotonicMs() - startedAt);
    const stored = decodeSendMessageResponse(answer.extFields);
    return {
      status,
      addr,
      queue: stored.queueId === queue.queueId ? queue : { ...queue, queueId: stored.queueId },
      queueOffset: stored.queueOffset,
      offsetMsgId: stored.msgId,
      bodyBytes: unit.body.length,
      attempts: attempts.length + 1,
      isPossibleDuplicate: isSecondCopy || attempts.some(({ error }) => error.outcome === 'unknown'),
      regionId: stored.regionId,
      transactionId: stored.transactionId,
      recallHandle: stored.recallHandle,
      isTraceOn: stored.isTraceOn,
    };
  }

  #nextAfterFailure(sending: Sending, place: Place, error: unknown): void {
    this.#prepareNext(sending, place, error)
      .then(() => this.#attempt(sending))
      .catch(sending.reject);
  }

  /** Does what the next attempt needs, where one can help. @throws SendFailedError with every attempt, where none can */
  async #prepareNext(sending: Sending, place: Place, thrown: unknown): Promise<void> {
    if (!(thrown instanceof RocketMQError)) throw thrown;
    const { unit, deadline } = sending;
    const { brokerName, addr, queue } = place;
    const elapsedMs = Math.round(monotonicMs() - sending.startedAt);
    // Keys and authorities rotate: after a denial they are fetched anew, and if they changed, the message is sent once more.
    const { security } = this.#client;
    const isForSecurity = !sending.isSecurityRefreshed && security.mayCure(thrown);
    if (isForSecurity) sending.isSecurityRefreshed = true;
    const isChanged = isForSecurity && (await security.refresh(sending.securityVersion, deadline));
    const error = security.judged(thrown);
    sending.attempts = [...sending.attempts, { brokerName, addr, queueId: queue.queueId, elapsedMs, error }];
    if (isChanged) return;
    // It was not tried there: the next broker may be new enough, and where there is none, its place is refused.
    if (error instanceof BrokerTooOldError) return;
    const step = nextStep(error);
    const count = sending.attempts.filter((attempt) => !isTooOld(attempt)).length;
    if (step === 'none' || count >= this.#limits.maxAttempts) throw givenUp(sending, error);
    await this.#beforeNext(step, unit.topic, error, count, hasOther(sending, place), deadline);
  }

  /** Where the next attempt goes, when the route as known has a place for it. @throws as `#placeOn` */
  #knownPlace(sending: Wanted): Place | undefined {
    const info = this.#client.knownPublishInfo(sending.unit.topic);
    return info === undefined ? undefined : this.#placeOn(info, sending);
  }

  /** @throws NoWritableQueueError, TopicRouteNotFoundError, NoNameServerError, DeadlineError */
  async #placeOnFreshRoute(sending: Wanted): Promise<Place> {
    const { unit, fixedQueue, deadline } = sending;
    const { topic } = unit;
    try {
      timeLeft(topic, deadline);
      if (this.#client.knownPublishInfo(topic) === undefined) {
        const place = this.#placeOn(await this.#client.publishInfo(topic, deadline), sending);
        if (place !== undefined) return place;
      }
      await this.#client.refreshRouteAfterError(topic, deadline);
      const fresh = await this.#client.publishInfo(topic, deadline);
      const place = this.#placeOn(fresh, sending);
      if (place !== undefined) return place;
      throw new NoWritableQueueError(topic, noPlaceReason(fresh, fixedQueue));
    } catch (error) {
      throw asGivenUp(sending, error);
    }
  }

  /** @throws where all brokers that are left are too old, the error of an attempt */
  #placeOn(info: TopicPublishInfo, { fixedQueue, attempts }: Wanted): Place | undefined {
    // Hardly any send has attempts, and there are thousands of sends.
    const tooOld = attempts.length === 0 ? NO_BROKERS : attempts.filter(isTooOld).map(({ brokerName }) => brokerName);
    const place =
      fixedQueue === undefined
        ? this.#selection.next(info, attempts[attempts.length - 1]?.brokerName, tooOld)
        : placeOf(info, fixedQueue);
    // There is no other now. One that failed otherwise may be back later.
    if (place !== undefined && tooOld.includes(place.brokerName)) throw errorBeside(attempts, tooOld);
    return place;
  }

  /** @throws BrokerTooOldError when the broker would do something else than what the unit asks for. */
  async #checkVersion(needs: VersionNeed, { brokerName, addr }: Place, timeoutMs: number): Promise<void> {
    const version = await this.#client.brokerVersion(addr, timeoutMs);
    if (version >= needs.version) return;
    const names = { has: versionName(version), needs: versionName(needs.version) };
    throw new BrokerTooOldError(brokerName, addr, names, needs.feature, needs.otherwise);
  }

  #request(unit: SendUnit, place: Place) {
    const { isBatch, sysFlag, bornAt: bornTimestamp, flag, properties, body } = unit;
    const extFields = encodeMessageSend({ sysFlag, bornTimestamp, flag, properties });
    const code = isBatch ? RequestCode.SEND_BATCH_MESSAGE : RequestCode.SEND_MESSAGE_V2;
    return { code, extFields, sharedFields: this.#queueHeaders.of(unit, place), body };
  }

  /** Refreshes the route where that may help, and waits a little before the same broker is tried again. */
  async #beforeNext(
    step: Exclude<ReturnType<typeof nextStep>, 'none'>,
    topic: string,
    error: RocketMQError,
    attempts: number,
    isElsewhere: boolean,
    deadline: Deadline,
  ): Promise<void> {
    if (step === 'a fresh route') {
      // With another broker to try, the new route is fetched on the side, unless the old one is wrong about that broker too.
      if (!isElsewhere) await this.#client.refreshRouteAfterError(topic, deadline);
      else if (!isAboutQueue(error)) this.#client.refreshRouteBeside(topic, deadline);
      else await this.#client.refreshRouteAfterError(topic, earlierOf(deadline, this.#limits.attemptTimeoutMs));
      if (isAboutTopic(error)) this.#client.forgetIfMissing(topic);
    }
    // On the side: mostly it is busy after all.
    if (mayBeSlave(error)) this.#client.refreshRouteBeside(topic, deadline);
    if (isElsewhere && step !== 'a pause') return;
    const pauseMs = FIRST_PAUSE_MS * 2 ** (attempts - 1) * (0.5 + Math.random());
    await pause(Math.min(pauseMs, Math.max(0, deadline.remainingMs())));
  }
}

/** Waits; `node:timers/promises` would cost each cold start its loading. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** Whether the next attempt can go to another broker. */
function hasOther({ fixedQueue, attempts }: Wanted, { info }: Place): boolean {
  // None is found too old twice.
  return fixedQueue === undefined && info.masterAddrs.size - attempts.filter(isTooOld).length > 1;
}

function isTooOld({ error }: SendAttempt): boolean {
  return error instanceof BrokerTooOldError;
}

/** Ms left for an attempt. @throws DeadlineError when they are too few to begin one, or no number. */
function timeLeft(topic: string, deadline: Deadline): number {
  const remainingMs = deadline.remainingMs();
  if (remainingMs >= SMALLEST_ATTEMPT_MS) return remainingMs;
  throw new DeadlineError(`send to topic "${topic}"`, remainingMs, SMALLEST_ATTEMPT_MS);
}

/** A half message that only the master has is rolled back by who sent it: that is better than to send another. */
function isHalf({ sysFlag }: SendUnit): boolean {
  return (sysFlag & MessageSysFlag.TRANSACTION_PREPARED) !== 0;
}

function asGivenUp(sending: Wanted, error: unknown): unknown {
  return error instanceof RocketMQError ? givenUp(sending, error) : error;
}

function givenUp({ unit, attempts }: Wanted, last: RocketMQError): RocketMQError {
  return attempts.length === 0 ? last : new SendFailedError(unit.topic, unit.msgId, attempts, last);
}
