import { Duration } from 'aws-cdk-lib';
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
  const isAttemptsFine = Number.isInteger(retryAttempts) && retryAttempts >= 0 && retryAttempts <= mostRetries;
  if (!isAttemptsFine) {
    const text = `retryAttempts is ${retryAttempts}; Lambda tries an asynchronous event again 0, 1 or ${mostRetries} times.`;
    faults.push({ id: 'async-retry-attempts', text });
  }
  const age = maxEventAge.toSeconds({ integral: false });
  const longest = longestEventAge.toSeconds();
  if (!Number.isInteger(age) || age < shortestEventAgeSeconds || age > longest) {
    const text = `maxEventAge is ${age} s; Lambda allows whole seconds from ${shortestEventAgeSeconds} to ${longest}.`;
    return [...faults, { id: 'async-event-age', text }];
  }
  if (!isAttemptsFine) return faults;
  const waits = waitsSeconds.slice(0, retryAttempts).reduce((sum, seconds) => sum + seconds, 0);
  const needed = (retryAttempts + 1) * functionTimeout.toSeconds({ integral: false }) + waits;
  if (retryAttempts > 0 && age < needed) {
    const text = `maxEventAge is ${age} s, but ${retryAttempts + 1} tries of ${functionTimeout.toSeconds({ integral: false })} s and the waits between them take up to ${needed} s: events would be given up before they were tried so often. Make maxEventAge at least ${needed} s, or lower retryAttempts.`;
    faults.push({ id: 'async-event-age', text });
  }
  return faults;
}
