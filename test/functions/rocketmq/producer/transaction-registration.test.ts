import { describe, expect, test } from 'vitest';
import { TOPIC } from './start-producer.ts';
import { begin, MESSAGE, registered, startSandboxes } from './transaction-sandboxes.ts';

const HEART_BEAT = 34;
const UNREGISTER = 35;

describe('a group of transactions', () => {
  test('is registered while an invocation sends, and off the brokers before its sandbox can be frozen', async () => {
    await using started = await startSandboxes();
    const { client, producer } = started.sandbox();
    for (let invocations = 0; invocations < 3; invocations++) {
      const upkeep = await begin(client);
      await producer.sendTransaction(MESSAGE, async () => {
        expect(registered(started.cluster)).toBe(1);
        return 'commit';
      });
      await upkeep.end();
      expect(registered(started.cluster)).toBe(0);
      expect(client.pendingCount).toBe(0);
    }
    expect(started.cluster.broker().requests.count(UNREGISTER)).toBe(3);
  });

  test('stays registered as long as one of the invocations that run at once', async () => {
    await using started = await startSandboxes();
    const { client, producer } = started.sandbox();
    const [first, second] = [await begin(client), await begin(client)];
    await producer.sendTransaction(MESSAGE, async () => 'commit');
    await first.end();
    expect(registered(started.cluster)).toBe(1);
    await second.end();
    expect(registered(started.cluster)).toBe(0);
  });

  test('is registered once for many messages of an invocation', async () => {
    await using started = await startSandboxes();
    const { client, producer } = started.sandbox();
    const upkeep = await begin(client);
    await producer.sendTransaction(MESSAGE, async () => 'commit');
    const before = started.cluster.broker().requests.count(HEART_BEAT);
    await Promise.all([1, 2, 3].map(() => producer.sendTransaction(MESSAGE, async () => 'commit')));
    expect(started.cluster.broker().requests.count(HEART_BEAT)).toBe(before);
    await upkeep.end();
  });

  test('is not named by the heartbeats of invocations that send none', async () => {
    await using started = await startSandboxes();
    const { client, producer } = started.sandbox();
    const first = await begin(client);
    await producer.sendTransaction(MESSAGE, async () => 'commit');
    await first.end();
    started.clock.advance(31_000);
    const beats = started.cluster.broker().requests.count(HEART_BEAT);
    const second = await begin(client);
    await producer.send(MESSAGE);
    await expect.poll(() => started.cluster.broker().requests.count(HEART_BEAT)).toBe(beats + 1);
    expect(registered(started.cluster)).toBe(0);
    await second.end();
    expect(started.cluster.broker().requests.count(HEART_BEAT)).toBe(beats + 1);
    expect(registered(started.cluster)).toBe(0);
  });

  test('is off a broker that does not answer for it, by the end of the connection', async () => {
    await using started = await startSandboxes();
    const { client, producer } = started.sandbox();
    const upkeep = await begin(client);
    await producer.sendTransaction(MESSAGE, async () => 'commit');
    started.cluster.broker().faults.add({ codes: [UNREGISTER], kind: 'no-answer', isStored: false });
    await upkeep.end();
    await expect.poll(() => registered(started.cluster)).toBe(0);
  });
});

describe('a client that waits for checks', () => {
  test('stays registered for as long as it says so', async () => {
    await using started = await startSandboxes();
    const { client, producer } = started.sandbox();
    const upkeep = await begin(client);
    for (let seconds = 0; seconds <= 240; seconds += 40) {
      await producer.awaitTransactionChecks([TOPIC]);
      await expect.poll(() => client.pendingCount).toBe(0);
      started.cluster.broker().sweep();
      expect(registered(started.cluster)).toBe(1);
      started.clock.advance(40_000);
    }
    await upkeep.end();
    expect(registered(started.cluster)).toBe(0);
  });

  test('is registered with a broker too that nothing may be written to any more: it asks about what it has', async () => {
    await using started = await startSandboxes();
    const { client, producer } = started.sandbox();
    started.cluster.broker().setPerm(TOPIC, 4);
    const upkeep = await begin(client);
    await producer.awaitTransactionChecks([TOPIC]);
    expect(registered(started.cluster)).toBe(1);
    await upkeep.end();
  });

  test('says so when a topic has no master', async () => {
    await using started = await startSandboxes({ brokers: [{ name: 'broker-a' }, { name: 'broker-a', slave: true }] });
    await started.cluster.broker().stop();
    const { producer } = started.sandbox();
    await expect(producer.awaitTransactionChecks([TOPIC])).rejects.toThrow('none of its brokers has a master now');
  });

  test('says so when a broker does not take it in', async () => {
    await using started = await startSandboxes();
    const { client, producer } = started.sandbox();
    started.cluster.broker().faults.add({ codes: [HEART_BEAT], kind: 'answer', code: 1, times: 1 });
    const upkeep = await begin(client);
    await expect(producer.awaitTransactionChecks([TOPIC])).rejects.toMatchObject({ code: 'ROCKETMQ_BROKER' });
    await producer.awaitTransactionChecks([TOPIC]);
    expect(registered(started.cluster)).toBe(1);
    await upkeep.end();
    expect(registered(started.cluster)).toBe(0);
  });

  test('says so when a broker ends each connection without an answer, the one that was kept too', async () => {
    await using started = await startSandboxes();
    const { client, producer } = started.sandbox();
    const first = await begin(client);
    await producer.awaitTransactionChecks([TOPIC]);
    await first.end();
    started.cluster.broker().faults.add({ codes: [HEART_BEAT], kind: 'close', how: 'RST', isStored: false });
    const upkeep = await begin(client);
    await expect(producer.awaitTransactionChecks([TOPIC])).rejects.toMatchObject({
      code: 'ROCKETMQ_CONNECTION_CLOSED',
    });
    expect(registered(started.cluster)).toBe(0);
    await upkeep.end();
  });

  test('is registered on a new connection where the one that was kept had ended unseen', async () => {
    await using started = await startSandboxes();
    const { client, producer } = started.sandbox();
    const first = await begin(client);
    await producer.awaitTransactionChecks([TOPIC]);
    await first.end();
    started.cluster.broker().faults.add({ codes: [HEART_BEAT], kind: 'close', how: 'RST', isStored: false, times: 1 });
    const upkeep = await begin(client);
    await producer.awaitTransactionChecks([TOPIC]);
    expect(registered(started.cluster)).toBe(1);
    await upkeep.end();
    expect(registered(started.cluster)).toBe(0);
  });

  test('says so when a topic has no route', async () => {
    await using started = await startSandboxes();
    const { producer } = started.sandbox();
    const waiting = producer.awaitTransactionChecks(['nobody-made']);
    await expect(waiting).rejects.toMatchObject({ code: 'ROCKETMQ_TOPIC_NOT_FOUND' });
  });

  test('is registered for the other topics when one has no route, and says so all the same', async () => {
    await using started = await startSandboxes();
    const { producer } = started.sandbox();
    const waiting = producer.awaitTransactionChecks(['nobody-made', TOPIC]);
    await expect(waiting).rejects.toMatchObject({ code: 'ROCKETMQ_TOPIC_NOT_FOUND' });
    expect(registered(started.cluster)).toBe(1);
  });
});
