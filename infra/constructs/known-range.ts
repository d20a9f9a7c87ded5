import { type Duration, Token } from 'aws-cdk-lib';

/** Whether a number is whole and within bounds, both included. One that is known at deployment only is taken to be. */
export function isIntegerWithin(value: number, smallest: number, largest: number): boolean {
  return Token.isUnresolved(value) || (Number.isInteger(value) && value >= smallest && value <= largest);
}

/** A duration in seconds, with their fraction. One that is known at deployment only is a token, which no check may look into. */
export function exactSeconds(duration: Duration): number {
  return duration.toSeconds({ integral: false });
}

/** Whether all numbers are known at synth, so that they can be compared. */
export function areKnown(...values: readonly number[]): boolean {
  return !values.some((value) => Token.isUnresolved(value));
}
