import { Duration, type Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, test } from 'vitest';
import type { OpenReason } from '../../../functions/rocketmq/remoting/remoting-client.ts';
import { HttpToRocketMq } from '../../../infra/constructs/http-to-rocketmq.ts';
import { RocketMqCluster } from '../../../infra/constructs/rocketmq-cluster.ts';
import { RocketMqDashboard, type RocketMqDashboardProps } from '../../../infra/constructs/rocketmq-dashboard.ts';
import { connectionReasons } from '../../../infra/constructs/rocketmq-producer-function.ts';
import { SqsToRocketMq } from '../../../infra/constructs/sqs-to-rocketmq.ts';
import { TransactionChecker } from '../../../infra/constructs/transaction-checker.ts';
import { violationsOf } from '../nag.ts';
import { errorsOf, testStack } from '../test-app.ts';

interface Widget {
  readonly type: string;
  readonly width: number;
  readonly x: number;
  readonly y: number;
  readonly properties: {
    readonly title?: string;
    readonly markdown?: string;
    readonly alarms?: readonly unknown[];
    readonly query?: string;
    readonly metrics?: readonly unknown[][];
  };
}

/** Widgets of the one dashboard of a stack; tokens in its body are put in as their names. */
function widgetsOf(stack: Stack): Widget[] {
  const [dashboard] = Object.values(Template.fromStack(stack).findResources('AWS::CloudWatch::Dashboard'));
  const body: string | { 'Fn::Join': [string, unknown[]] } = dashboard?.Properties.DashboardBody;
  const parts = typeof body === 'string' ? [body] : body['Fn::Join'][1];
  const text = parts.map((part) =>
    typeof part === 'string' ? part : JSON.stringify(part).replace(/[^A-Za-z0-9]/g, ''),
  );
  return JSON.parse(text.join('')).widgets;
}

function sourcesIn(stack: Stack) {
  const cluster = new RocketMqCluster(stack, 'Cluster', { nameServers: ['10.0.1.5:9876'] });
  const settings = { cluster, topic: 'orders', producerGroup: 'orders' };
  return {
    sqs: new SqsToRocketMq(stack, 'Sqs', settings),
    http: new HttpToRocketMq(stack, 'Http', settings),
    checker: new TransactionChecker(stack, 'Checker', { cluster, topics: ['orders'], producerGroup: 'orders' }),
  };
}

const titlesOf = (widgets: readonly Widget[]) =>
  widgets.map(({ properties }) => properties.title ?? properties.markdown);
/** Names and metrics of a graph, such as `MessagesSent` or `invocations - cold`. */
const metricsOf = ({ properties: { metrics = [] } }: Widget) =>
  metrics.map(([namespace, name]) => (typeof name === 'string' ? name : JSON.stringify(namespace)));

describe('a dashboard of two sources and a checker', () => {
  const stack = testStack();
  let widgets: Widget[];

  beforeAll(() => {
    const { sqs, http, checker } = sourcesIn(stack);
    new RocketMqDashboard(stack, 'Dashboard', { sources: [sqs, http], checkers: [checker] });
    widgets = widgetsOf(stack);
  });

  test('has all alarms on top', () => {
    expect(widgets[0]).toMatchObject({ type: 'alarm', y: 0, width: 24 });
    expect(widgets[0]?.properties.alarms).toHaveLength(2 + 2 + 4);
  });

  test('has a section for each, and a lag where the source has one', () => {
    const graphs = [
      'Invocations, cold and warm',
      'Connections opened, by reason',
      'Age of the name servers read from SSM (ms)',
      'Failures',
    ];
    expect(titlesOf(widgets.slice(1))).toEqual([
      '## Test/Sqs',
      'Messages by outcome',
      'Time to be stored (ms)',
      'Lag of the source',
      ...graphs,
      '## Test/Http',
      'Messages by outcome',
      'Time to be stored (ms)',
      ...graphs,
      '## Test/Checker',
      'Checks of transactions',
      ...graphs.filter((title) => title !== 'Connections opened, by reason'),
    ]);
  });

  test('fills each row from edge to edge', () => {
    const rows = Map.groupBy(widgets, ({ y }) => y);
    for (const row of rows.values()) expect(row.reduce((sum, { width }) => sum + width, 0)).toBe(24);
  });

  test('shows the metrics that the functions write', () => {
    const bySection = widgets.slice(2, 9).map((widget) => [widget.properties.title, metricsOf(widget)]);
    expect(Object.fromEntries(bySection)).toMatchObject({
      'Messages by outcome': [
        'MessagesSent',
        'MessagesRefused',
        'MessagesNotSent',
        'MessagesUnknown',
        'RecordsFiltered',
        'RecordsDeduplicated',
        'RecordsDropped',
        'PossibleDuplicates',
      ],
      'Time to be stored (ms)': ['SendMs', 'SendMs'],
      'Lag of the source': ['ApproximateAgeOfOldestMessage', 'ApproximateNumberOfMessagesVisible'],
      'Invocations, cold and warm': ['ColdStart', expect.stringContaining('invocations - cold'), 'ColdStart'],
      'Connections opened, by reason': connectionReasons.map((reason) => `ConnectionsOpened${reason}`),
      'Age of the name servers read from SSM (ms)': ['NameServerParameterAgeMs'],
      Failures: ['DueWorkFailures', 'Errors', 'Throttles'],
    });
  });

  test('asks for both percentiles, and for samples where it counts invocations', () => {
    const statistics = widgets
      .flatMap(({ properties: { metrics = [] } }) => metrics)
      .filter(([, name]) => name === 'SendMs' || name === 'ColdStart')
      .map((metric) => (metric.at(-1) as { stat?: string }).stat ?? 'default');
    expect(new Set(statistics)).toEqual(new Set(['p50', 'p99', 'Sum', 'SampleCount']));
  });

  test('violates no rule of cdk-nag', () => {
    expect(violationsOf(stack)).toEqual([]);
  });
});

function dashboardWith(props: (sources: ReturnType<typeof sourcesIn>) => RocketMqDashboardProps): Stack {
  const stack = testStack();
  new RocketMqDashboard(stack, 'Dashboard', props(sourcesIn(stack)));
  return stack;
}

test('a function without a source has a section too', () => {
  const stack = dashboardWith(({ sqs }) => ({ producers: [sqs.producerFunction] }));
  expect(titlesOf(widgetsOf(stack)).slice(0, 3)).toEqual([
    '## Test/Sqs/Producer',
    'Messages by outcome',
    'Time to be stored (ms)',
  ]);
});

test('the latest failures are read from the logs of all functions where that is wished', () => {
  const stack = dashboardWith(({ sqs, http }) => ({ sources: [sqs, http], showFailures: true }));
  const last = widgetsOf(stack).at(-1);
  expect(last).toMatchObject({ type: 'log', width: 24 });
  expect(last?.properties.query).toMatch(/SOURCE 'RefSqsProducerLogs\w+' \| SOURCE 'RefHttpProducerLogs\w+' \| fields/);
});

test('period, name and other options are taken', () => {
  const stack = dashboardWith(({ sqs }) => ({
    sources: [sqs],
    period: Duration.minutes(1),
    dashboardOptions: { dashboardName: 'Orders', defaultInterval: Duration.hours(1) },
  }));
  Template.fromStack(stack).hasResourceProperties('AWS::CloudWatch::Dashboard', { DashboardName: 'Orders' });
  const [, , outcomes] = widgetsOf(stack);
  expect(JSON.stringify(outcomes)).toContain('"period":60');
});

test('a dashboard of nothing is a fault', () => {
  for (const props of [{}, { showFailures: true }]) {
    expect(errorsOf(dashboardWith(() => props))).toEqual([
      expect.stringMatching(/^\[rocketmq-lambda:dashboard-empty\]/),
    ]);
  }
});

test('connections have a metric for each reason that the client knows', () => {
  const reasons: Record<OpenReason, true> = {
    first: true,
    idle: true,
    'closed by peer': true,
    error: true,
    timeout: true,
    protocol: true,
    unused: true,
    shutdown: true,
  };
  const inWords = connectionReasons.map((reason) => reason.replace(/(?!^)[A-Z]/g, ' $&').toLowerCase());
  expect(inWords.toSorted()).toEqual(Object.keys(reasons).toSorted());
});
