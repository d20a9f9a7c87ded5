import { Duration } from 'aws-cdk-lib';
import { areKnown, exactSeconds, isIntegerWithin } from './known-range.ts';
import type { SynthFault } from './synth-fault.ts';

/** How Lambda is to go on with an event for which the function failed. */
export interface AsyncInvoke {
  readonly maxEventAge: Duration;
  readonly retryAttempts: number;
  /** Nothing for that of `RocketMqProducerFunction`. */
  readonly functionTimeout: Duration | undefined;
}

/** The longest that Lambda keeps an event for retries, and what it does unless told otherwise. */
export const longestEventAge = Duration.hours(6);

/** The most that Lambda tries again, and what it does unless told otherwise. */
export const mostRetries = 2;

const shortestEventAgeSeconds = 60;

/** Lambda waits that long before the first and the second retry. */
const waitsSeconds = [60, 120] as const;

/** What Lambda would refuse, or would make it discard an event before the retries that were asked for. */
export function asyncInvokeFaults({
  maxEventAge,
  retryAttempts,
  functionTimeout = Duration.seconds(30),
}: AsyncInvoke): SynthFault[] {
  const faults: SynthFault[] = [];
  if (!isIntegerWithin(retryAttempts, 0, mostRetries)) {
    const text = `retryAttempts is ${retryAttempts}; Lambda tries an asynchronous event again 0, 1 or ${mostRetries} times.`;
    faults.push({ id: 'async-retry-attempts', text });
  }
  const age = exactSeconds(maxEventAge);
  const longest = exactSeconds(longestEventAge);
  if (!isIntegerWithin(age, shortestEventAgeSeconds, longest)) {
    const text = `maxEventAge is ${age} s; Lambda allows whole seconds from ${shortestEventAgeSeconds} to ${longest}.`;
    faults.push({ id: 'async-event-age', text });
  }
  const timeout = exactSeconds(functionTimeout);
  if (faults.length > 0 || retryAttempts === 0 || !areKnown(age, retryAttempts, timeout)) return faults;
  const waits = waitsSeconds.slice(0, retryAttempts).reduce((sum, seconds) => sum + seconds, 0);
  const needed = (retryAttempts + 1) * timeout + waits;
  if (age >= needed) return [];
  const text = `maxEventAge is ${age} s, but ${retryAttempts + 1} tries of ${timeout} s and the waits between them take up to ${needed} s: events would be given up before they were tried so often. Make maxEventAge at least ${needed} s, or lower retryAttempts.`;
  return [{ id: 'async-event-age', text }];
}
