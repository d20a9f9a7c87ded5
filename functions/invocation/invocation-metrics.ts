import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Outcome } from '#rocketmq';
import type { RecordOutcome } from '../delivery/record-outcome.ts';

/**
 * Values of a metric in one EMF document; with the hundredth, Powertools would write the document and begin another.
 */
const MOST_VALUES = 99;

const failureMetrics: Readonly<Record<Outcome, string>> = {
  refused: 'MessagesRefused',
  notSent: 'MessagesNotSent',
  unknown: 'MessagesUnknown',
};

/** What is counted beside the messages themselves. */
export interface InvocationFacts {
  readonly isCold: boolean;
  /** Connections opened since the line before, by reason. */
  readonly connectionsOpened: Readonly<Record<string, number>>;
  readonly parameterAgeMs: number | undefined;
  /** Failed runs of due work since the line before. */
  readonly dueWorkFailures: number;
}

/**
 * Counts the messages of one invocation and writes them as one embedded-metrics line. An object for each invocation, so
 * that invocations running at once in one process cannot mix their numbers.
 */
export class InvocationMetrics {
  readonly #failures: Record<Outcome, number> = { refused: 0, notSent: 0, unknown: 0 };
  readonly #sendMs: number[] = [];
  readonly #counts = new Map<string, number>();
  #sent = 0;
  #attempts = 0;
  #possibleDuplicates = 0;
  readonly #letGo = { filtered: 0, dropped: 0 };
  readonly #namespace: string;

  constructor(namespace: string) {
    this.#namespace = namespace;
  }

  /** Counts one record, with the time it took to be stored or given up. */
  record(outcome: RecordOutcome, elapsedMs: number): void {
    if (outcome.status === 'filtered' || outcome.status === 'dropped') {
      this.#letGo[outcome.status]++;
      return;
    }
    if (outcome.status === 'stored' && outcome.result.attempts === 0) {
      this.count('RecordsDeduplicated', 1);
      return;
    }
    if (outcome.status === 'stored') {
      this.#sent++;
      this.#attempts += outcome.result.attempts;
      if (outcome.result.isPossibleDuplicate) this.#possibleDuplicates++;
      this.#sendMs.push(elapsedMs);
      return;
    }
    this.#failures[outcome.error.outcome]++;
    if ('attempts' in outcome.error && Array.isArray(outcome.error.attempts)) {
      this.#attempts += outcome.error.attempts.length;
    }
  }

  /** Counts something that only one function does, such as the checks that it answered. */
  count(metric: string, value: number): void {
    this.#counts.set(metric, (this.#counts.get(metric) ?? 0) + value);
  }

  /**
   * Writes the line to stdout.
   * @throws what Powertools takes for a fault, such as a metric without a name; then there is no line.
   */
  publish(facts: InvocationFacts): void {
    try {
      this.#write(writerOf(this.#namespace), facts);
    } catch (error) {
      // What was filled in until then must not be in the next line.
      writers.delete(this.#namespace);
      throw error;
    }
  }

  #write(metrics: Metrics, facts: InvocationFacts): void {
    metrics.addMetric('MessagesSent', MetricUnit.Count, this.#sent);
    for (const [outcome, count] of Object.entries(this.#failures)) {
      metrics.addMetric(failureMetrics[outcome as Outcome], MetricUnit.Count, count);
    }
    metrics.addMetric('RecordsFiltered', MetricUnit.Count, this.#letGo.filtered);
    metrics.addMetric('RecordsDropped', MetricUnit.Count, this.#letGo.dropped);
    metrics.addMetric('PossibleDuplicates', MetricUnit.Count, this.#possibleDuplicates);
    metrics.addMetric('Attempts', MetricUnit.Count, this.#attempts);
    metrics.addMetric('ColdStart', MetricUnit.Count, facts.isCold ? 1 : 0);
    for (const [metric, value] of this.#counts) metrics.addMetric(metric, MetricUnit.Count, value);
    for (const ms of spread(this.#sendMs)) metrics.addMetric('SendMs', MetricUnit.Milliseconds, ms);
    const opened = Object.values(facts.connectionsOpened).reduce((sum, count) => sum + count, 0);
    metrics.addMetric('ConnectionsOpened', MetricUnit.Count, opened);
    for (const [reason, count] of Object.entries(facts.connectionsOpened)) {
      metrics.addMetric(connectionMetric(reason), MetricUnit.Count, count);
    }
    if (opened > 0) metrics.addMetadata('connectionsOpened', JSON.stringify(facts.connectionsOpened));
    metrics.addMetric('DueWorkFailures', MetricUnit.Count, facts.dueWorkFailures);
    if (facts.parameterAgeMs !== undefined) {
      metrics.addMetric('NameServerParameterAgeMs', MetricUnit.Milliseconds, facts.parameterAgeMs);
    }
    metrics.publishStoredMetrics();
  }
}

const writers = new Map<string, Metrics>();

/**
 * What writes the lines of a namespace: one for the life of the process, since making it takes longer than all that an
 * invocation writes with it. A line is filled and written in one go, and leaves nothing for the next.
 */
function writerOf(namespace: string): Metrics {
  const present = writers.get(namespace);
  if (present !== undefined) return present;
  const made = new Metrics({ namespace });
  writers.set(namespace, made);
  return made;
}

/**
 * Metric of the connections opened for one reason, such as `ConnectionsOpenedClosedByPeer` for `closed by peer`.
 * Written only when there are some: a metric costs money from its first value on.
 */
function connectionMetric(reason: string): string {
  return `ConnectionsOpened${reason.replace(/(?:^| )(\w)/g, (_, letter: string) => letter.toUpperCase())}`;
}

/** At most as many values as a document takes, spread evenly over the sorted ones, so that percentiles keep. */
function spread(values: readonly number[]): readonly number[] {
  if (values.length <= MOST_VALUES) return values;
  const sorted = values.toSorted((a, b) => a - b);
  const step = (sorted.length - 1) / (MOST_VALUES - 1);
  return Array.from({ length: MOST_VALUES }, (_, index) => sorted[Math.round(index * step)] ?? 0);
}
