import { expect, test } from 'vitest';
import { Contender } from '../../../bench/contenders/contender.ts';
import { interleave, type Rounds, togetherOf } from '../../../bench/measure/interleave.ts';

/** A contender that is ready at once, and for its rounds does what the code says; `round` is the number of the round. */
function contender(name: string, code: string): Promise<Contender> {
  const script = `
    let round = 0;
    const answer = (value) => console.log('@bench ' + JSON.stringify(value));
    answer({ ready: true });
    require('node:readline').createInterface({ input: process.stdin }).on('line', () => { round++; ${code} });`;
  const plan = { name, command: process.execPath, args: ['-e', script], hasBatches: false };
  return Contender.start(plan, { nameServerAddrs: [], brokerAddr: '', topic: '' });
}

const ROUND = 'answer({ messages: 1, failed: 0, elapsedMs: 1, cpuUs: 1 })';
const LOAD = { window: 1, bodyBytes: 1, batch: 1, durationMs: 0 };

test('a contender that dies keeps its rounds and its memory until then, and the others go on', async () => {
  await using steady = await contender('steady', ROUND);
  await using mortal = await contender('mortal', `if (round === 1) ${ROUND}; else process.exit(3)`);
  const all = await interleave([steady, mortal], { ...LOAD, warmupMs: 0 }, { rounds: 3, isStrict: false });
  const [ofSteady, ofMortal] = all;
  expect(ofSteady?.rounds).toHaveLength(3);
  expect(ofMortal?.rounds).toHaveLength(1);
  expect(ofMortal?.failure).toBe('mortal ended with 3');
  expect(ofMortal?.peakRssBytes).toBeGreaterThan(10_000_000);
});

test('a contender that hangs is ended, so that it is not busy while others are measured', async () => {
  await using busy = await contender('busy', 'for (;;);');
  // So much less than the patience for a round that it is over at once.
  const load = { ...LOAD, warmupMs: -59_500 };
  const [rounds] = await interleave([busy], load, { rounds: 2, isStrict: false });
  expect(rounds).toMatchObject({ rounds: [], failure: expect.stringContaining('busy said nothing') });
  const { pid = 0 } = busy;
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});

test('goes of the same contenders are put together by name, one that was missing in a go too', () => {
  const round = (messages: number) => ({ messages, failed: 0, elapsedMs: 1, cpuUs: 1 });
  const go = (name: string, over: Partial<Rounds>): Rounds => ({
    name,
    rounds: [],
    repeated: 0,
    disturbed: 0,
    peakRssBytes: undefined,
    failure: undefined,
    ...over,
  });
  const together = togetherOf([
    [go('a', { rounds: [round(1)], repeated: 1, peakRssBytes: 7 }), go('b', { rounds: [round(2)] })],
    [go('a', { rounds: [round(3)], disturbed: 2, peakRssBytes: 5, failure: 'a hung' })],
  ]);
  expect(together).toEqual([
    go('a', { rounds: [round(1), round(3)], repeated: 1, disturbed: 2, peakRssBytes: 7, failure: 'a hung' }),
    go('b', { rounds: [round(2)] }),
  ]);
});
