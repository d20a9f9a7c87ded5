import { Annotations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Something that would go wrong after deployment and is therefore refused at synth. */
export interface SynthFault {
  /** Stable name of the check, shown as `[rocketmq-lambda:<id>]`. */
  readonly id: string;
  /** What is wrong, with the numbers, and how to mend it. */
  readonly text: string;
}

/**
 * Attaches faults to a construct as errors: synth shows all of them at once, with the construct's path, and ends with an error.
 * A construct never throws for them, so that one run of synth tells everything there is to mend.
 */
export function reportFaults(scope: IConstruct, faults: readonly SynthFault[]): void {
  for (const { id, text } of faults) Annotations.of(scope).addError(`[rocketmq-lambda:${id}] ${text}`);
}

/** Attaches a warning that users can acknowledge under `rocketmq-lambda:<id>`. */
export function reportWarning(scope: IConstruct, { id, text }: SynthFault): void {
  Annotations.of(scope).addWarningV2(`rocketmq-lambda:${id}`, text);
}
