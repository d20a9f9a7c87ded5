import type { BundleFigure } from '../parts/bundles.ts';
import type { ClientColdFigure } from '../parts/client-cold-start.ts';
import type { DueWorkFigure } from '../parts/due-work-cost.ts';
import type { FunctionColdFigures } from '../parts/function-cold-start.ts';
import type { SendFigures } from '../parts/sends.ts';
import type { ThawFigure } from '../parts/thaw.ts';
import type { WarmFigures } from '../parts/warm-invocations.ts';
import type { WireFigure } from '../parts/wire-bytes.ts';
import type { Bar } from './bar.ts';
import type { Machine } from './machine.ts';

/** Everything one run has measured; what `--json` prints, with the bars. A part that was not asked for is absent. */
export interface BenchResults {
  readonly machine: Machine;
  readonly settings: {
    readonly cluster: 'embedded' | 'RocketMQ 5.5.0';
    readonly rounds: number;
    readonly seconds: number;
    readonly isShort: boolean;
    readonly isPatient: boolean;
  };
  readonly sends?: SendFigures;
  readonly batches?: SendFigures;
  readonly wire?: readonly WireFigure[];
  readonly clientCold?: readonly ClientColdFigure[];
  readonly bundles?: readonly BundleFigure[];
  readonly functionCold?: FunctionColdFigures;
  readonly warm?: WarmFigures;
  readonly due?: DueWorkFigure;
  readonly thaw?: readonly ThawFigure[];
}

/** A part that could not be measured. */
export interface PartFailure {
  readonly part: string;
  readonly reason: string;
}

/** Results, and how they stand against the bars. */
export interface JudgedResults extends BenchResults {
  /** Empty after a sound run. */
  readonly failures: readonly PartFailure[];
  readonly bars: readonly Bar[];
}
