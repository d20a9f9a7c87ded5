import { describe, expect, test } from 'vitest';
import { BENCH_PARTS, isWholeRun, readBenchOptions } from '../../bench/bench-options.ts';

describe('the command line of the bench', () => {
  test('asks for every part, five rounds of four seconds and a calm machine when it says nothing', () => {
    expect(readBenchOptions([])).toMatchObject({ parts: BENCH_PARTS, rounds: 5, seconds: 4, isPatient: true });
  });

  test('takes parts, rounds and seconds', () => {
    const options = readBenchOptions(['--only', 'wire', '--only', 'due', '--rounds', '2', '--seconds', '0.5']);
    expect(options).toMatchObject({ parts: ['wire', 'due'], rounds: 2, seconds: 0.5 });
  });

  test('is for a whole run only when nothing is left out', () => {
    expect(isWholeRun(readBenchOptions([]))).toBe(true);
    expect(isWholeRun(readBenchOptions(['--rounds', '9']))).toBe(true);
    for (const args of [['--short'], ['--only', 'wire'], ['--window', '64'], ['--client', 'this']]) {
      expect(isWholeRun(readBenchOptions(args))).toBe(false);
    }
  });

  test('does not wait for a calm machine in the short form', () => {
    expect(readBenchOptions(['--short'])).toMatchObject({ isShort: true, isPatient: false, rounds: 1 });
  });

  test.each([
    ['--only', 'speed'],
    ['--client', 'kafka'],
    ['--window', '0'],
    ['--rounds', '1.5'],
    ['--rounds', '0'],
    ['--seconds', 'long'],
    ['--fast'],
  ])('refuses %s %s', (...args) => {
    expect(() => readBenchOptions(args)).toThrow(TypeError);
  });
});
