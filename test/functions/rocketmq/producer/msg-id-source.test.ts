import { describe, expect, test } from 'vitest';
import { MsgIdSource } from '../../../../functions/rocketmq/producer/msg-id-source.ts';

const NOON = Date.UTC(2026, 10, 24, 12);

/** Origin, time and index of an id. */
function parts(id: string): { origin: string; time: number; index: number } {
  return {
    origin: id.slice(0, 20),
    time: Number.parseInt(id.slice(20, 28), 16),
    index: Number.parseInt(id.slice(28), 16),
  };
}

describe('message ids', () => {
  test('have 32 upper-case hex digits with the ms since the month began', () => {
    const id = new MsgIdSource().next(NOON);
    expect(id).toMatch(/^[0-9A-F]{32}$/);
    expect(parts(id).time).toBe(NOON - Date.UTC(2026, 10));
  });

  test('of one source count up from one origin', () => {
    const source = new MsgIdSource();
    const first = parts(source.next(NOON));
    const second = parts(source.next(NOON + 5));
    expect(second.origin).toBe(first.origin);
    expect(second.index).toBe(first.index + 1);
    expect(second.time).toBe(first.time + 5);
  });

  test('are all different, 200,000 of them in one ms', () => {
    const source = new MsgIdSource();
    const ids = new Set(Array.from({ length: 200_000 }, () => source.next(NOON)));
    expect(ids.size).toBe(200_000);
  });

  test('of two sources differ at the same instant, as in two sandboxes with one address and process id', () => {
    expect(parts(new MsgIdSource().next(NOON)).origin).not.toBe(parts(new MsgIdSource().next(NOON)).origin);
  });

  test('get another origin when the clock went back, so that no instant is used twice', () => {
    const source = new MsgIdSource();
    const before = parts(source.next(NOON));
    const after = parts(source.next(NOON - 1));
    expect(after.origin).not.toBe(before.origin);
    expect(parts(source.next(NOON - 1)).origin).toBe(after.origin);
  });
});
