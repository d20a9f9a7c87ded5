import type { ClientInstance } from '../client/client-instance.ts';
import { called } from '../client/shared-work.ts';
import type { Deadline } from '../deadline.ts';
import { DeadlineError, OptionsError, RemotingCommandError } from '../errors.ts';
import { type CheckTransaction, decodeCheckTransaction } from '../protocol/check-transaction-header.ts';
import { MessageProperty } from '../protocol/message-properties.ts';
import { MessageSysFlag } from '../protocol/message-sys-flag.ts';
import { RequestCode } from '../protocol/request-code.ts';
import { unwrapNamespace } from './namespace.ts';
import { plainBody } from './plain-body.ts';
import type { CheckedMessage, TransactionCheckListener, TransactionOutcome } from './transaction.ts';
import { type EndObserver, type EndReceiver, endTransaction, isTold } from './transaction-end.ts';
import { TransactionMemory } from './transaction-memory.ts';

/** Longest that a check may take, its listener and the broker's answer together, if its listener says nothing (Java waits as long). */
const CHECK_LIMIT_MS = 3_000;

/** The part of a connection that a check is answered on. */
interface CheckConnection {
  readonly addr: string;
  request(request: Parameters<EndReceiver['request']>[0], timeoutMs: number): ReturnType<EndReceiver['request']>;
  oneway(request: Parameters<EndReceiver['oneway']>[0]): void;
}

interface OpenCheck {
  readonly check: CheckTransaction;
  readonly connection: CheckConnection;
}

interface Decision {
  readonly answer: TransactionOutcome;
  readonly isDelivered: boolean;
  readonly error?: unknown;
}

const ofClient = new WeakMap<ClientInstance, TransactionChecks>();

/**
 * Answers brokers' questions for the outcome of transactions (CHECK_TRANSACTION_STATE), of all groups of a client, on the
 * connection that each came on. A freeze may leave several questions for one transaction in a socket: only the newest
 * names the place where the half message is now, so only that is answered.
 */
export class TransactionChecks {
  readonly memory = new TransactionMemory();
  readonly #client: ClientInstance;
  /** By group as the cluster knows it. */
  readonly #listeners = new Map<string, TransactionCheckListener>();
  readonly #endObservers = new Map<string, EndObserver>();
  /** The newest question not answered yet, by broker and transaction. */
  readonly #open = new Map<string, OpenCheck>();

  /** Use `of`: a client has one. */
  constructor(client: ClientInstance) {
    this.#client = client;
    client.registerHandler(RequestCode.CHECK_TRANSACTION_STATE, ({ extFields, body }, connection) => {
      this.#receive(extFields, body, connection);
      return 'no answer';
    });
  }

  static of(client: ClientInstance): TransactionChecks {
    const checks = ofClient.get(client) ?? new TransactionChecks(client);
    ofClient.set(client, checks);
    return checks;
  }

  /**
   * Has checks of a group decided by a listener, in place of the one before.
   * @throws OptionsError for one that cannot decide, or has no time to: every check would be answered with "unknown", until the message is given up.
   */
  listen(group: string, listener: TransactionCheckListener): void {
    if (typeof listener?.check !== 'function') {
      const fault = 'the listener has no function "check": give an object with one, as logCheckListener(log) makes it';
      throw new OptionsError('producer.onTransactionCheck', [fault]);
    }
    const { limitMs = CHECK_LIMIT_MS } = listener;
    if (typeof limitMs !== 'number' || !(limitMs > 0)) {
      throw new OptionsError('producer.onTransactionCheck', [
        `"limitMs" is ${limitMs}, but must be a number of ms above 0`,
      ]);
    }
    this.#listeners.set(group, listener);
  }

  /** Has somebody look on at the ends of a group's transactions. */
  observe(group: string, observer: EndObserver | undefined): void {
    if (observer !== undefined) this.#endObservers.set(group, observer);
  }

  #receive(extFields: Parameters<typeof decodeCheckTransaction>[0], body: Uint8Array, on: CheckConnection): void {
    let check: CheckTransaction;
    try {
      check = decodeCheckTransaction(extFields, body);
    } catch (error) {
      if (error instanceof RemotingCommandError) return; // Nothing in it says what to answer; the broker asks again.
      throw error;
    }
    const { host, port } = check.message.storeHost;
    const key = `${host}:${port} ${check.msgId}`;
    const present = this.#open.get(key);
    if (present !== undefined && present.check.commitLogOffset > check.commitLogOffset) return;
    this.#open.set(key, { check, connection: on });
    if (present !== undefined) return;
    const limitMs = this.#listeners.get(check.producerGroup)?.limitMs ?? CHECK_LIMIT_MS;
    this.#client.beside(limitMs, (deadline) => this.#answerNewest(key, deadline));
  }

  async #answerNewest(key: string, deadline: Deadline): Promise<void> {
    // What waited in the socket is read in these turns of the event loop.
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    try {
      for (let asked = this.#open.get(key); asked !== undefined; ) {
        const message = await checkedMessage(asked.check, this.#client.options.namespace);
        const decision = await this.#decide(asked.check, message, deadline);
        const newest = this.#open.get(key) ?? asked;
        await this.#answer(newest, message, decision, deadline);
        const next = this.#open.get(key);
        asked = next === newest ? undefined : next;
      }
    } finally {
      this.#open.delete(key);
    }
  }

  /** What this client knows for sure comes first, then the listener, then what this client had meant to do. */
  async #decide(check: CheckTransaction, message: CheckedMessage, deadline: Deadline): Promise<Decision> {
    const { msgId, producerGroup } = check;
    const state = this.memory.get(msgId);
    if (state === 'delivered') return { answer: 'rollback', isDelivered: true };
    // Its sender is about to say; a listener could only find nothing yet, and take that for a rollback.
    if (state === 'running') return { answer: 'unknown', isDelivered: false };
    const own = state ?? 'unknown';
    const listener = this.#listeners.get(producerGroup);
    if (listener === undefined) return { answer: own, isDelivered: false };
    try {
      const tooSlow = () => new DeadlineError(`check of transaction ${msgId}`, deadline.remainingMs(), 1);
      const answer = await called(() => listener.check(message), deadline, tooSlow);
      return { answer: answer === 'commit' || answer === 'rollback' ? answer : own, isDelivered: false };
    } catch (error) {
      return { answer: own, isDelivered: false, error };
    }
  }

  async #answer(
    { check, connection }: OpenCheck,
    message: CheckedMessage,
    decision: Decision,
    deadline: Deadline,
  ): Promise<void> {
    const { msgId, producerGroup, tranStateTableOffset, commitLogOffset, transactionId, brokerName } = check;
    const receiver: EndReceiver = {
      addr: connection.addr,
      request: (request) => connection.request(request, Math.max(1, deadline.remainingMs())),
      oneway: (request) => connection.oneway(request),
    };
    const { topic } = check.message;
    const place = { tranStateTableOffset, commitLogOffset, brokerName };
    const header = { ...place, topic, producerGroup, isFromCheck: true, msgId, transactionId };
    const ended = await endTransaction(receiver, decision.answer, header);
    if (isTold(ended)) {
      this.#endObservers.get(producerGroup)?.({
        topic,
        msgId,
        tags: message.properties[MessageProperty.TAGS],
        keys: message.properties[MessageProperty.KEYS],
        regionId: message.properties[MessageProperty.MSG_REGION],
        addr: connection.addr,
        outcome: decision.answer,
        isFromCheck: true,
      });
    }
    if (ended.isConfirmed && decision.answer === 'commit') this.memory.set(msgId, 'delivered');
    const error = decision.error ?? (ended.isConfirmed ? undefined : ended.error);
    const { answer, isDelivered } = decision;
    const { isConfirmed } = ended;
    const report = { message, answer, isDelivered, isConfirmed, ...(error === undefined ? {} : { error }) };
    const listener = this.#listeners.get(producerGroup);
    try {
      const tooSlow = () => new DeadlineError(`note of transaction ${msgId}`, deadline.remainingMs(), 1);
      await called(async () => listener?.answered?.(report), deadline, tooSlow);
    } catch {
      // The broker has its answer, whatever the listener makes of it and however long; the invocation is not to wait for that.
    }
  }
}

/** The half message as its sender knew it: without its namespace, as Java's client shows it too. */
async function checkedMessage(
  { msgId, message }: CheckTransaction,
  namespace: string | undefined,
): Promise<CheckedMessage> {
  const { properties, bornAt } = message;
  const topic = unwrapNamespace(namespace, message.topic);
  const checkTimes = Number(properties[MessageProperty.TRANSACTION_CHECK_TIMES] ?? 1);
  return { msgId, topic, body: await bodyOf(message), properties, bornAt, checkTimes };
}

/** The body as its sender had it; as it is stored, where it cannot be read: its transaction can be decided all the same. */
async function bodyOf({ body, sysFlag }: CheckTransaction['message']): Promise<Uint8Array> {
  if ((sysFlag & MessageSysFlag.COMPRESSED) === 0) return body;
  return plainBody(body, sysFlag).catch(() => body);
}
