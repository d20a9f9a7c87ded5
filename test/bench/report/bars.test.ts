import { describe, expect, test } from 'vitest';
import type { SendFigure } from '../../../bench/parts/sends.ts';
import { judge } from '../../../bench/report/bars.ts';
import type { BenchResults } from '../../../bench/report/bench-results.ts';

const run: BenchResults = {
  machine: { startedAt: '', commit: '', cpu: '', cores: 2, memoryGb: 8, system: '', versions: {} },
  settings: { cluster: 'embedded', rounds: 1, seconds: 1, isShort: true, isPatient: false },
};

const spread = (median: number) => ({ median, min: median, max: median, count: 1 });

function figure(contender: string, messagesPerSecond: number, cpuUs: number): SendFigure {
  return {
    contender,
    window: 64,
    bodyBytes: 256,
    batch: 1,
    messagesPerSecond: spread(messagesPerSecond),
    cpuUsPerMessage: spread(cpuUs),
    peakRssMb: 100,
    failed: 0,
    missedRounds: 0,
    repeatedRounds: 0,
    disturbedRounds: 0,
  };
}

function barOf(results: BenchResults, figureName: string, bar: string) {
  return judge(results).find((entry) => entry.figure === figureName && entry.bar === bar);
}

describe('bars', () => {
  const figures = [figure('this', 40_000, 12), figure('blast-bin', 50_000, 8), figure('ali-ons', 25_000, 26)];
  const results = { ...run, sends: { figures, missing: [] } };

  test('are met or not by the ratio of medians of the run', () => {
    expect(barOf(results, 'single sends, 64 in flight', '≥ 0.75 × frame blaster')).toMatchObject({
      measured: '0.80 ×',
      isMet: true,
    });
    expect(barOf(results, 'single sends, 64 in flight', '≥ 1.8 × ali-ons')).toMatchObject({ isMet: false });
    expect(barOf(results, 'client CPU per message, 64 in flight', '≤ 1.8 × frame blaster')).toMatchObject({
      measured: '1.50 ×',
      isMet: true,
    });
  });

  test('are neither met nor missed when what they compare with was not measured', () => {
    expect(barOf(results, 'single sends, 64 in flight', "≥ 1.8 × Java's better mode")).toMatchObject({
      measured: 'not measured',
      isMet: undefined,
    });
  });

  test('know nothing of memory that the system does not tell', () => {
    const { peakRssMb, ...untold } = figure('this', 40_000, 12);
    const of = { ...run, sends: { figures: [untold], missing: [] } };
    expect(peakRssMb).toBe(100);
    expect(barOf(of, 'peak RSS in the 64-in-flight run', '≤ 110 MB')).toMatchObject({
      measured: 'not measured',
      isMet: undefined,
    });
  });

  test('are left out for parts that did not run', () => {
    expect(judge(run)).toEqual([]);
  });
});
