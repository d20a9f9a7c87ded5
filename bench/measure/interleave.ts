import type { Contender } from '../contenders/contender.ts';
import type { Load, Round } from '../contenders/load.ts';
import { calmMachine, OutsideLoad } from './outside-load.ts';

/** What became of one contender over all rounds of a figure. */
export interface Rounds {
  readonly name: string;
  readonly rounds: readonly Round[];
  /** Rounds thrown away and done again, because others used the machine meanwhile. */
  readonly repeated: number;
  /** Rounds kept although they were disturbed: the machine did not become calm. */
  readonly disturbed: number;
  readonly peakRssBytes: number | undefined;
}

export interface InterleaveOptions {
  readonly rounds: number;
  /** Whether to wait for a calm machine and to repeat disturbed rounds. */
  readonly isStrict: boolean;
  readonly onRound?: (name: string, round: Round, repeats: number) => void;
}

const MOST_REPEATS = 3;

/** Lets each contender do its rounds, in an order drawn anew for each round, so that all meet the same weather. */
export async function interleave(
  contenders: readonly Contender[],
  load: Load,
  options: InterleaveOptions,
): Promise<Rounds[]> {
  const done = contenders.map((contender) => ({ contender, rounds: [] as Round[], repeated: 0, disturbed: 0 }));
  if (options.isStrict) await calmMachine();
  for (let number = 0; number < options.rounds; number++) {
    for (const entry of shuffled(done)) {
      const idle = new Set(
        contenders.flatMap(({ pid }) => (pid === undefined || pid === entry.contender.pid ? [] : [pid])),
      );
      for (let repeats = 0; ; repeats++) {
        const outside = new OutsideLoad(idle);
        const round = await entry.contender.run(load);
        const isDisturbed = outside.isTooLarge(outside.share());
        options.onRound?.(entry.contender.name, round, repeats);
        if (isDisturbed && options.isStrict && repeats < MOST_REPEATS) {
          entry.repeated++;
          await calmMachine();
          continue;
        }
        if (isDisturbed) entry.disturbed++;
        entry.rounds.push(round);
        break;
      }
    }
  }
  return done.map(({ contender, ...rest }) => {
    return { name: contender.name, ...rest, peakRssBytes: contender.peakRssBytes };
  });
}

/** The same in random order. */
export function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
