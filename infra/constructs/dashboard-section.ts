import type { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { RocketMqEventSource } from './rocketmq-event-source.ts';
import { connectionReasons, type RocketMqProducerFunction } from './rocketmq-producer-function.ts';
import type { TransactionChecker } from './transaction-checker.ts';

/** Rows of a dashboard, of widgets side by side. */
export type DashboardRows = cloudwatch.IWidget[][];

const { GREEN, ORANGE, RED, GREY, BLUE, PURPLE, PINK, BROWN } = cloudwatch.Color;
const wholeWidth = 24;
const zero = { min: 0 };

/** What a function that sends is doing: outcomes, times, sandboxes, connections, upkeep; and how far its source is behind. */
export function producerRows(
  producer: RocketMqProducerFunction,
  period: Duration,
  source?: RocketMqEventSource,
): DashboardRows {
  const backlog = source && backlogWidget(source, period);
  return [
    [heading((source ?? producer).node.path)],
    sideBySide(outcomes(producer, period), sendTimes(producer, period), ...(backlog === undefined ? [] : [backlog])),
    sideBySide(
      sandboxes(producer, period),
      connections(producer, period),
      parameterAge(producer, period),
      upkeep(producer, period),
    ),
  ];
}

/** What a checker of transactions is doing. */
export function checkerRows(checker: TransactionChecker, period: Duration): DashboardRows {
  const checks = graph('Checks of transactions', {
    stacked: true,
    left: [
      checker.metricCommitted({ period, label: 'committed', color: GREEN }),
      checker.metricRolledBack({ period, label: 'rolled back', color: GREY }),
      checker.metricUnknown({ period, label: 'not known yet', color: ORANGE }),
    ],
    right: [checker.metricGivenUp({ period, label: 'given up by brokers', color: RED })],
    rightYAxis: zero,
  });
  const { producerFunction } = checker;
  return [
    [heading(checker.node.path)],
    sideBySide(
      checks,
      sandboxes(producerFunction, period),
      parameterAge(producerFunction, period),
      upkeep(producerFunction, period),
    ),
  ];
}

/** Widgets as wide as they need be to fill the row. */
export function sideBySide(...widgets: ((width: number) => cloudwatch.IWidget)[]): cloudwatch.IWidget[] {
  return widgets.map((make) => make(wholeWidth / widgets.length));
}

function heading(text: string): cloudwatch.IWidget {
  return new cloudwatch.TextWidget({ markdown: `## ${text}`, width: wholeWidth, height: 1 });
}

function graph(title: string, props: cloudwatch.GraphWidgetProps): (width: number) => cloudwatch.IWidget {
  return (width) => new cloudwatch.GraphWidget({ title, leftYAxis: zero, ...props, width, height: 6 });
}

function outcomes(producer: RocketMqProducerFunction, period: Duration) {
  return graph('Messages by outcome', {
    stacked: true,
    left: [
      producer.metricSent({ period, label: 'stored', color: GREEN }),
      producer.metricRefused({ period, label: 'refused', color: RED }),
      producer.metricNotSent({ period, label: 'not sent', color: PURPLE }),
      producer.metricUnknown({ period, label: 'unknown', color: ORANGE }),
      producer.metric('RecordsFiltered', { period, label: 'filtered by the mapping', color: BLUE }),
      producer.metric('RecordsDeduplicated', { period, label: 'stored before', color: BROWN }),
      producer.metric('RecordsDropped', { period, label: 'dropped by the mapping', color: PINK }),
    ],
    right: [producer.metricPossibleDuplicates({ period, label: 'possible duplicates', color: GREY })],
    rightYAxis: zero,
  });
}

function sendTimes(producer: RocketMqProducerFunction, period: Duration) {
  return graph('Time to be stored (ms)', {
    left: [
      producer.metricSendMs({ period, label: 'p50', statistic: cloudwatch.Stats.percentile(50), color: BLUE }),
      producer.metricSendMs({ period, label: 'p99', color: ORANGE }),
    ],
  });
}

function sandboxes(producer: RocketMqProducerFunction, period: Duration) {
  const cold = producer.metricColdStarts({ period, label: 'cold', color: BLUE });
  const warm = new cloudwatch.MathExpression({
    expression: 'invocations - cold',
    usingMetrics: { invocations: producer.metricInvocations({ period }), cold },
    label: 'warm',
    color: ORANGE,
    period,
  });
  return graph('Invocations, cold and warm', { stacked: true, left: [cold, warm] });
}

function connections(producer: RocketMqProducerFunction, period: Duration) {
  return graph('Connections opened, by reason', {
    stacked: true,
    left: connectionReasons.map((reason) => producer.metricConnectionsOpenedFor(reason, { period, label: reason })),
  });
}

function parameterAge(producer: RocketMqProducerFunction, period: Duration) {
  return graph('Age of the name servers read from SSM (ms)', {
    left: [producer.metricNameServerParameterAge({ period, label: 'oldest' })],
  });
}

function upkeep(producer: RocketMqProducerFunction, period: Duration) {
  const { function: fn } = producer;
  return graph('Failures', {
    left: [
      producer.metricDueWorkFailures({ period, label: 'due work', color: ORANGE }),
      fn.metricErrors({ period, label: 'invocations', color: RED }),
      fn.metricThrottles({ period, label: 'throttled', color: PURPLE }),
    ],
  });
}

function backlogWidget(source: RocketMqEventSource, period: Duration) {
  const lag = source.metricLag({ period });
  const dead = source.deadLetterQueue?.metricApproximateNumberOfMessagesVisible({
    period,
    statistic: cloudwatch.Stats.MAXIMUM,
    label: 'dead letters',
    color: RED,
  });
  if (lag === undefined && dead === undefined) return undefined;
  return graph('Lag of the source', {
    left: lag === undefined ? [] : [lag],
    right: dead === undefined ? [] : [dead],
    rightYAxis: zero,
  });
}
