import { Buffer } from 'node:buffer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MessageProperties } from '../../../../functions/rocketmq/protocol/message-properties.ts';
import { AdminConnection } from '../../../../local/admin-connection.ts';
import { type EmbeddedCluster, startEmbeddedCluster } from '../../../../local/embedded/embedded-cluster.ts';
import { GivenClock } from '../../../functions/rocketmq/remoting/given-clock.ts';
import { pullRequest, sendRequest } from '../requests.ts';

const DAY_MS = 86_400_000;

describe.each([{ version: 513 }, { version: 403 }])(
  'delayed messages on a broker of version $version',
  ({ version }) => {
    const isV5 = version === 513;
    const clock = new GivenClock(1_700_000_000_400);
    let cluster: EmbeddedCluster;
    let connection: AdminConnection;
    let queueId = 0;

    beforeAll(async () => {
      cluster = await startEmbeddedCluster({ version, clock, topics: [{ name: 'T', queues: 100 }] });
      connection = await AdminConnection.open(cluster.broker().addr);
    });
    afterAll(async () => {
      await connection.close();
      await cluster.stop();
    });

    /** After how many ms a message with these properties is visible, in a queue of its own. */
    async function visibleAfterMs(properties: MessageProperties): Promise<number> {
      queueId++;
      expect((await connection.request(sendRequest({ queueId, properties }))).code).toBe(0);
      const visible = () => cluster.messages('T').some((message) => message.queueId === queueId);
      const startedAt = clock.now();
      if (visible()) return 0;
      const dueAt = cluster.broker().store.nextDueAt ?? Number.NaN;
      clock.nowMs = dueAt - 1;
      expect(visible()).toBe(false);
      clock.nowMs = dueAt;
      expect(visible()).toBe(true);
      return dueAt - startedAt;
    }

    test.each([
      [{ DELAY: '1' }, 1_000],
      [{ DELAY: '+1' }, 1_000],
      [{ DELAY: '3' }, 10_000],
      [{ DELAY: '18' }, 7_200_000],
      [{ DELAY: '99' }, 7_200_000],
      [{ DELAY: '0' }, 0],
      [{ DELAY: '-1' }, 0],
      [{ DELAY: '2', TIMER_DELAY_MS: '60000' }, 5_000],
    ])('%o is visible after %i ms', async (properties, ms) => {
      expect(await visibleAfterMs({ ...properties })).toBe(ms);
    });

    test.each([
      [{ TIMER_DELAY_MS: '3000' }, 2_600, 3_600],
      [{ TIMER_DELAY_SEC: '3' }, 2_600, 3_600],
      [{ TIMER_DELAY_SEC: '+3' }, 2_600, 3_600],
      [{ TIMER_DELAY_MS: '-5' }, 0, 0],
      [{ TIMER_DELIVER_MS: '1600000000000' }, 0, 0],
    ])('the timer %o is delivered by the second, on 4.9 at once', async (properties, atLeastMs, atMostMs) => {
      const ms = await visibleAfterMs({ ...properties });
      expect(ms).toBeGreaterThanOrEqual(isV5 ? atLeastMs : 0);
      expect(ms).toBeLessThanOrEqual(isV5 ? atMostMs : 0);
    });

    test.each([{ DELAY: '1' }, { TIMER_DELAY_MS: '3000' }, { DELAY: 'soon' }])(
      'a message marked as prepared by its flag alone is not delivered by %o either',
      async (properties) => {
        queueId++;
        const answer = await connection.request(sendRequest({ queueId, sysFlag: 4, properties: { ...properties } }));
        expect(answer.code).toBe(0);
        expect(answer.extFields.recallHandle).toBeUndefined();
        clock.advance(DAY_MS);
        expect(cluster.messages('T').filter((message) => message.queueId === queueId)).toEqual([]);
      },
    );

    test('a delivered message is the sent one, with a place of its own', async () => {
      queueId++;
      const properties = { UNIQ_KEY: 'id', KEYS: 'k', DELAY: '1', colour: 'blau', WAIT: 'true' };
      const answer = await connection.request(sendRequest({ queueId, properties, flag: 3 }));
      clock.advance(1_000);
      const [message] = cluster.messages('T').filter((stored) => stored.queueId === queueId);
      expect(message).toMatchObject({ flag: 3, queueOffset: 0n, storedAt: clock.now() });
      expect(message?.properties).toMatchObject({
        UNIQ_KEY: 'id',
        KEYS: 'k',
        colour: 'blau',
        REAL_TOPIC: 'T',
        DELAY: '1',
      });
      const waitingOffset = BigInt(`0x${answer.extFields.msgId?.slice(-16)}`);
      expect(message?.commitLogOffset).toBeGreaterThan(waitingOffset);
    });

    if (!isV5) return;

    test('a timer message has a recall handle, a delayed one has none', async () => {
      const timer = await connection.request(
        sendRequest({ properties: { UNIQ_KEY: 'id', TIMER_DELIVER_MS: '1900000000000' } }),
      );
      expect(timer.code).toBe(13);
      const at = String(clock.now() + 60_000);
      const near = await connection.request(sendRequest({ properties: { UNIQ_KEY: 'id', TIMER_DELIVER_MS: at } }));
      const handle = Buffer.from(near.extFields.recallHandle ?? '', 'base64url').toString();
      expect(handle).toMatch(/^v1 T broker-a \d+001 id$/);
      const delayed = await connection.request(sendRequest({ properties: { UNIQ_KEY: 'id', DELAY: '1' } }));
      expect(delayed.extFields.recallHandle).toBeUndefined();
    });

    test
      .runIf(isV5)
      .each([{ TIMER_DELAY_MS: String(3 * DAY_MS + 1) }, { TIMER_DELAY_MS: 'soon' }, { TIMER_DELIVER_MS: 'tomorrow' }])(
      'the timer %o is refused',
      async (properties) => {
        const answer = await connection.request(sendRequest({ properties: { ...properties } }));
        expect(answer.code).toBe(13);
        expect(answer.remark).toContain(`bigger than the max delay ${3 * DAY_MS}ms`);
      },
    );
  },
);

test('a held pull is answered when a delayed message becomes due', async () => {
  await using cluster = await startEmbeddedCluster({ topics: [{ name: 'T', queues: 1 }] });
  await using connection = await AdminConnection.open(cluster.broker().addr);
  const pull = connection.request(pullRequest({ sysFlag: 6, suspendTimeoutMs: 30_000 }));
  await connection.request(sendRequest({ properties: { DELAY: '1' } }));
  expect((await pull).code).toBe(0);
});
