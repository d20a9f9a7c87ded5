import { expect, test } from 'vitest';
import { createClient, type Message, type Producer, SendFailedError, type SendResult } from '#rocketmq';
import type { StoredMessage } from '../../functions/rocketmq/protocol/stored-message.ts';
import { AdminClient } from '../../local/admin-client.ts';
import { startRealCluster } from '../../local/real/start-real-cluster.ts';
import { readBack } from '../../local/run/run-cluster.ts';
import { needsRealRocketMQ } from '../local/real/needs-real-rocketmq.ts';
import { CLUSTER_START_LIMIT_MS, freshTopic } from './clusters.ts';

const MESSAGES = 5000;
const KEYS = 20;
const MESSAGES_A_KEY = 50;
const IN_FLIGHT = 64;
const CONFIRMED_BEFORE_THE_KILL = 1500;

test.for(['5.5.0', '4.9.5'] as const)(
  'one of two masters of %s is killed while 5,000 messages are sent: all are stored, in order where they have a key',
  { timeout: CLUSTER_START_LIMIT_MS },
  async (version, context) => {
    await needsRealRocketMQ(context);
    await using cluster = await startRealCluster({ version, masters: 2 });
    const { nameServerAddrs } = cluster;
    await using admin = new AdminClient({ nameServerAddrs });
    const topic = await freshTopic({ admin }, 4);
    await using ending = new AsyncDisposableStack();
    const client = createClient({ nameServerAddrs });
    ending.defer(() => client.shutdown());
    const caller = new Caller(client.producer({ group: 'two-masters' }));
    const keyed = Array.from({ length: KEYS }, (_, key) => messagesOf(topic, `key-${key}`));
    const unkeyed = Array.from({ length: MESSAGES - KEYS * MESSAGES_A_KEY }, (_, index) =>
      message(topic, `n-${index}`),
    );
    const restarted = Promise.withResolvers<void>();

    // Each lane has one message in flight; those of a key are in one lane, because only a caller can keep an order beyond a failure.
    const supply = unkeyed.values();
    const sendingUnkeyed = Array.from({ length: IN_FLIGHT - KEYS }, () => caller.sendAllOf(supply, Promise.resolve()));
    const sendingKeyed = keyed.map((messages) => caller.sendAllOf(messages.values(), restarted.promise));
    await caller.confirmed(CONFIRMED_BEFORE_THE_KILL);
    await cluster.kill('broker-a');
    await Promise.all(sendingUnkeyed);
    await cluster.start('broker-a');
    restarted.resolve();
    await Promise.all(sendingKeyed);
    await expect.poll(() => client.pendingCount).toBe(0);

    expect(caller.results).toHaveLength(MESSAGES);
    await admin.close();
    const stored = await readBack(admin, topic, MESSAGES);
    const all = [...keyed.flat(), ...unkeyed];
    expect(new Set(stored.map(idOf))).toEqual(new Set(all.map(({ msgId }) => msgId)));
    expect(stored.every((each) => each.body.toString() === idOf(each))).toBe(true);
    const duplicates = stored.length - MESSAGES;
    await context.annotate(
      `${caller.failures} failed sends, ${caller.unknownOutcomes} unknown outcomes, ${duplicates} stored twice`,
    );
    expect(caller.failures).toBeGreaterThan(0);
    expect(duplicates).toBeLessThanOrEqual(caller.unknownOutcomes);
    for (const messages of keyed) {
      const ofKey = stored.filter(({ properties }) => properties.__SHARDINGKEY === messages[0]?.shardingKey);
      expect(new Set(ofKey.map(({ queueId, storeHost }) => `${storeHost.port} ${queueId}`)).size).toBe(1);
      expect([...new Set(ofKey.map(idOf))]).toEqual(messages.map(({ msgId }) => msgId));
    }
  },
);

/** Sends until all is stored, what failed again under the same message id, and keeps count. */
class Caller {
  readonly results: SendResult[] = [];
  failures = 0;
  /** Requests that were written and not answered, as errors and results tell. */
  unknownOutcomes = 0;
  readonly #producer: Producer;
  readonly #waiting = new Map<number, () => void>();

  constructor(producer: Producer) {
    this.#producer = producer;
  }

  /** Resolves when so many messages are confirmed. */
  confirmed(count: number): Promise<void> {
    return new Promise((resolve) => this.#waiting.set(count, resolve));
  }

  /** Sends one after the other; before a message is sent again, something has to happen. */
  async sendAllOf(
    messages: Iterator<Message, undefined> & Iterable<Message>,
    beforeNextTry: Promise<void>,
  ): Promise<void> {
    for (const message of messages) {
      while (!(await this.#send(message))) await beforeNextTry;
    }
  }

  async #send(message: Message): Promise<boolean> {
    try {
      const result = await this.#producer.send(message);
      if (result.isPossibleDuplicate) this.unknownOutcomes++;
      this.results.push(result);
      this.#waiting.get(this.results.length)?.();
      return true;
    } catch (error) {
      this.failures++;
      if (error instanceof SendFailedError) {
        this.unknownOutcomes += error.attempts.filter((attempt) => attempt.error.outcome === 'unknown').length;
      }
      return false;
    }
  }
}

function message(topic: string, msgId: string): Message {
  return { topic, body: msgId, msgId };
}

function messagesOf(topic: string, shardingKey: string): Message[] {
  return Array.from({ length: MESSAGES_A_KEY }, (_, index) => ({
    ...message(topic, `${shardingKey}-${index}`),
    shardingKey,
  }));
}

function idOf({ properties }: StoredMessage): string {
  return properties.UNIQ_KEY ?? '';
}
