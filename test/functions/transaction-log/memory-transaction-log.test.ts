import { describe, expect, test } from 'vitest';
import { MemoryTransactionLog } from '../../../functions/transaction-log/memory-transaction-log.ts';

const BORN_AT = 1_700_000_000_000;

function logAt(ageMs: number) {
  return new MemoryTransactionLog({ now: () => BORN_AT + ageMs });
}
const asked = { msgId: 'A', bornAt: BORN_AT };

describe('a transaction log in memory', () => {
  test('says commit of what was committed, and of nothing else', async () => {
    const log = logAt(60_000);
    log.commit('A');
    expect(await log.decide(asked)).toBe('commit');
    expect(await log.decide({ ...asked, msgId: 'B' })).toBe('rollback');
  });

  test('decides an absent transaction once: the commit that comes later fails', async () => {
    const log = logAt(60_000);
    expect(await log.decide(asked)).toBe('rollback');
    expect(() => log.commit('A')).toThrow(
      expect.objectContaining({ code: 'TRANSACTION_DECIDED', message: expect.stringContaining('A') }),
    );
    expect(await log.decide(asked)).toBe('rollback');
  });

  test('does not decide a young one, whose sender may be at work', async () => {
    const log = logAt(59_999);
    expect(await log.decide(asked)).toBe('unknown');
    log.commit('A');
    expect(await log.decide(asked)).toBe('commit');
  });

  test('says rollback once it is delivered, for each commit delivers a copy', async () => {
    const log = logAt(0);
    log.commit('A');
    await log.markDelivered('A');
    expect(await log.decide(asked)).toBe('rollback');
    // The same write again, after an answer that was lost, is no new commit.
    log.commit('A');
    expect(await log.decide(asked)).toBe('rollback');
  });

  test('takes no note of the delivery of what it does not know', async () => {
    const log = logAt(0);
    await log.markDelivered('A');
    log.commit('A');
    expect(await log.decide(asked)).toBe('commit');
  });
});
