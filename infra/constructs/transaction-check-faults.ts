import type { Duration } from 'aws-cdk-lib';
import { areKnown, exactSeconds } from './known-range.ts';
import type { SynthFault } from './synth-fault.ts';

/** When a checker is awake, and what the brokers do meanwhile. */
export interface CheckPlan {
  /** From the beginning of one run to that of the next. */
  readonly period: Duration;
  readonly awakeTime: Duration;
  /** Age from which a transaction that is not in the log did not happen. */
  readonly patience: Duration;
  readonly functionTimeout: Duration;
  /** The brokers' `transactionCheckMax`. */
  readonly checkMax: number;
  /** The brokers' `transactionCheckInterval`. */
  readonly checkInterval: Duration;
}

/** What a run needs beside its stay: a cold start, the first connections, the last answers. */
const besidesSeconds = 10;

/** What Lambda lets a function run, and so the longest that a sender can need; more than that the checker refuses as its patience. */
const longestRunSeconds = 900;

/**
 * Brokers ask for an open transaction once a `checkInterval`, and count it whether or not somebody is there to answer: after
 * `checkMax` rounds the message is given up. So a round must fall into each run, and a run into each message's time.
 */
export function checkPlanFaults(plan: CheckPlan): { readonly errors: SynthFault[]; readonly warnings: SynthFault[] } {
  const { period, awakeTime, patience, functionTimeout, checkMax, checkInterval } = plan;
  if (
    [period, awakeTime, patience, functionTimeout, checkInterval].some((duration) => duration.isUnresolved()) ||
    !areKnown(checkMax)
  ) {
    return { errors: [], warnings: [] };
  }
  if (!(Number.isInteger(checkMax) && checkMax >= 1) || exactSeconds(checkInterval) <= 0) {
    const text = `transactionCheckMax is ${checkMax} and transactionCheckInterval ${exactSeconds(checkInterval)} s: give what the brokers are set to, at least 1 check and more than 0 s.`;
    return { errors: [{ id: 'transaction-broker', text }], warnings: [] };
  }
  const errors: SynthFault[] = [];
  const [every, awake, interval] = [exactSeconds(period), exactSeconds(awakeTime), exactSeconds(checkInterval)];
  if (awake <= interval) {
    const text = `The checker is awake for ${awake} s, but brokers ask once in ${interval} s: a run could see no round of checks. Make awakeTime longer than transactionCheckInterval.`;
    errors.push({ id: 'transaction-awake', text });
  }
  if (exactSeconds(functionTimeout) < awake + besidesSeconds) {
    const text = `The checker is to be awake for ${awake} s, but the function is stopped after ${exactSeconds(functionTimeout)} s. Give it a timeout of ${awake + besidesSeconds} s or more, or shorten awakeTime; Lambda allows 900 s.`;
    errors.push({ id: 'transaction-awake', text });
  }
  if (exactSeconds(functionTimeout) > longestRunSeconds) {
    const text = `The function of the checker has a timeout of ${exactSeconds(functionTimeout)} s, but Lambda allows ${longestRunSeconds} s. Give it a shorter one, and make awakeTime ${besidesSeconds} s shorter than that.`;
    errors.push({ id: 'transaction-awake', text });
  }
  if (exactSeconds(patience) > longestRunSeconds) {
    const text = `patience is ${exactSeconds(patience)} s, but no sender runs for more than ${longestRunSeconds} s, and the checker refuses more. Make it as long as the sender's timeout.`;
    errors.push({ id: 'transaction-patience', text });
  }
  const livesFor = checkMax * interval;
  const given = `brokers give a message up after ${livesFor} s (transactionCheckMax ${checkMax} × transactionCheckInterval ${interval} s)`;
  if (every + awake >= livesFor) {
    const text = `A message can wait ${every + awake} s for an answer (period ${every} s + awakeTime ${awake} s), but ${given}, and consumers never see it. Shorten period, or raise transactionCheckMax on the brokers and say so here.`;
    errors.push({ id: 'transaction-period', text });
  }
  if (errors.length > 0) return { errors, warnings: [] };
  const warnings: SynthFault[] = [];
  const runs = Math.floor((livesFor - awake) / every);
  if (runs < 2) {
    const text = `Only ${runs} run of the checker is sure to fall into the ${livesFor} s after which brokers give a message up: one run that fails loses committed messages. Shorten period, or raise transactionCheckMax on the brokers and say so here.`;
    warnings.push({ id: 'transaction-single-run', text });
  }
  const decidedAfter = exactSeconds(patience) + every + awake;
  if (decidedAfter >= livesFor) {
    const text = `A transaction that did not happen can wait ${decidedAfter} s for its rollback (patience ${exactSeconds(patience)} s + period ${every} s + awakeTime ${awake} s), but ${given}. It is not delivered, but lies among those given up, where it hides others. Shorten period or patience.`;
    warnings.push({ id: 'transaction-patience', text });
  }
  return { errors, warnings };
}
