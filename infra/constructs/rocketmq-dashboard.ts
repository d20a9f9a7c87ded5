import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { checkedProps } from './checked-props.ts';
import { checkerRows, type DashboardRows, producerRows, sideBySide } from './dashboard-section.ts';
import { logQueries } from './log-queries.ts';
import type { RocketMqEventSource } from './rocketmq-event-source.ts';
import { logGroupNamesOf } from './rocketmq-log-queries.ts';
import type { RocketMqProducerFunction } from './rocketmq-producer-function.ts';
import { reportFaults } from './synth-fault.ts';
import type { TransactionChecker } from './transaction-checker.ts';

/** Properties of a dashboard. */
export interface RocketMqDashboardProps {
  /**
   * Sources to show, with their lag and their alarms: any of the `…ToRocketMq` constructs.
   * @default - none
   */
  readonly sources?: readonly RocketMqEventSource[];

  /**
   * Functions to show that belong to no source.
   * @default - none
   */
  readonly producers?: readonly RocketMqProducerFunction[];

  /**
   * Checkers of transactions to show, with their alarms.
   * @default - none
   */
  readonly checkers?: readonly TransactionChecker[];

  /**
   * Alarms to show besides.
   * @default - none
   */
  readonly alarms?: readonly cloudwatch.IAlarm[];

  /**
   * What one point of a graph stands for.
   * @default Duration.minutes(5)
   */
  readonly period?: Duration;

  /**
   * Whether the latest failures are read from the logs, too. CloudWatch charges for what it reads, each time the dashboard is looked at.
   * @default false
   */
  readonly showFailures?: boolean;

  /**
   * Anything else about the dashboard, such as its name.
   * @default - the last three hours are shown
   */
  readonly dashboardOptions?: Omit<cloudwatch.DashboardProps, 'widgets'>;
}

/**
 * One dashboard for all there is: alarms on top, then for each function the outcomes of its messages, times to be stored (p50, p99),
 * cold and warm invocations, connections opened by reason, the age of the name servers, failures, and how far its source is behind.
 */
export class RocketMqDashboard extends Construct {
  /** The dashboard itself. */
  readonly dashboard: cloudwatch.Dashboard;

  constructor(scope: Construct, id: string, given: RocketMqDashboardProps) {
    super(scope, id);
    const props = checkedProps(this, given, [
      'alarms',
      'checkers',
      'dashboardOptions',
      'period',
      'producers',
      'sources',
    ]);
    const { sources = [], producers = [], checkers = [], period = Duration.minutes(5), dashboardOptions } = props;
    const functions = [...sources, ...checkers].map(({ producerFunction }) => producerFunction).concat(producers);
    if (functions.length === 0) {
      const text = 'The dashboard has nothing to show. Give sources, producers or checkers.';
      reportFaults(this, [{ id: 'dashboard-empty', text }]);
    }
    const alarms = [...[...sources, ...checkers].flatMap((shown) => shown.alarms), ...(props.alarms ?? [])];
    const rows: DashboardRows = [
      ...(alarms.length === 0 ? [] : [[alarmWidget(alarms)]]),
      ...sources.flatMap((source) => producerRows(source.producerFunction, period, source)),
      ...producers.flatMap((producer) => producerRows(producer, period)),
      ...checkers.flatMap((checker) => checkerRows(checker, period)),
      ...(props.showFailures === true && functions.length > 0 ? [sideBySide(failureWidget(functions))] : []),
    ];
    this.dashboard = new cloudwatch.Dashboard(this, 'Dashboard', {
      defaultInterval: Duration.hours(3),
      ...dashboardOptions,
      widgets: rows,
    });
  }
}

/** Alarms a row holds, about as many as can be read side by side. */
const alarmsInARow = 4;

function alarmWidget(alarms: readonly cloudwatch.IAlarm[]): cloudwatch.IWidget {
  return new cloudwatch.AlarmStatusWidget({
    title: 'Alarms',
    alarms: [...alarms],
    sortBy: cloudwatch.AlarmStatusWidgetSortBy.STATE_UPDATED_TIMESTAMP,
    width: 24,
    height: 1 + 2 * Math.ceil(alarms.length / alarmsInARow),
  });
}

function failureWidget(functions: readonly RocketMqProducerFunction[]) {
  const { title, lines } = logQueries.latestFailures;
  return (width: number) =>
    new cloudwatch.LogQueryWidget({
      title: `Records: ${title}`,
      logGroupNames: logGroupNamesOf(functions),
      queryLines: [...lines],
      view: cloudwatch.LogQueryVisualizationType.TABLE,
      width,
      height: 8,
    });
}
