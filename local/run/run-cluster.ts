import { setTimeout as delay } from 'node:timers/promises';
import { SCHEDULE_TOPIC, TIMER_TOPIC } from '../../functions/rocketmq/protocol/message-waiting-topics.ts';
import type { StoredMessage } from '../../functions/rocketmq/protocol/stored-message.ts';
import type { AdminClient } from '../admin-client.ts';
import { startEmbeddedCluster } from '../embedded/embedded-cluster.ts';
import { missingPrerequisite } from '../real/missing-prerequisite.ts';
import type { RocketMQVersion } from '../real/rocketmq-version.ts';
import { startRealCluster } from '../real/start-real-cluster.ts';

/** A cluster's servers, started and stopped by this process. */
interface StartedServers extends AsyncDisposable {
  readonly nameServerAddrs: readonly string[];
}

const READ_BACK_LIMIT_MS = 10_000;
const READ_BACK_PAUSE_MS = 50;

/** Starts what a run sends to. @throws TypeError that says what is missing for a real RocketMQ. */
export async function startRunCluster(kind: 'embedded' | RocketMQVersion): Promise<StartedServers> {
  if (kind === 'embedded') return startEmbeddedCluster();
  const missing = await missingPrerequisite();
  if (missing !== undefined) throw new TypeError(missing);
  return startRealCluster({ version: kind });
}

/**
 * Every message of a topic as pulled from the brokers. A broker shows a message a little after it confirmed it, so this
 * waits until so many different ones are there, or 10 s have passed: what is then missing is missing.
 */
export async function readBack(admin: AdminClient, topic: string, expected: number): Promise<StoredMessage[]> {
  return readBackUntil(
    () => admin.readAll(topic),
    (messages) => new Set(messages.map(({ properties }) => properties.UNIQ_KEY)).size >= expected,
  );
}

/** Where brokers keep messages until they are due: those with a level, and those with a time. */
const WAITING_TOPICS = [SCHEDULE_TOPIC, TIMER_TOPIC];

/** Whether a message waits for its time; its own topic is then a property. */
export function isWaiting({ topic }: StoredMessage): boolean {
  return WAITING_TOPICS.includes(topic);
}

/** Every message of topics that is visible now, and then those that wait for their time, in the topic that they wait in. */
export async function readStored(admin: AdminClient, topics: readonly string[]): Promise<StoredMessage[]> {
  const visible = (await Promise.all(topics.map((topic) => admin.readAll(topic)))).flat();
  const due = new Set(visible.map(({ properties }) => properties.UNIQ_KEY));
  // A broker without such messages may have no such topic.
  const kept = await Promise.all(
    WAITING_TOPICS.map(async (topic) => ((await admin.route(topic)) === undefined ? [] : admin.readAll(topic))),
  );
  // What was delivered stays there too.
  const waiting = kept.flat().filter(({ properties: { REAL_TOPIC = '', UNIQ_KEY } }) => {
    return topics.includes(REAL_TOPIC) && !due.has(UNIQ_KEY);
  });
  return [...visible, ...waiting];
}

/** Reads until all that is expected is there, or 10 s have passed. */
export async function readBackUntil(
  read: () => Promise<StoredMessage[]>,
  isComplete: (messages: readonly StoredMessage[]) => boolean,
): Promise<StoredMessage[]> {
  const endAt = performance.now() + READ_BACK_LIMIT_MS;
  for (;;) {
    const messages = await read();
    if (isComplete(messages) || performance.now() >= endAt) return messages;
    await delay(READ_BACK_PAUSE_MS);
  }
}
