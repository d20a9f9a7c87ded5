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
  /** Why it did not do all its rounds. */
  readonly failure: string | undefined;
}

export interface InterleaveOptions {
  readonly rounds: number;
  /** Whether to wait for a calm machine and to repeat disturbed rounds. */
  readonly isStrict: boolean;
  /** Done before each round, repeated ones too, while nobody sends. */
  readonly prepare?: () => Promise<void>;
  readonly onRound?: (name: string, round: Round, repeats: number) => void;
}

const MOST_REPEATS = 3;

/**
 * Lets each contender do its rounds, in an order drawn anew for each round, so that all meet the same weather. One that
 * ends or hangs is left out from then on; the others go on.
 */
export async function interleave(
  contenders: readonly Contender[],
  load: Load,
  options: InterleaveOptions,
): Promise<Rounds[]> {
  const turns = contenders.map((contender) => new Turns(contender, othersThan(contender, contenders), options));
  if (options.isStrict) await calmMachine();
  for (let number = 0; number < options.rounds; number++) for (const turn of shuffled(turns)) await turn.take(load);
  return turns.map((turn) => turn.result());
}

/** What became of each contender in several goes, put together: all its rounds, the most memory, the first failure. */
export function togetherOf(goes: readonly (readonly Rounds[])[]): Rounds[] {
  const byName = Map.groupBy(goes.flat(), ({ name }) => name);
  return [...byName].map(([name, parts]) => {
    const peaks = parts.flatMap(({ peakRssBytes }) => peakRssBytes ?? []);
    return {
      name,
      rounds: parts.flatMap(({ rounds }) => rounds),
      repeated: parts.reduce((sum, { repeated }) => sum + repeated, 0),
      disturbed: parts.reduce((sum, { disturbed }) => sum + disturbed, 0),
      peakRssBytes: peaks.length === 0 ? undefined : Math.max(...peaks),
      failure: parts.find(({ failure }) => failure !== undefined)?.failure,
    };
  });
}

/** The rounds of one contender. */
class Turns {
  readonly #contender: Contender;
  readonly #idle: ReadonlySet<number>;
  readonly #options: InterleaveOptions;
  readonly #rounds: Round[] = [];
  #repeated = 0;
  #disturbed = 0;
  #failure: string | undefined;
  #peakRssBytes: number | undefined;

  constructor(contender: Contender, idle: ReadonlySet<number>, options: InterleaveOptions) {
    this.#contender = contender;
    this.#idle = idle;
    this.#options = options;
  }

  /** One round, again while it is disturbed and repeats are left. */
  async take(load: Load): Promise<void> {
    const { isStrict, prepare, onRound } = this.#options;
    for (let repeats = 0; this.#failure === undefined; repeats++) {
      await prepare?.();
      const outside = new OutsideLoad(this.#idle);
      const round = await this.#run(load);
      if (round === undefined) return;
      const isDisturbed = outside.isTooLarge(outside.share());
      onRound?.(this.#contender.name, round, repeats);
      if (!isDisturbed || !isStrict || repeats === MOST_REPEATS) {
        if (isDisturbed) this.#disturbed++;
        this.#rounds.push(round);
        return;
      }
      this.#repeated++;
      await calmMachine();
    }
  }

  result(): Rounds {
    const [rounds, repeated, disturbed, failure] = [this.#rounds, this.#repeated, this.#disturbed, this.#failure];
    return { name: this.#contender.name, rounds, repeated, disturbed, failure, peakRssBytes: this.#peakRssBytes };
  }

  async #run(load: Load): Promise<Round | undefined> {
    try {
      const round = await this.#contender.run(load);
      // Read now: of a process that has ended nobody knows it.
      this.#peakRssBytes = this.#contender.peakRssBytes;
      return round;
    } catch (error) {
      this.#failure = error instanceof Error ? error.message : String(error);
      // One that hangs may be busy, and must not be while others are measured.
      await this.#contender.stop();
      return undefined;
    }
  }
}

function othersThan(contender: Contender, all: readonly Contender[]): ReadonlySet<number> {
  return new Set(all.flatMap(({ pid }) => (pid === undefined || pid === contender.pid ? [] : [pid])));
}

/** The same in random order. */
export function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
