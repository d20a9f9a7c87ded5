import { Duration, Token } from 'aws-cdk-lib';
import { describe, expect, test } from 'vitest';
import { type CheckPlan, checkPlanFaults } from '../../../infra/constructs/transaction-check-faults.ts';

/** A broker of 5.1.1 or later, as it comes, and a checker as it comes. */
const sound: CheckPlan = {
  period: Duration.minutes(2),
  awakeTime: Duration.seconds(60),
  patience: Duration.seconds(60),
  functionTimeout: Duration.seconds(90),
  checkMax: 15,
  checkInterval: Duration.seconds(30),
};
/** A broker of 4.9 to 5.1.0, as it comes. */
const old = {
  checkInterval: Duration.seconds(60),
  awakeTime: Duration.seconds(90),
  functionTimeout: Duration.seconds(120),
};

const idsOf = (plan: Partial<CheckPlan>) => {
  const { errors, warnings } = checkPlanFaults({ ...sound, ...plan });
  return { errors: errors.map(({ id }) => id), warnings: warnings.map(({ id }) => id) };
};
const none = { errors: [], warnings: [] };

describe('a plan is sound', () => {
  test.each<[string, Partial<CheckPlan>]>([
    ['with the defaults of a checker and of brokers from 5.1.1 on', {}],
    ['with the interval of brokers to 5.1.0', old],
    ['when two runs are sure to fall into the time of a message', { period: Duration.seconds(195) }],
    ['when a run is as long as its period', { awakeTime: Duration.minutes(2), functionTimeout: Duration.minutes(3) }],
  ])('%s', (_title, plan) => {
    expect(idsOf(plan)).toEqual(none);
  });
});

describe('a plan is refused', () => {
  test.each<[string, Partial<CheckPlan>, string]>([
    ['when a run could see no round of checks', { awakeTime: Duration.seconds(30) }, 'transaction-awake'],
    [
      'when its function is stopped before its stay ends',
      { functionTimeout: Duration.seconds(69) },
      'transaction-awake',
    ],
    ['when the period is as long as brokers wait', { period: Duration.minutes(8) }, 'transaction-period'],
    ['when period and stay together are', { period: Duration.seconds(390) }, 'transaction-period'],
    ['when brokers ask a few times only', { checkMax: 5 }, 'transaction-period'],
    ['when brokers ask not at all', { checkMax: 0 }, 'transaction-broker'],
    ['when brokers ask half a time', { checkMax: 1.5 }, 'transaction-broker'],
    ['when the interval is none', { checkInterval: Duration.seconds(0) }, 'transaction-broker'],
    [
      'when its function would run longer than Lambda allows',
      { awakeTime: Duration.seconds(880), functionTimeout: Duration.seconds(901), checkMax: 100 },
      'transaction-awake',
    ],
    [
      'when it is more patient than the function takes',
      { patience: Duration.seconds(901), checkMax: 100 },
      'transaction-patience',
    ],
  ])('%s', (_title, plan, id) => {
    expect(idsOf(plan)).toEqual({ errors: [id], warnings: [] });
  });

  test('with the figures and the way out', () => {
    expect(checkPlanFaults({ ...sound, period: Duration.minutes(7) }).errors).toEqual([
      {
        id: 'transaction-period',
        text: 'A message can wait 480 s for an answer (period 420 s + awakeTime 60 s), but brokers give a message up after 450 s (transactionCheckMax 15 × transactionCheckInterval 30 s), and consumers never see it. Shorten period, or raise transactionCheckMax on the brokers and say so here.',
      },
    ]);
  });
});

test('a plan is left alone where what brokers are set to is known at deployment only', () => {
  expect(idsOf({ checkMax: Token.asNumber({ Ref: 'CheckMax' }) })).toEqual(none);
});

describe('a plan is warned of', () => {
  test('when one run that fails loses messages', () => {
    expect(idsOf({ period: Duration.seconds(196) })).toEqual({ errors: [], warnings: ['transaction-single-run'] });
  });

  test('when transactions that did not happen are given up before they are rolled back', () => {
    expect(idsOf({ patience: Duration.seconds(270) })).toEqual({ errors: [], warnings: ['transaction-patience'] });
  });
});

/** Brokers ask in rounds; a message is asked for from 6 s on, and given up at its last round. Every phase of both clocks is tried. */
function isEveryMessageAsked({ period, awakeTime, checkMax, checkInterval }: CheckPlan): boolean {
  const [every, awake, interval] = [period.toSeconds(), awakeTime.toSeconds(), checkInterval.toSeconds()];
  for (let bornAt = 0; bornAt < every; bornAt++) {
    for (let phase = 0; phase < interval; phase++) {
      const rounds = Array.from({ length: checkMax }, (_, index) => {
        const first = Math.ceil((bornAt + 6 - phase) / interval) * interval + phase;
        return first + index * interval;
      });
      // A run registers within its first seconds; a round that begins before that asks nobody.
      if (!rounds.some((at) => at % every >= 1 && at % every < awake)) return false;
    }
  }
  return true;
}

describe('by simulation of all phases', () => {
  test.each<[string, Partial<CheckPlan>]>([
    ['the defaults', {}],
    ['the defaults with brokers to 5.1.0', old],
    ['the longest period that is no fault', { period: Duration.seconds(389) }],
    ['few checks', { checkMax: 7, period: Duration.seconds(140) }],
  ])('no message is given up unasked with %s', (_title, plan) => {
    const whole = { ...sound, ...plan };
    expect(checkPlanFaults(whole).errors).toEqual([]);
    expect(isEveryMessageAsked(whole)).toBe(true);
  });

  test('messages are given up unasked where a period is refused that is longer than brokers wait', () => {
    expect(isEveryMessageAsked({ ...sound, period: Duration.minutes(9) })).toBe(false);
  });
});
