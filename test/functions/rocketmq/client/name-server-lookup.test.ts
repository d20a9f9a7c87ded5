import { describe, expect, test } from 'vitest';
import { NameServerClient } from '../../../../functions/rocketmq/client/name-server-client.ts';
import { checkNameServerAddrs, NameServerLookup } from '../../../../functions/rocketmq/client/name-server-lookup.ts';
import { systemClock } from '../../../../functions/rocketmq/clock.ts';
import { type Deadline, deadlineAfter } from '../../../../functions/rocketmq/deadline.ts';
import { NoNameServerError, OptionsError } from '../../../../functions/rocketmq/errors.ts';
import { RemotingClient } from '../../../../functions/rocketmq/remoting/remoting-client.ts';

const deadline = deadlineAfter(60_000);

/** A lookup over a client that never connects to anything here. */
function lookupOf(fetch: ((by: Deadline) => Promise<readonly string[]>) | undefined, seed: readonly string[] = []) {
  const options = { clock: systemClock, serializeType: 'ROCKETMQ', connectTimeoutMs: 1000, idleLimitMs: 1000 } as const;
  const nameServers = new NameServerClient(new RemotingClient(options));
  nameServers.update(seed);
  return { nameServers, lookup: new NameServerLookup(fetch, nameServers) };
}

describe('a lookup', () => {
  test('puts what it found in use, and tells whether that is a change', async () => {
    let found = ['a:1', 'b:1'];
    const { lookup, nameServers } = lookupOf(async () => found);
    expect(await lookup.refresh(deadline)).toBe(true);
    expect(nameServers.nameServerAddrs).toEqual(['a:1', 'b:1']);
    found = ['b:1', 'a:1'];
    expect(await lookup.refresh(deadline)).toBe(false);
    expect(nameServers.nameServerAddrs).toEqual(['a:1', 'b:1']);
    found = ['c:1', 'b:1'];
    expect(await lookup.refresh(deadline)).toBe(true);
    expect(nameServers.nameServerAddrs).toEqual(['c:1', 'b:1']);
    found = ['b:1'];
    expect(await lookup.refresh(deadline)).toBe(true);
    expect(nameServers.nameServerAddrs).toEqual(['b:1']);
  });

  test('that finds a server twice counts it once', async () => {
    const { lookup, nameServers } = lookupOf(async () => ['a:1', 'a:1'], ['a:1', 'b:1']);
    expect(await lookup.refresh(deadline)).toBe(true);
    expect(nameServers.nameServerAddrs).toEqual(['a:1']);
  });

  test.each([
    ['is rejected', () => Promise.reject(new Error('ThrottlingException')), 'ThrottlingException'],
    [
      'throws',
      () => {
        throw new Error('no credentials');
      },
      'no credentials',
    ],
    ['gives an empty list', async () => [], 'the list is empty'],
    ['gives an empty text, as a split of an empty value does', async () => [''], '"" is not host:port'],
    ['gives a malformed address', async () => ['good:1', 'bad'], '"bad"'],
  ])('that %s keeps the last good list, and the error says so', async (_how, fetch, reason) => {
    const { lookup, nameServers } = lookupOf(fetch, ['a:1', 'b:1']);
    const error = await lookup.refresh(deadline).catch((failure) => failure);
    expect(error).toBeInstanceOf(NoNameServerError);
    expect(error.message).toContain(reason);
    expect(error.message).toContain('still using a:1, b:1');
    expect(error.cause).toBeInstanceOf(Error);
    expect(nameServers.nameServerAddrs).toEqual(['a:1', 'b:1']);
  });

  test('happens once for all who want one at the same time, and again for who comes later', async () => {
    let calls = 0;
    const { lookup } = lookupOf(async () => {
      calls++;
      return ['a:1'];
    });
    await Promise.all(Array.from({ length: 100 }, () => lookup.refresh(deadline)));
    expect(calls).toBe(1);
    await lookup.refresh(deadline);
    expect(calls).toBe(2);
  });

  test('is told a deadline some ms before that of who asks: what keeps to it has ended by then, and says why', async () => {
    const own = deadlineAfter(50);
    let leadMs = 0;
    const { lookup } = lookupOf((told) => {
      leadMs = own.remainingMs() - told.remainingMs();
      return new Promise((_resolve, reject) => {
        setTimeout(() => reject(new Error('nobody answers')), Math.max(1, told.remainingMs()));
      });
    });
    await expect(lookup.refresh(own)).rejects.toThrow('nobody answers');
    expect(leadMs).toBeGreaterThan(10);
  });

  test('that does not keep to its deadline is not waited for', async () => {
    const { lookup, nameServers } = lookupOf(() => new Promise(() => undefined), ['a:1']);
    await expect(lookup.refresh(deadlineAfter(20))).rejects.toMatchObject({
      code: 'ROCKETMQ_NO_NAME_SERVER',
      message: expect.stringContaining('it did not end by its deadline'),
    });
    expect(nameServers.nameServerAddrs).toEqual(['a:1']);
  });

  test('that hangs does not keep later ones from being made, and its late list is not taken', async () => {
    const answers: ((addrs: readonly string[]) => void)[] = [];
    const { lookup, nameServers } = lookupOf(() => new Promise((resolve) => answers.push(resolve)));
    await expect(lookup.refresh(deadlineAfter(10))).rejects.toBeInstanceOf(NoNameServerError);
    const second = lookup.refresh(deadline);
    answers[1]?.(['new:1']);
    expect(await second).toBe(true);
    answers[0]?.(['late:1']);
    await new Promise(setImmediate);
    expect(nameServers.nameServerAddrs).toEqual(['new:1']);
  });

  test('without a function to look up with changes nothing', async () => {
    const { lookup, nameServers } = lookupOf(undefined, ['a:1']);
    expect(lookup.isPossible).toBe(false);
    expect(await lookup.refresh(deadline)).toBe(false);
    expect(nameServers.nameServerAddrs).toEqual(['a:1']);
  });
});

test('every address that cannot be used is named, not only the first', () => {
  expect(() => checkNameServerAddrs(['a:1', '[::1]:9876'])).not.toThrow();
  const failure = () => checkNameServerAddrs(['a', 'b:1', 'c:0']);
  expect(failure).toThrow(OptionsError);
  expect(failure).toThrow(/"a" is not host:port.*"c:0" has no port/);
});
