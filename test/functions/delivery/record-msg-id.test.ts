import { describe, expect, test } from 'vitest';
import { type RecordIdentity, recordMsgId } from '../../../functions/delivery/record-msg-id.ts';

const identity: RecordIdentity = {
  sourceArn: 'arn:aws:sqs:eu-west-1:123456789012:orders',
  recordId: '059f36b4-87a3-44ab-83d2-661975830a7d',
  at: Date.UTC(2026, 10, 24, 12, 0, 0, 7),
};

describe('the message id of a record', () => {
  test('is 32 upper-case hex digits: 10 bytes of SHA-256, ms since the month began, and the index', () => {
    // sha256sum of 'arn:…:orders\n059f…0a7d\n3', its first 20 digits; 23.5 days and 7 ms; 3.
    expect(recordMsgId({ ...identity, index: 3 })).toBe('876AC6C80F0025302460790572070003');
  });

  test('is the same for the same record, however often it is asked for', () => {
    expect(recordMsgId({ ...identity })).toBe(recordMsgId({ ...identity, index: 0 }));
  });

  test.each<[string, Partial<RecordIdentity>]>([
    ['source', { sourceArn: 'arn:aws:sqs:eu-west-1:123456789012:order' }],
    ['record', { recordId: '059f36b4-87a3-44ab-83d2-661975830a7e' }],
    ['index', { index: 1 }],
    ['time', { at: identity.at + 1 }],
  ])('differs where the %s differs', (_what, difference) => {
    expect(recordMsgId({ ...identity, ...difference })).not.toBe(recordMsgId(identity));
  });

  test('does not run source and record together', () => {
    const left = recordMsgId({ sourceArn: 'ab', recordId: 'c', at: 0 });
    expect(recordMsgId({ sourceArn: 'a', recordId: 'bc', at: 0 })).not.toBe(left);
  });

  test.each([
    ['the first instant of a month', Date.UTC(2026, 9, 1), '00000000'],
    ['the last instant whose ms fit 31 bits', Date.UTC(2026, 9, 1) + 0x7fffffff, '7FFFFFFF'],
    ['the instant after it, on the 25th', Date.UTC(2026, 9, 1) + 0x80000000, '80000000'],
    ['the last instant of a month of 31 days', Date.UTC(2026, 10, 1) - 1, '9FA523FF'],
    ['the epoch', 0, '00000000'],
  ])('has its time in 32 bits, as Java cuts it, at %s', (_when, at, digits) => {
    expect(recordMsgId({ ...identity, at }).slice(20, 28)).toBe(digits);
  });

  test('of a sound record does not suffer from an earlier one whose time no calendar has', () => {
    const sound = recordMsgId(identity);
    recordMsgId({ ...identity, at: Number.MAX_SAFE_INTEGER });
    expect(recordMsgId(identity)).toBe(sound);
  });
});

test('10^6 records of two sources never share an id', { timeout: 60_000 }, () => {
  const ids = new Set<string>();
  for (let index = 0; index < 500_000; index++) {
    for (const sourceArn of ['arn:aws:sqs:eu-west-1:123456789012:a', 'arn:aws:sqs:eu-west-1:123456789012:b']) {
      ids.add(recordMsgId({ sourceArn, recordId: `shardId-0:${index}`, at: 1793178000000 }));
    }
  }
  expect(ids.size).toBe(1_000_000);
});
