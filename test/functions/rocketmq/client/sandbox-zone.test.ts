import { expect, test } from 'vitest';
import { SandboxZone } from '../../../../functions/rocketmq/client/sandbox-zone.ts';
import { type Deadline, deadlineAfter } from '../../../../functions/rocketmq/deadline.ts';

const soon = () => deadlineAfter(60_000);

test('a zone given is known from the start', async () => {
  const zone = new SandboxZone('use1-az1', undefined);
  await zone.find(soon());
  expect(zone.name).toBe('use1-az1');
});

test('a zone to be fetched is fetched once, however many ask', async () => {
  let questions = 0;
  const zone = new SandboxZone(undefined, async () => {
    questions++;
    return 'use1-az2';
  });
  expect(zone.name).toBeUndefined();
  await Promise.all([zone.find(soon()), zone.find(soon())]);
  await zone.find(soon());
  expect(zone.name).toBe('use1-az2');
  expect(questions).toBe(1);
});

test('one that cannot be known is not asked for again', async () => {
  let questions = 0;
  const zone = new SandboxZone(undefined, async () => {
    questions++;
    return undefined;
  });
  await zone.find(soon());
  await zone.find(soon());
  expect(zone.name).toBeUndefined();
  expect(questions).toBe(1);
});

test('after a failure it is asked for again', async () => {
  const answers = [Promise.reject(new Error('no endpoint')), Promise.resolve('use1-az3')];
  const zone = new SandboxZone(undefined, () => answers.shift() ?? Promise.resolve(undefined));
  await expect(zone.find(soon())).rejects.toThrow('no endpoint');
  await zone.find(soon());
  expect(zone.name).toBe('use1-az3');
});

test('the question gets a quarter of a second at the most, for a send waits for it', async () => {
  const deadlines: Deadline[] = [];
  const zone = new SandboxZone(undefined, async (deadline) => {
    deadlines.push(deadline);
    return undefined;
  });
  await zone.find(soon());
  expect(deadlines[0]?.remainingMs()).toBeLessThanOrEqual(250);
});

test('a question that hangs is given up, and the next call asks again', async () => {
  let asked = 0;
  const zone = new SandboxZone(undefined, () =>
    asked++ === 0 ? new Promise<never>(() => undefined) : Promise.resolve('a'),
  );
  await expect(zone.find(deadlineAfter(1))).rejects.toThrow('not found out in time');
  await zone.find(deadlineAfter(10_000));
  expect(zone.name).toBe('a');
});
