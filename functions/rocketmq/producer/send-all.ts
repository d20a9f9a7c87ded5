import type { MessageQueue } from '../client/topic-publish-info.ts';
import { allSettled } from '../deadline.ts';
import { BrokerError, MessageError, OrderBlockedError, RocketMQError } from '../errors.ts';
import { type Batch, type BatchLimits, cutIntoBatches, Placed } from './batch-plan.ts';
import { keyOf } from './key-order.ts';
import type { Message } from './message.ts';
import type { PreparedMessage } from './prepared-message.ts';
import type { SendOutcome } from './send-result.ts';

/** Requests of one `sendAll` under way at once. */
const REQUESTS_AT_ONCE = 64;

/** What `sendAll` leaves to the producer. */
export interface SendAllParts {
  readonly limits: BatchLimits;
  /** Whether a message has to go alone: scheduled, or large enough to be compressed. */
  readonly goesAlone: (placed: Placed) => boolean;
  /** Queue of a keyed message. Rejects when the topic has no route, or no queue. */
  readonly queueOf: (topic: string, shardingKey: string) => Promise<MessageQueue>;
  /** Sends one request's messages; rejects when none of them is known to be stored. */
  readonly sendBatch: (batch: Batch, queue: MessageQueue | undefined) => Promise<readonly SendOutcome[]>;
}

/** Requests that go one after the other: those of one queue with sharding keys, or a single one. */
interface Lane {
  readonly queue: MessageQueue | undefined;
  readonly batches: readonly Batch[];
}

/** Prepares each message. One that cannot be sent as meant is settled at once, and so are the later ones of its sharding key. */
export function prepareAll(
  messages: readonly Message[],
  prepare: (message: Message, index: number) => PreparedMessage,
  settle: (index: number, outcome: SendOutcome) => void,
): Placed[] {
  const prepared: Placed[] = [];
  /** What blocks a key. */
  const blocked = new Map<string, string>();
  for (let index = 0; index < messages.length; index++) {
    // Whoever writes JavaScript may have put anything into the list; `prepare` says so.
    const message: Message | undefined = messages[index];
    const key = message?.shardingKey === undefined ? undefined : keyOf(message.topic, message.shardingKey);
    try {
      const placed = new Placed(index, prepare(message as Message, index));
      const blocker = key === undefined ? undefined : blocked.get(key);
      if (blocker === undefined) prepared.push(placed);
      else settle(index, failed(new OrderBlockedError(blocker)));
    } catch (error) {
      if (!(error instanceof MessageError)) throw error;
      settle(index, failed(error));
      if (key !== undefined && !blocked.has(key))
        blocked.set(key, `message ${message?.msgId ?? `${index} of the list`}`);
    }
  }
  return prepared;
}

/**
 * Sends many messages in as few requests as the limits allow: messages of one topic share batches; with sharding keys,
 * those of one queue do, in order. Requests are pipelined, but the batches of one queue with keys wait for each other. A
 * failed batch blocks the keys in it; other keys of the queue go on. Tells each message's outcome through `settle`.
 */
export async function sendInBatches(
  messages: readonly Placed[],
  parts: SendAllParts,
  settle: (index: number, outcome: SendOutcome) => void,
): Promise<void> {
  const lanes = unorderedLanes(messages, parts);
  const keyed = keyedByTopic(messages);
  const [first] = lanes;
  // Most lists make one batch.
  if (first !== undefined && lanes.length === 1 && keyed.length === 0) return runLane(first, parts, settle);
  let next = 0;
  let atWork = 0;
  const work = async () => {
    atWork++;
    for (let lane = lanes[next]; lane !== undefined; lane = lanes[next]) {
      next++;
      await runLane(lane, parts, settle);
    }
    atWork--;
  };
  // Where all are at work, they come to the lanes that were added too.
  const begin = () =>
    allSettled(Array.from({ length: Math.min(REQUESTS_AT_ONCE - atWork, lanes.length - next) }, work));
  // Each topic for itself: one whose route is waited for holds up no other.
  const beginTopic = async (ofTopic: readonly Placed[]) => {
    lanes.push(...(await orderedLanes(ofTopic, parts, settle)));
    await begin();
  };
  // It fails by what no message is to blame for, such as a hook that throws.
  await allSettled([begin(), ...keyed.map(beginTopic)]);
}

/** The messages with sharding keys, by topic. */
function keyedByTopic(messages: readonly Placed[]): Placed[][] {
  const topics = new Map<string, Placed[]>();
  for (const placed of messages) {
    const { topic, shardingKey } = placed.message;
    if (shardingKey === undefined) continue;
    const ofTopic = topics.get(topic) ?? [];
    topics.set(topic, ofTopic);
    ofTopic.push(placed);
  }
  return [...topics.values()];
}

/** A lane for each batch of the messages without sharding keys, and for each that goes alone. */
function unorderedLanes(messages: readonly Placed[], { limits, goesAlone }: SendAllParts): Lane[] {
  const lanes: Lane[] = [];
  const groups = new Map<string, Placed[]>();
  let group: Placed[] = [];
  for (const placed of messages) {
    const { message } = placed;
    if (message.shardingKey !== undefined) continue;
    if (goesAlone(placed)) {
      lanes.push({ queue: undefined, batches: [[placed]] });
      continue;
    }
    // Neighbours are mostly alike: then no key is made to look for their group.
    if (!sharesBatch(group[0]?.message, message)) {
      const key = `${message.topic}\n${message.waitStoreMsgOk}`;
      group = groups.get(key) ?? [];
      groups.set(key, group);
    }
    group.push(placed);
  }
  for (const alike of groups.values()) {
    for (const batch of cutIntoBatches(alike, limits)) lanes.push({ queue: undefined, batches: [batch] });
  }
  return lanes;
}

function sharesBatch(first: PreparedMessage | undefined, other: PreparedMessage): boolean {
  return first !== undefined && first.topic === other.topic && first.waitStoreMsgOk === other.waitStoreMsgOk;
}

/** A lane for each queue of the messages of a topic, which have sharding keys. */
async function orderedLanes(
  messages: readonly Placed[],
  parts: SendAllParts,
  settle: (index: number, outcome: SendOutcome) => void,
): Promise<Lane[]> {
  const byQueue = new Map<string, { queue: MessageQueue; placed: Placed[] }>();
  /** Why no queue is to be had: asked for once, not for each message. */
  let failure: SendOutcome | undefined;
  /** By key: the queues may change while they are asked for, and a key goes to one of them. */
  const queues = new Map<string, MessageQueue>();
  for (const placed of messages) {
    const { topic, shardingKey = '' } = placed.message;
    if (failure !== undefined) {
      settle(placed.index, failure);
      continue;
    }
    try {
      const queue = queues.get(shardingKey) ?? (await parts.queueOf(topic, shardingKey));
      queues.set(shardingKey, queue);
      const key = `${queue.brokerName}\n${queue.queueId}`;
      const lane = byQueue.get(key) ?? { queue, placed: [] };
      lane.placed.push(placed);
      byQueue.set(key, lane);
    } catch (error) {
      failure = failed(error);
      settle(placed.index, failure);
    }
  }
  return Array.from(byQueue.values(), ({ queue, placed }) => ({ queue, batches: orderedBatches(placed, parts) }));
}

/** Runs of messages that may share a batch, cut by the limits; those that go alone stand between them, in order. */
function orderedBatches(messages: readonly Placed[], { limits, goesAlone }: SendAllParts): Batch[] {
  const runs: Placed[][] = [];
  let previous: Placed | undefined;
  for (const placed of messages) {
    const run = runs.at(-1);
    const fits =
      previous !== undefined &&
      !goesAlone(placed) &&
      !goesAlone(previous) &&
      previous.message.waitStoreMsgOk === placed.message.waitStoreMsgOk;
    if (run !== undefined && fits) run.push(placed);
    else runs.push([placed]);
    previous = placed;
  }
  return runs.flatMap((run) => cutIntoBatches(run, limits));
}

async function runLane(
  { queue, batches }: Lane,
  parts: SendAllParts,
  settle: (index: number, outcome: SendOutcome) => void,
): Promise<void> {
  /** Message id that blocks each key. */
  const blocked = new Map<string, string>();
  for (const batch of batches) {
    const open = blocked.size === 0 ? batch : unblocked(batch, blocked, settle);
    if (open.length === 0) continue;
    const outcomes = await outcomesOf(open, queue, parts);
    for (let place = 0; place < open.length; place++) {
      const placed = open[place];
      const outcome = outcomes[place];
      if (placed === undefined || outcome === undefined) continue;
      settle(placed.index, outcome);
      const { shardingKey, msgId } = placed.message;
      if (outcome.status === 'failed' && shardingKey !== undefined && !blocked.has(shardingKey)) {
        blocked.set(shardingKey, msgId);
      }
    }
  }
}

/** The messages of a batch whose key is not blocked; the others are settled. */
function unblocked(
  batch: Batch,
  blocked: ReadonlyMap<string, string>,
  settle: (index: number, outcome: SendOutcome) => void,
): Batch {
  return batch.filter(({ message: { shardingKey }, index }) => {
    const blocker = shardingKey === undefined ? undefined : blocked.get(shardingKey);
    if (blocker !== undefined) settle(index, failed(new OrderBlockedError(`message ${blocker}`)));
    return blocker === undefined;
  });
}

/** A batch that a broker refuses for good may hold a single message that is at fault: then each is sent alone. */
async function outcomesOf(
  batch: Batch,
  queue: MessageQueue | undefined,
  parts: SendAllParts,
): Promise<readonly SendOutcome[]> {
  try {
    return await parts.sendBatch(batch, queue);
  } catch (error) {
    if (batch.length === 1 || !isRefusedForGood(error)) return batch.map(() => failed(error));
    const outcomes: SendOutcome[] = [];
    const stopped = new Map<string, string>();
    for (const placed of batch) {
      const { shardingKey = '', msgId } = placed.message;
      const blocker = stopped.get(shardingKey);
      const [outcome] =
        blocker === undefined
          ? await parts.sendBatch([placed], queue).catch((alone) => [failed(alone)])
          : [failed(new OrderBlockedError(`message ${blocker}`))];
      if (outcome === undefined) continue;
      outcomes.push(outcome);
      if (outcome.status === 'failed' && shardingKey !== '') stopped.set(shardingKey, msgId);
    }
    return outcomes;
  }
}

function isRefusedForGood(error: unknown): boolean {
  if (!(error instanceof RocketMQError) || error.outcome !== 'refused') return false;
  const answer = error.cause instanceof BrokerError ? error.cause : error;
  return answer instanceof BrokerError && !answer.retryable;
}

function failed(error: unknown): SendOutcome {
  if (error instanceof RocketMQError) return { status: 'failed', error };
  throw error;
}
