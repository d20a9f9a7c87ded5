import { Buffer } from 'node:buffer';
import type { ClientInstance } from '../client/client-instance.ts';
import type { Deadline } from '../deadline.ts';
import {
  AccessDeniedError,
  NoWritableQueueError,
  RemotingConnectError,
  RemotingSendRequestError,
  RocketMQError,
} from '../errors.ts';
import { encodeOffsetMessageId } from '../protocol/message-id.ts';
import { MessageProperty } from '../protocol/message-properties.ts';
import { SCHEDULE_TOPIC, TIMER_TOPIC } from '../protocol/message-waiting-topics.ts';
import { MQVersion } from '../protocol/mq-version.ts';
import { encodeQueryMessage, UNIQUE_KEY_QUERY } from '../protocol/query-message-header.ts';
import { RequestCode } from '../protocol/request-code.ts';
import { ResponseCode } from '../protocol/response-code.ts';
import { decodeStoredMessages, type StoredMessage } from '../protocol/stored-message.ts';
import type { MessageDelay } from './message-delay.ts';
import { refusalError } from './send-policy.ts';
import type { SendResult } from './send-result.ts';
import type { SendReceipt } from './send-unit.ts';

/** How a message is to be looked for. */
export interface QueryOptions {
  /** When the answers have to be there, at the latest; the producer's `attemptTimeoutMs` counts besides. */
  readonly deadline?: Deadline;
  /** Epoch ms before which it was not stored for sure, by the brokers' clocks: spares them a search in older files. */
  readonly storedSince?: number;
}

/** What brokers said of a message. */
export interface QueryResult {
  /** Where it is stored; `attempts` is 0. Undefined when no broker that answered has it. */
  readonly stored: SendResult | undefined;
  /** Why brokers gave no answer that counts: one for each that did not. It may be stored at those. */
  readonly unanswered: readonly RocketMQError[];
}

/** What to ask for, in the words of the cluster. */
export interface MessageQuestion {
  readonly topic: string;
  readonly delay: MessageDelay | undefined;
  readonly msgId: string;
  /** The only broker that can have it; undefined, or one that the route does not have: every one may. */
  readonly brokerName: string | undefined;
  readonly storedSince: number;
}

interface Broker {
  readonly brokerName: string;
  readonly addr: string;
}

/** Why a broker is not asked, and since when. */
interface Rest {
  /** Epoch ms. */
  readonly since: number;
  readonly error: RocketMQError;
  /** Of the credentials that were in use then. */
  readonly securityVersion: number;
}

/** A broker that did not answer is not asked again for so long: it would cost each of many messages its whole time limit. */
const REST_MS = 30_000;
/** With less time than this to answer in, silence says nothing of a broker; a failure within it costs next to nothing. */
const FAIR_TIME_MS = 200;
/** What brokers answer at most for a message id, as their own `defaultQueryMaxNum`. */
const MOST_OF_ONE_ID = 32;
/** Declared where the flag beside the header must not be signed: no release takes it into the content for this one. */
const VERSION_LEAVING_FLAG_OUT = MQVersion.V4_9_3;

/**
 * Asks brokers for a message by its id (Java: `MQAdminImpl.queryMessage` by unique key). Survives a freeze; what it knows of
 * brokers that did not answer is forgotten by wall clock.
 */
export class MessageQuery {
  readonly #client: ClientInstance;
  readonly #resting = new Map<string, Rest>();

  constructor(client: ClientInstance) {
    this.#client = client;
  }

  /**
   * Asks all brokers that can have it, at once, and waits for each until the deadline.
   * @throws TopicRouteNotFoundError, NoNameServerError: then nobody was asked, and nothing can be sent either.
   */
  async find(
    question: MessageQuestion,
    deadline: Deadline,
  ): Promise<{ receipt: SendReceipt | undefined; unanswered: RocketMQError[] }> {
    const { topic, delay } = question;
    await this.#client.publishInfo(topic, deadline);
    const topics = delay === undefined ? [topic] : [topic, delay.isTimer ? TIMER_TOPIC : SCHEDULE_TOPIC];
    const brokers = this.#brokersOf(question);
    const answers = await Promise.allSettled(
      brokers.flatMap((broker) => topics.map((asked) => this.#ask(broker, asked, question, deadline))),
    );
    let receipt: SendReceipt | undefined;
    const unanswered: RocketMQError[] = [];
    for (const answer of answers) {
      if (answer.status === 'fulfilled') receipt ??= answer.value;
      else if (answer.reason instanceof RocketMQError) unanswered.push(answer.reason);
      else throw answer.reason;
    }
    return { receipt, unanswered };
  }

  /** Brokers of the topic, those that cannot be written now too: the master, or while there is none, a slave. */
  #brokersOf({ topic, brokerName: only }: MessageQuestion): Broker[] {
    const brokers = this.#client.topicRouteTable.get(topic)?.data.brokerDatas ?? [];
    const reachable = brokers.flatMap(({ brokerName, brokerAddrs }) => {
      // Names that are numbers come in their order: the master's is the lowest.
      const [addr] = Object.values(brokerAddrs);
      return addr === undefined ? [] : [{ brokerName, addr }];
    });
    const named = reachable.filter(({ brokerName }) => brokerName === only);
    if (reachable.length === 0) throw new NoWritableQueueError(topic, 'its route lists no broker');
    return named.length > 0 ? named : reachable;
  }

  async #ask(
    broker: Broker,
    topic: string,
    question: MessageQuestion,
    deadline: Deadline,
  ): Promise<SendReceipt | undefined> {
    const { security, options } = this.#client;
    const { clock } = options;
    const key = `${broker.addr}\n${topic}`;
    const noted = this.#resting.get(key);
    const rest = noted?.securityVersion === security.version ? noted : undefined;
    const restedMs = rest === undefined ? 0 : clock.now() - rest.since;
    if (rest !== undefined && restedMs >= 0 && restedMs < REST_MS) throw rest.error;
    const isTimeFair = deadline.remainingMs() >= FAIR_TIME_MS;
    try {
      // Who may not read the topic is denied each time: keys are fetched anew for the first denial, and not for the next ones.
      const receipt =
        rest?.error instanceof AccessDeniedError
          ? await this.#askOnce(broker, topic, question, deadline)
          : await security.asking(deadline, () => this.#askOnce(broker, topic, question, deadline));
      this.#resting.delete(key);
      return receipt;
    } catch (error) {
      if (error instanceof RocketMQError && isTimeFair && !this.#isBrokenAtOnce(error))
        this.#resting.set(key, { since: clock.now(), error, securityVersion: security.version });
      throw error;
    }
  }

  async #askOnce(
    { brokerName, addr }: Broker,
    topic: string,
    { topic: realTopic, msgId, storedSince }: MessageQuestion,
    deadline: Deadline,
  ): Promise<SendReceipt | undefined> {
    const header = { topic, key: msgId, maxNum: MOST_OF_ONE_ID, beginAt: storedSince, endAt: Number.POSITIVE_INFINITY };
    const request = {
      code: RequestCode.QUERY_MESSAGE,
      extFields: encodeQueryMessage(header),
      unsignedFields: UNIQUE_KEY_QUERY,
      version: VERSION_LEAVING_FLAG_OUT,
    };
    const answer = await this.#client.invoke(addr, request, Math.max(1, deadline.remainingMs()));
    if (answer.code === ResponseCode.QUERY_NOT_FOUND) return undefined;
    if (answer.code !== ResponseCode.SUCCESS) throw refusalError(addr, answer.code, answer.remark);
    // The index is one of hashes: others may be among them.
    const { buffer, byteOffset, length } = answer.body;
    const messages = decodeStoredMessages(Buffer.from(buffer, byteOffset, length));
    const found = messages.find((message) => isThatOne(message, topic, realTopic, msgId));
    return found && receiptOf(found, brokerName, addr, realTopic);
  }

  /** A broker that is being restarted breaks connections and refuses them: it is asked again, since it may be back by then. */
  #isBrokenAtOnce(error: RocketMQError): boolean {
    const isBroken = error instanceof RemotingConnectError || error instanceof RemotingSendRequestError;
    return isBroken && error.elapsedMs < FAIR_TIME_MS && !this.#client.security.mayCure(error);
  }
}

function isThatOne({ topic, properties }: StoredMessage, asked: string, realTopic: string, msgId: string): boolean {
  const belongsTo = asked === realTopic ? topic : properties[MessageProperty.REAL_TOPIC];
  return properties[MessageProperty.UNIQ_KEY] === msgId && topic === asked && belongsTo === realTopic;
}

function receiptOf(message: StoredMessage, brokerName: string, addr: string, topic: string): SendReceipt {
  const { properties, storeHost, commitLogOffset, queueOffset, body } = message;
  const queueId = message.topic === topic ? message.queueId : Number(properties[MessageProperty.REAL_QID]);
  return {
    status: 'SEND_OK',
    addr,
    queue: { topic, brokerName, queueId },
    queueOffset: Number(queueOffset),
    offsetMsgId: encodeOffsetMessageId({ ...storeHost, commitLogOffset }),
    bodyBytes: body.length,
    attempts: 0,
    isPossibleDuplicate: false,
    regionId: properties[MessageProperty.MSG_REGION],
    transactionId: undefined,
    recallHandle: undefined,
    isTraceOn: false,
  };
}
