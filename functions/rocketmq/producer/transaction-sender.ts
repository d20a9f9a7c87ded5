import type { ClientInstance } from '../client/client-instance.ts';
import { mastersOf, placeOf } from '../client/topic-publish-info.ts';
import { allSettled, type Deadline, earlierOf } from '../deadline.ts';
import { MessageError, OptionsError, RemotingSendRequestError, TransactionTooLateError } from '../errors.ts';
import { decodeOffsetMessageId } from '../protocol/message-id.ts';
import { MessageProperty } from '../protocol/message-properties.ts';
import type { Message } from './message.ts';
import type { ExtraProperties } from './prepared-message.ts';
import type { SendResult } from './send-result.ts';
import type { SendReceipt } from './send-unit.ts';
import type { LocalTransaction, TransactionContext, TransactionOutcome, TransactionResult } from './transaction.ts';
import { TransactionChecks } from './transaction-checks.ts';
import { type EndObserver, type EndOutcome, type EndReceiver, endTransaction, isTold } from './transaction-end.ts';

/** With less time left the end of a transaction is not sent: its answer could hardly come in time. */
const SMALLEST_END_MS = 5;

/** A half message that a broker confirmed. */
export interface StoredHalf {
  readonly result: SendResult;
  readonly receipt: SendReceipt;
  /** Topic as the cluster knows it. */
  readonly topic: string;
  /** Epoch ms, by which the broker counts the message's age. */
  readonly bornAt: number;
}

/** How the transactions of one producer are sent. */
export interface TransactionParts {
  /** As the cluster knows it. */
  readonly group: string;
  /** Most ms for the answer to the end of a transaction. */
  readonly endTimeoutMs: number;
  /** Told of each end, from here or as the answer to a check; undefined where nobody looks on. */
  readonly observeEnd: EndObserver | undefined;
  readonly sendHalf: (marks: ExtraProperties) => Promise<StoredHalf>;
}

/**
 * Sends one transactional message (Java: `DefaultMQProducerImpl.sendMessageInTransaction`): half message, local transaction,
 * end. Where Java's client writes the end and hopes, this one waits for the answer; and it never writes a second one, because
 * a broker delivers a copy for each commit.
 * @throws OptionsError for a local transaction that is no function; MessageError for a delay, which a broker confirms and never
 * delivers, and for a message id of the caller's; what keeps the half message from being sent
 */
export async function sendInTransaction(
  client: ClientInstance,
  parts: TransactionParts,
  message: Message,
  localTransaction: LocalTransaction,
  given: { readonly deadline?: Deadline | undefined; readonly immunityMs?: number | undefined },
): Promise<TransactionResult> {
  refuseNoFunction(localTransaction);
  refuseDelay(message);
  refuseMsgId(message);
  const immunitySeconds = secondsOf(given.immunityMs);
  const deadline = given.deadline ?? { remainingMs: () => Number.POSITIVE_INFINITY };
  const checks = TransactionChecks.of(client);
  const { memory } = checks;
  checks.observe(parts.group, parts.observeEnd);
  client.addTransactionGroup(parts.group);
  const half = await parts.sendHalf({
    [MessageProperty.TRAN_MSG]: 'true',
    [MessageProperty.PGROUP]: parts.group,
    ...(immunitySeconds !== undefined && {
      [MessageProperty.CHECK_IMMUNITY_TIME_IN_SECONDS]: String(immunitySeconds),
    }),
  });
  const { msgId } = half.result;
  // Read before anything is decided: a broker that does not say where the half message is cannot be told its end.
  const { commitLogOffset } = decodeOffsetMessageId(half.receipt.offsetMsgId);
  memory.set(msgId, 'running');
  const isDegraded = half.result.status !== 'SEND_OK';
  const context = { msgId, message, half: half.result, deadline };
  const decided: Decided = isDegraded ? { outcome: 'rollback' } : await decide(localTransaction, context);
  const { outcome } = decided;
  const immuneUntil = immunitySeconds === undefined ? undefined : half.bornAt + immunitySeconds * 1000;
  const ended =
    tooLate(client, msgId, outcome, immuneUntil, deadline) ??
    (await end(client, parts, { ...half, message, commitLogOffset }, outcome, deadline));
  const facts = { msgId, half: half.result, outcome };
  if (!ended.isConfirmed) {
    if (outcome === 'unknown') memory.delete(msgId);
    else memory.set(msgId, outcome);
    if (decided.error !== undefined) return { ...facts, status: 'pending', reason: 'threw', error: decided.error };
    const { reason, error } = ended;
    return { ...facts, status: 'pending', reason, ...(error === undefined ? {} : { error }) };
  }
  memory.set(msgId, outcome === 'commit' ? 'delivered' : 'rollback');
  if (outcome === 'commit') return { ...facts, status: 'committed' };
  return { ...facts, status: 'rolledBack', reason: isDegraded ? 'degraded' : 'localTransaction' };
}

interface EndPlace {
  readonly message: Message;
  readonly commitLogOffset: bigint;
}

interface Decided {
  readonly outcome: TransactionOutcome;
  /** What the local transaction threw; never `undefined` when it threw. */
  readonly error?: unknown;
}

async function decide(localTransaction: LocalTransaction, context: TransactionContext): Promise<Decided> {
  try {
    const outcome: unknown = await localTransaction(context);
    if (outcome === 'commit' || outcome === 'rollback' || outcome === 'unknown') return { outcome };
    const what = `the local transaction returned ${String(outcome)}`;
    throw new TypeError(`${what}: it must return 'commit', 'rollback' or 'unknown'`);
  } catch (error) {
    return { outcome: 'unknown', error: error ?? new Error('the local transaction threw nothing') };
  }
}

/** Why a commit or rollback must not be sent any more; undefined when it may. Unknown may always be: it changes nothing. */
function tooLate(
  client: ClientInstance,
  msgId: string,
  outcome: TransactionOutcome,
  immuneUntil: number | undefined,
  deadline: Deadline,
): EndOutcome | undefined {
  if (outcome === 'unknown') return undefined;
  const pastMs = immuneUntil === undefined ? 0 : client.options.clock.now() - immuneUntil;
  const isPastDeadline = deadline.remainingMs() < SMALLEST_END_MS;
  if (pastMs <= 0 && !isPastDeadline) return undefined;
  const reason = pastMs > 0 ? `its immunity time passed ${pastMs} ms ago` : 'the deadline has passed';
  return { isConfirmed: false, reason: 'tooLate', error: new TransactionTooLateError(msgId, reason, undefined) };
}

async function end(
  client: ClientInstance,
  { group, endTimeoutMs, observeEnd }: TransactionParts,
  { receipt, result, topic, message, commitLogOffset }: StoredHalf & EndPlace,
  outcome: TransactionOutcome,
  deadline: Deadline,
): Promise<EndOutcome> {
  const { addr, queue, queueOffset, transactionId } = receipt;
  const limit = earlierOf(deadline, endTimeoutMs);
  const receiver: EndReceiver = {
    addr,
    request: (request) => client.invokeOnce(addr, request, Math.max(1, limit.remainingMs())),
    oneway: (request) => client.oneway(addr, request, Math.max(1, limit.remainingMs())),
  };
  const info = client.knownPublishInfo(topic);
  // The queue of a static topic names a logical broker; its real one is in the route.
  const brokerName = (info && placeOf(info, queue)?.brokerName) ?? queue.brokerName;
  const ended = await endTransaction(receiver, outcome, {
    topic,
    producerGroup: group,
    tranStateTableOffset: BigInt(queueOffset),
    commitLogOffset,
    isFromCheck: false,
    msgId: result.msgId,
    transactionId,
    brokerName,
  });
  if (observeEnd !== undefined && isTold(ended)) {
    const { tag: tags, keys } = message;
    const { msgId, regionId } = result;
    observeEnd({ topic, msgId, tags, keys: keys?.join(' '), regionId, addr, outcome, isFromCheck: false });
  }
  return ended;
}

function refuseDelay(message: Message): void {
  const fields = ['delayLevel', 'delayMs', 'delaySec', 'deliverAt'] as const;
  const field = fields.find((name) => message[name] !== undefined);
  if (field === undefined) return;
  throw new MessageError(field, `${field} cannot be in a transaction: a broker would confirm it and deliver nothing`);
}

/**
 * A log knows a transaction by the message id alone. A second one under the same id would find the outcome of the first: rolled back for
 * good, or a row that is there already, whose rollback is then told of a message whose commit was lost.
 */
function refuseMsgId({ msgId }: Message): void {
  if (msgId === undefined) return;
  const why = 'each transaction needs an id of its own, for its log keeps one outcome an id';
  const how = 'leave it out, and write the business row on the condition that it is not there yet';
  throw new MessageError('msgId', `msgId cannot be given in a transaction: ${why}; ${how}`);
}

/** Noticed after the half message it would leave that behind, for brokers to ask about. */
function refuseNoFunction(localTransaction: unknown): void {
  if (typeof localTransaction === 'function') return;
  const fault = `the local transaction is of type ${typeof localTransaction}, but must be a function`;
  throw new OptionsError('producer.sendTransaction', [fault]);
}

/** Whole seconds, as the broker counts them: rounded up. */
function secondsOf(immunityMs: number | undefined): number | undefined {
  if (immunityMs === undefined) return undefined;
  if (Number.isFinite(immunityMs) && immunityMs > 0) return Math.ceil(immunityMs / 1000);
  throw new MessageError('immunityMs', `immunityMs is ${immunityMs}, but must be a number of ms above 0`);
}

/**
 * Registers a group with every master that these topics have, also with those that nothing may be written to now, to be asked
 * for open transactions until the last running invocation ends. Resolves when all have answered. Where some do not, or a topic
 * has no route, the others are registered all the same.
 * @throws the first of what kept it from being registered, when the rest has answered.
 */
export async function awaitChecks(
  client: ClientInstance,
  group: string,
  topics: readonly string[],
  deadline: Deadline,
): Promise<void> {
  const masters = topics.map(async (topic) => mastersOf([await client.publishInfo(topic, deadline)]));
  const found = await Promise.allSettled(masters);
  const addrs = new Set(found.flatMap((each) => (each.status === 'fulfilled' ? each.value : [])));
  const hold = async (addr: string) => {
    const timeoutMs = Math.max(1, Math.min(client.options.requestTimeoutMs, deadline.remainingMs()));
    const { answered } = await client.holdTransactionGroup(group, addr, timeoutMs);
    await answered;
  };
  // A connection that was kept may have ended unseen, and the registration with it: the next one is a new one.
  const holdOnceMoreIfClosed = (addr: string) =>
    hold(addr).catch((error: unknown) => {
      if (error instanceof RemotingSendRequestError) return hold(addr);
      throw error;
    });
  const registered = [...addrs].map((addr) => client.security.asking(deadline, () => holdOnceMoreIfClosed(addr)));
  await allSettled([...masters, ...registered]);
}
