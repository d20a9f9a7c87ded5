import type { ClientInstance } from '../client/client-instance.ts';
import type { MessageQueue } from '../client/topic-publish-info.ts';
import { checkedDeadline, type Deadline, earlierOf, LONGEST_TIMER_MS } from '../deadline.ts';
import { MessageError, RocketMQError } from '../errors.ts';
import { checkedTopics } from '../options.ts';
import type { ProducerOptions } from '../producer-options.ts';
import { MessageSysFlag } from '../protocol/message-sys-flag.ts';
import { type Batch, batchUnit, type Placed } from './batch-plan.ts';
import { chosenQueue } from './chosen-queue.ts';
import { KeyOrder } from './key-order.ts';
import { KeyTurns } from './key-turns.ts';
import type { Message } from './message.ts';
import { messageDelay } from './message-delay.ts';
import { checkFields } from './message-fields.ts';
import type { MessageQuery, QueryOptions, QueryResult } from './message-query.ts';
import { MsgIdSource } from './msg-id-source.ts';
import { unwrapNamespace, wrapNamespace } from './namespace.ts';
import { checkedTopic, type ExtraProperties, type PreparationRules, PreparedMessage } from './prepared-message.ts';
import type { ReplyMessage } from './request-reply.ts';
import { type ResolvedProducerOptions, resolveProducerOptions } from './resolved-options.ts';
import { prepareAll, sendInBatches } from './send-all.ts';
import { SendLoop } from './send-loop.ts';
import { type ObservedSend, SendObservers } from './send-observers.ts';
import { checkedOptions, type SendAllOptions, type SendOptions, type TransactionOptions } from './send-options.ts';
import type { SendOutcome, SendResult } from './send-result.ts';
import { ConfirmedSend, receiptAlone, type SendReceipt, StoredOutcome, type ToResult } from './send-unit.ts';
import type { LocalTransaction, TransactionCheckListener, TransactionResult } from './transaction.ts';

const NO_OPTIONS: SendOptions = {};

/**
 * Sends messages for one producer group (Java: `DefaultMQProducer`). Made by `client.producer`; survives a freeze. What few
 * sends need (compression, recall, replies) is loaded at its first use: cold starts do not pay for it.
 */
export class Producer {
  readonly group: string;
  readonly #client: ClientInstance;
  readonly #options: ResolvedProducerOptions;
  readonly #namespace: string | undefined;
  readonly #sendLoop: SendLoop;
  readonly #observers: SendObservers;
  readonly #rules: PreparationRules;
  readonly #keyOrder = new KeyOrder();
  #messageQuery: Promise<MessageQuery> | undefined;
  /** What a caller is told of a message. One function for all sends: each of its own would stay in memory while the send is in flight. */
  readonly #confirmed: ToResult<SendResult> = (receipt, { msgId }, told) =>
    told ?? new ConfirmedSend(receipt, msgId, this.#namespace);

  /** @throws OptionsError for options that cannot be used, and for a group this client has a producer of already. */
  constructor(client: ClientInstance, options: ProducerOptions) {
    const resolved = resolveProducerOptions(options);
    const { clock, namespace } = client.options;
    const msgIds = new MsgIdSource();
    const group = wrapNamespace(namespace, resolved.group);
    this.group = resolved.group;
    this.#client = client;
    this.#options = resolved;
    this.#namespace = namespace;
    this.#rules = {
      maxMessageBytes: resolved.maxMessageBytes,
      maxDelayMs: resolved.maxDelayMs,
      newMsgId: (now) => msgIds.next(now),
      now: () => clock.now(),
      wrapTopic: (topic) => wrapNamespace(namespace, topic),
      instanceId: namespace,
    };
    const limits = { ...resolved, group };
    this.#sendLoop = new SendLoop(client, limits);
    this.#observers = new SendObservers(client, resolved, limits, this.#rules);
    client.addProducer(group, this);
  }

  /**
   * Sends one message and waits until a broker confirmed it.
   * @throws MessageError when no broker would store it as meant; nothing was sent.
   * @throws SendFailedError when no attempt was confirmed; its `outcome` says whether it may be stored all the same.
   * @throws TopicRouteNotFoundError, NoWritableQueueError, NoNameServerError, NoSecurityError, DeadlineError when no attempt was made.
   */
  send(message: Message, options: SendOptions = NO_OPTIONS): Promise<SendResult> {
    return this.#sendObserved(message, options, undefined, this.#confirmed);
  }

  /**
   * Sends one message without waiting for an answer. It may be lost without a trace, also if a broker refuses it. Not for handlers:
   * what is not written when the process freezes leaves much later, or never.
   * @throws MessageError, and what keeps a connection from being made
   */
  async sendOneway(message: Message, options: SendOptions = {}): Promise<void> {
    const { deadline } = checkedOptions('producer.sendOneway', 'send', options);
    const prepared = new PreparedMessage(message, this.#rules);
    const limit = this.#limitOf(deadline);
    await this.#sendLoop.sendOneway(
      await this.#compressed(prepared, limit),
      await chosenQueue(this.#sendLoop, this.#rules.wrapTopic, message, prepared, options, limit),
      limit,
    );
  }

  /**
   * Sends many messages, in batches where possible, and many at once. Resolves to one outcome per message, in the order given, and
   * never rejects because of a message: look at each outcome. Messages with equal sharding keys are stored in the order
   * given; the first of a key that fails blocks the later ones of that key.
   */
  async sendAll(messages: readonly Message[], options: SendAllOptions = {}): Promise<SendOutcome[]> {
    if (!Array.isArray(messages)) throw new MessageError('messages', 'sendAll takes a list of messages, not one');
    const { deadline } = checkedOptions('producer.sendAll', 'list', options);
    const outcomes = new Array<SendOutcome>(messages.length);
    this.#client.checkDueWork(deadline, this.#options.sendTimeoutMs);
    const observed: (ObservedSend | undefined)[] = [];
    const settle = (index: number, outcome: SendOutcome) => {
      outcomes[index] = outcome;
      const watched = observed[index];
      if (watched !== undefined && outcome.status === 'failed') this.#observers.failed(watched, outcome.error);
    };
    const bornAt = this.#rules.now();
    const prepare = (message: Message, index: number) => {
      const watched = this.#observers.begin(message);
      if (watched !== undefined) observed[index] = watched;
      return new PreparedMessage(message, this.#rules, watched?.extraProperties, bornAt);
    };
    const prepared = prepareAll(messages, prepare, settle);
    const turns = new KeyTurns(this.#keyOrder, prepared);
    const { maxBatchMessages, maxBatchBytes, maxMessageBytes } = this.#options;
    const parts = {
      // A batch counts as one message to a broker: 5.5.0 answers SYSTEM_ERROR to one too large, as if it could be retried.
      limits: { maxBatchMessages, maxBatchBytes: Math.min(maxBatchBytes, maxMessageBytes) },
      goesAlone: ({ message }: Placed) => !message.isBatchable || this.#isCompressible(message),
      queueOf: (topic: string, shardingKey: string) =>
        this.#sendLoop.queueOf(topic, shardingKey, this.#limitOf(deadline)),
      sendBatch: async (batch: Batch, queue: MessageQueue | undefined) => {
        if (queue !== undefined) await turns.come(batch, deadline);
        return this.#sendBatch(batch, queue, observed, deadline);
      },
    };
    const settleInTurn = (index: number, outcome: SendOutcome) => {
      settle(index, outcome);
      turns.settled(index);
    };
    await sendInBatches(prepared, parts, settleInTurn).finally(() => turns.leave());
    return outcomes;
  }

  /**
   * Sends a request and waits for a consumer's reply, inside one invocation (Java: `request`). Registers this client with
   * every master of the cluster first, because any of them may get the reply.
   * @throws RequestTimeoutError when no reply came in time; the request itself may be stored. MessageError, as `send`.
   */
  async request(message: Message, timeoutMs: number, options: SendOptions = {}): Promise<ReplyMessage> {
    checkFields(message);
    const { deadline: given } = checkedOptions('producer.request', 'send', options);
    const limit = earlierOf(given, Math.min(timeoutMs, LONGEST_TIMER_MS));
    const topic = checkedTopic(message, this.#rules);
    const { RequestReply } = await import('./rarely-used.ts');
    return RequestReply.of(this.#client).request(topic, timeoutMs, limit, async (properties, deadline) => {
      const prepared = new PreparedMessage(message, this.#rules, properties);
      await this.#dispatch(message, prepared, { ...options, deadline }, receiptAlone);
    });
  }

  /**
   * Takes back a scheduled message before it is due. A broker also answers yes for a message that it never had or that was
   * recalled before, so success proves nothing about the message.
   * @param recallHandle from the message's `SendResult`.
   * @returns the message id that the handle names.
   * @throws RecallError saying what is missing or too late; BrokerTooOldError before 5.3.2.
   */
  async recall(topic: string, recallHandle: string, options: SendAllOptions = {}): Promise<string> {
    const { deadline } = checkedOptions('producer.recall', 'list', options);
    const { recallMessage } = await import('./rarely-used.ts');
    const wrapped = this.#rules.wrapTopic(topic);
    const group = wrapNamespace(this.#namespace, this.group);
    return recallMessage(this.#client, group, wrapped, recallHandle, earlierOf(deadline, this.#options.sendTimeoutMs));
  }

  /**
   * Asks the brokers of a message's topic, or for one with a sharding key only that of its queue, whether they have a message
   * with its `msgId` (Java: `queryMessageByUniqKey`). A broker finds a message about a second after it stored it. One that
   * cannot answer, in time or at all, does not make this fail: it is in `unanswered`, and not asked again for 30 s, unless the
   * connection was refused or broke at once.
   * @throws MessageError without a `msgId`, or for an illegal topic; TopicRouteNotFoundError, NoWritableQueueError,
   * NoNameServerError, NoSecurityError, DeadlineError
   */
  async queryMessageByUniqKey(message: Message, options: QueryOptions = {}): Promise<QueryResult> {
    checkFields(message);
    const { deadline, storedSince = 0 } = checkedOptions('producer.queryMessageByUniqKey', 'query', options);
    const { msgId, shardingKey } = message;
    if (msgId === undefined) throw new MessageError('msgId', 'a message without a message id cannot be asked for');
    this.#messageQuery ??= import('./rarely-used.ts').then(({ MessageQuery }) => new MessageQuery(this.#client));
    const messageQuery = await this.#messageQuery;
    const { attemptTimeoutMs, maxDelayMs, onQueueLost } = this.#options;
    const limit = earlierOf(deadline, attemptTimeoutMs);
    const topic = checkedTopic(message, this.#rules);
    const delay = messageDelay(message, maxDelayMs, this.#rules.now());
    const isQueueSure = shardingKey !== undefined && onQueueLost === 'fail';
    const queue = isQueueSure ? await this.#sendLoop.queueOf(topic, shardingKey, limit) : undefined;
    const question = { topic, delay, msgId, brokerName: queue?.brokerName, storedSince };
    const { receipt, unanswered } = await messageQuery.find(question, limit);
    return { stored: receipt && new ConfirmedSend(receipt, msgId, this.#namespace), unanswered };
  }

  /**
   * Sends a message that consumers see only if a local transaction commits: half message, local transaction, then its end,
   * which is sent once and whose answer is waited for. What is not confirmed is `pending`: the broker asks for it later, so
   * the group needs somebody awake who can say (`onTransactionCheck`). One queue and no delay; never in a batch; under a message id
   * of its own each time.
   * @throws MessageError also for a `msgId` that is given; what keeps the half message from being confirmed, as `send`: the local
   * transaction was not begun then.
   */
  async sendTransaction(
    message: Message,
    localTransaction: LocalTransaction,
    options: TransactionOptions = {},
  ): Promise<TransactionResult> {
    checkFields(message);
    checkedOptions('producer.sendTransaction', 'transaction', options);
    const { sendInTransaction } = await import('./rarely-used.ts');
    const parts = {
      group: wrapNamespace(this.#namespace, this.group),
      endTimeoutMs: this.#options.attemptTimeoutMs,
      observeEnd: this.#endObserver(),
      sendHalf: (marks: ExtraProperties) =>
        this.#sendObserved(message, options, marks, (receipt, unit, told) => {
          const { topic, bornAt } = unit;
          return { result: this.#confirmed(receipt, unit, told), receipt, topic, bornAt };
        }),
    };
    return sendInTransaction(this.#client, parts, message, localTransaction, options);
  }

  /**
   * Lets a listener decide this group's open transactions when a broker asks. Brokers ask this client while it is registered: while an
   * invocation sends transactional messages, and from `awaitTransactionChecks` on; never while frozen. Resolves when it listens.
   * @throws OptionsError for a listener without a function `check`.
   */
  async onTransactionCheck(listener: TransactionCheckListener): Promise<void> {
    const { TransactionChecks } = await import('./rarely-used.ts');
    const group = wrapNamespace(this.#namespace, this.group);
    const checks = TransactionChecks.of(this.#client);
    checks.listen(group, listener);
    checks.observe(group, this.#endObserver());
    this.#client.addTransactionGroup(group);
  }

  /**
   * Registers the group with every master of these topics, to be asked for open transactions until the last running
   * invocation ends. For a function that stays awake to answer; `onTransactionCheck` comes first. To be called again every
   * 30 s or so while it waits: brokers forget a client that sends no heartbeat for 120 s.
   * @throws OptionsError without a topic; TopicRouteNotFoundError, RemotingConnectError and what else keeps it off some master: the
   * others have it then.
   */
  async awaitTransactionChecks(topics: readonly string[], options: SendAllOptions = {}): Promise<void> {
    const { deadline } = checkedOptions('producer.awaitTransactionChecks', 'list', options);
    const { awaitChecks } = await import('./rarely-used.ts');
    const wrapped = checkedTopics('producer.awaitTransactionChecks', topics).map(this.#rules.wrapTopic);
    const limit = this.#limitOf(deadline);
    this.#client.checkDueWork(deadline, this.#options.sendTimeoutMs);
    await awaitChecks(this.#client, wrapNamespace(this.#namespace, this.group), wrapped, limit);
  }

  /** Takes the group off the brokers; the client and its other producers stay. */
  async shutdown(deadline?: Deadline): Promise<void> {
    const limit = this.#limitOf(deadline && checkedDeadline('producer.shutdown', deadline));
    await this.#client.removeProducer(wrapNamespace(this.#namespace, this.group), limit);
  }

  #endObserver() {
    return this.#observers.endObserver((topic) => unwrapNamespace(this.#namespace, topic));
  }

  #limitOf(deadline: Deadline | undefined): Deadline {
    return earlierOf(deadline, this.#options.sendTimeoutMs);
  }

  /**
   * Sends one message, before the eyes of hooks and traces. No async function, nor is what it calls up to the request: each
   * would take the memory and the turns of a promise more, for every message in flight.
   * @param marks properties that make it half of a transaction.
   */
  #sendObserved<T>(
    message: Message,
    options: SendOptions,
    marks: ExtraProperties | undefined,
    toResult: ToResult<T>,
  ): Promise<T> {
    let observed: ObservedSend | undefined;
    try {
      // Those of a transaction were checked before it began.
      if (marks === undefined) checkedOptions('producer.send', 'send', options);
      observed = this.#observers.begin(message);
      const prepared = this.#prepared(message, observed, marks);
      this.#client.checkDueWork(options.deadline, this.#options.sendTimeoutMs);
      if (observed === undefined) return this.#dispatch(message, prepared, options, toResult);
      return this.#observed(observed, prepared, this.#dispatch(message, prepared, options, receiptAlone), toResult);
    } catch (error) {
      if (observed !== undefined && error instanceof RocketMQError) this.#observers.failed(observed, error);
      return Promise.reject(error);
    }
  }

  /** Tells hooks and traces what becomes of a send. */
  async #observed<T>(
    observed: ObservedSend,
    prepared: PreparedMessage,
    sending: Promise<SendReceipt>,
    toResult: ToResult<T>,
  ): Promise<T> {
    try {
      const receipt = await sending;
      const result = this.#confirmed(receipt, prepared);
      this.#observers.stored(observed, prepared, result, receipt);
      return toResult(receipt, prepared, result);
    } catch (error) {
      if (error instanceof RocketMQError) this.#observers.failed(observed, error);
      throw error;
    }
  }

  #prepared(message: Message, observed: ObservedSend | undefined, marks: ExtraProperties | undefined) {
    if (marks === undefined) return new PreparedMessage(message, this.#rules, observed?.extraProperties);
    const prepared = new PreparedMessage(message, this.#rules, { ...observed?.extraProperties, ...marks });
    return { ...prepared, sysFlag: MessageSysFlag.TRANSACTION_PREPARED };
  }

  /** Sends one message, in the most frequent case without a closure for what comes later. */
  #dispatch<T>(message: Message, prepared: PreparedMessage, options: SendOptions, toResult: ToResult<T>): Promise<T> {
    if (prepared.shardingKey !== undefined || options.queue !== undefined || options.selectQueue !== undefined) {
      return this.#dispatchToQueue(message, prepared, options, toResult);
    }
    if (this.#isCompressible(prepared)) return this.#dispatchCompressed(prepared, options, toResult);
    return this.#sendLoop.sendFor(prepared, undefined, this.#limitOf(options.deadline), toResult);
  }

  /** Sends one message once it is compressed; its own time begins then. */
  async #dispatchCompressed<T>(prepared: PreparedMessage, options: SendOptions, toResult: ToResult<T>): Promise<T> {
    const unit = await this.#compressed(prepared, options.deadline);
    return this.#sendLoop.sendFor(unit, undefined, this.#limitOf(options.deadline), toResult);
  }

  /** Sends one message to the queue chosen for it. With a sharding key it waits for its turn, until `deadline`; its own time begins then. */
  #dispatchToQueue<T>(
    message: Message,
    prepared: PreparedMessage,
    options: SendOptions,
    toResult: ToResult<T>,
  ): Promise<T> {
    const { shardingKey, topic } = prepared;
    const send = async () => {
      const limit = this.#limitOf(options.deadline);
      const queue = await chosenQueue(this.#sendLoop, this.#rules.wrapTopic, message, prepared, options, limit);
      return this.#sendLoop.sendFor(await this.#compressed(prepared, limit), queue, limit, toResult);
    };
    return shardingKey === undefined ? send() : this.#keyOrder.run(topic, shardingKey, send, options.deadline);
  }

  #isCompressible({ body }: PreparedMessage): boolean {
    return this.#options.compression !== 'none' && body.length >= this.#options.compressionThresholdBytes;
  }

  async #compressed(prepared: PreparedMessage, deadline: Deadline | undefined): Promise<PreparedMessage> {
    const { compression, compressionLevel } = this.#options;
    if (compression === 'none' || !this.#isCompressible(prepared)) return prepared;
    const { compressBody } = await import('./rarely-used.ts');
    const smaller = await compressBody(prepared.body, compression, compressionLevel, deadline);
    return smaller === undefined
      ? prepared
      : { ...prepared, body: smaller.body, sysFlag: prepared.sysFlag | smaller.sysFlag };
  }

  async #sendBatch(
    batch: Batch,
    queue: MessageQueue | undefined,
    observed: readonly (ObservedSend | undefined)[],
    deadline: Deadline | undefined,
  ): Promise<readonly SendOutcome[]> {
    const [first] = batch;
    if (first === undefined) return [];
    const unit = batch.length === 1 ? await this.#compressed(first.message, deadline) : batchUnit(batch);
    const receipt = await this.#sendLoop.send(unit, queue, this.#limitOf(deadline));
    const offsetMsgIds = receipt.offsetMsgId.split(',');
    return batch.map(({ index, message }, place) => {
      const result = new ConfirmedSend(receipt, message.msgId, this.#namespace, place, offsetMsgIds[place]);
      const watched = observed[index];
      const bodyBytes = batch.length === 1 ? receipt.bodyBytes : message.body.length;
      if (watched !== undefined) this.#observers.stored(watched, message, result, { ...receipt, bodyBytes });
      return new StoredOutcome(result);
    });
  }
}

/** What a producer can do, as a type that other objects may have too: the class has members of its own that they cannot. */
export type ProducerCalls = Pick<Producer, keyof Producer>;
