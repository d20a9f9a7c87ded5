import { Duration, Fn, RemovalPolicy, Token } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as scheduler from 'aws-cdk-lib/aws-scheduler';
import { Construct } from 'constructs';
import { topicFault } from '../rocketmq-names.ts';
import type { AnyTable } from './any-table.ts';
import { checkedProps, sourceProps } from './checked-props.ts';
import { alarmOnFunctionErrors } from './delivery-alarms.ts';
import { exactSeconds } from './known-range.ts';
import { environmentFaults, type ProducerSettings, producerSettings } from './producer-environment.ts';
import { regionFaults } from './region-faults.ts';
import type { RocketMqCluster } from './rocketmq-cluster.ts';
import { type ProducerFunctionOptions, RocketMqProducerFunction } from './rocketmq-producer-function.ts';
import { acknowledgeEmptyEvents, periodFaults, ScheduledInvocation } from './scheduled-invocation.ts';
import { reportFaults, reportWarning, type SynthFault } from './synth-fault.ts';
import { alarmOnGivenUp, alarmOnSilence, alarmOnUnansweredChecks } from './transaction-check-alarms.ts';
import { checkPlanFaults } from './transaction-check-faults.ts';
import {
  createTransactionLogTable,
  grantOnTable,
  type TransactionLogTableOptions,
  transactionLogTableFaults,
} from './transaction-log-table.ts';

/** Properties of a checker of transactions. */
export interface TransactionCheckerProps extends Omit<ProducerSettings, 'topic'> {
  /** The cluster whose brokers ask. */
  readonly cluster: RocketMqCluster;

  /** Topics of the transactional messages. The group that sends them is `producerGroup`. */
  readonly topics: readonly string[];

  /**
   * What the brokers are set to (`transactionCheckMax`): so many times they ask before they give a message up.
   * @default 15
   */
  readonly transactionCheckMax?: number;

  /**
   * What the brokers are set to (`transactionCheckInterval`): so long they wait before they ask again. 60 seconds on 4.9 to 5.1.0.
   * @default Duration.seconds(30)
   */
  readonly transactionCheckInterval?: Duration;

  /**
   * From the start of one run to the start of the next, in whole minutes.
   * @default Duration.minutes(2)
   */
  readonly period?: Duration;

  /**
   * How long each run stays to answer (`ROCKETMQ_TRANSACTION_AWAKE_MS`).
   * @default - 30 seconds more than `transactionCheckInterval`
   */
  readonly awakeTime?: Duration;

  /**
   * Age from which a transaction that is not in the log did not happen and is rolled back: at least the timeout of the function that
   * sends (`ROCKETMQ_TRANSACTION_PATIENCE_MS`).
   * @default Duration.seconds(60)
   */
  readonly patience?: Duration;

  /**
   * A table that exists, with the partition key `msgId` (string), no sort key, and time to live on `expiresAt`.
   * @default - one is created
   */
  readonly existingTable?: AnyTable;

  /**
   * Anything else about the created table, such as a key of your own.
   * @default - paid by use, restorable to any second, encrypted with a key of DynamoDB
   */
  readonly tableOptions?: TransactionLogTableOptions;

  /**
   * What becomes of the created table when the stack is deleted. A row that is lost can lose its message.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;

  /**
   * How many messages that brokers have given up are known of and looked into. They stay where they are until their broker deletes them,
   * after 72 hours by default; with their number here, the alarm is ready for others meanwhile.
   * @default 0
   */
  readonly knownGivenUp?: number;

  /**
   * Options of the function.
   * @default - those of `RocketMqProducerFunction`, with a timeout 30 seconds longer than `awakeTime`
   */
  readonly functionOptions?: ProducerFunctionOptions;

  /**
   * What happens when an alarm goes off.
   * @default - nothing; the alarms exist
   */
  readonly alarmActions?: readonly cloudwatch.IAlarmAction[];
}

const ownProps = [
  ...sourceProps,
  'awakeTime',
  'existingTable',
  'patience',
  'period',
  'topics',
  'transactionCheckInterval',
] as const;

/** Of whoever sends or checks: both write outcomes, and both are asked for them. */
const logActions = ['GetItem', 'PutItem', 'UpdateItem'];

/**
 * Answers for frozen senders: by the clock, a function registers with the brokers and stays awake to tell them from a DynamoDB table
 * how transactions of its group ended. See docs/transactions.md.
 */
export class TransactionChecker extends Construct {
  /** The function that answers. */
  readonly producerFunction: RocketMqProducerFunction;
  /** The transaction log. */
  readonly table: AnyTable;
  /**
   * Belongs in the environment of functions that send: the log's table, and the patience, for brokers ask them too
   * (`ROCKETMQ_TRANSACTION_TABLE`, `ROCKETMQ_TRANSACTION_PATIENCE_MS`).
   */
  readonly senderEnvironment: Readonly<Record<string, string>>;
  /** What starts the function. */
  readonly schedule: scheduler.Schedule | undefined;
  /** Goes off when the checker failed: a crash, or a broker that it could not register with. */
  readonly functionErrorAlarm: cloudwatch.Alarm;
  /** Goes off when the checker does not run at all. */
  readonly silenceAlarm: cloudwatch.Alarm;
  /** Goes off while checks stay unanswered. */
  readonly unansweredAlarm: cloudwatch.Alarm;
  /** Goes off while messages lie among those that brokers have given up, above `knownGivenUp`. */
  readonly givenUpAlarm: cloudwatch.Alarm;
  /** All of them. */
  readonly alarms: readonly cloudwatch.Alarm[];
  readonly #patience: Duration;

  constructor(scope: Construct, id: string, given: TransactionCheckerProps) {
    super(scope, id);
    const props = checkedProps(this, given, ownProps);
    const { functionOptions = {}, existingTable, tableOptions = {}, alarmActions = [] } = props;
    const topics = topicsOf(props);
    const { period = Duration.minutes(2), patience = Duration.seconds(60), transactionCheckMax = 15 } = props;
    const { transactionCheckInterval = Duration.seconds(30) } = props;
    const awakeTime = props.awakeTime ?? halfAMinuteMoreThan(transactionCheckInterval);
    this.#patience = patience;
    this.table =
      existingTable ??
      createTransactionLogTable(this, 'Table', tableOptions, props.removalPolicy ?? RemovalPolicy.RETAIN);
    const timeout = functionOptions.timeout ?? halfAMinuteMoreThan(awakeTime);
    this.senderEnvironment = {
      ROCKETMQ_TRANSACTION_TABLE: this.table.tableName,
      ROCKETMQ_TRANSACTION_PATIENCE_MS: patience.toMilliseconds().toString(),
    };
    const environment = {
      ROCKETMQ_TRANSACTION_TOPICS: topics.all,
      ROCKETMQ_TRANSACTION_AWAKE_MS: awakeTime.toMilliseconds().toString(),
      ...this.senderEnvironment,
    };
    this.producerFunction = new RocketMqProducerFunction(this, 'Checker', {
      // One that failed is not repeated: the next run comes in its place.
      retryAttempts: 0,
      maxEventAge: Duration.minutes(1),
      ...functionOptions,
      timeout,
      environment: { ...functionOptions.environment, ...environment },
      ...producerSettings({ ...props, topic: topics.first }),
      cluster: props.cluster,
      source: 'transaction-check',
      // It registers with every master, whatever `brokersPerSandbox` says.
      isKeyed: true,
      ...runsAtOnce(timeout, period),
    });
    grantOnTable(this.producerFunction, this.table, logActions);

    const plan = { period, awakeTime, patience, functionTimeout: timeout, checkMax: transactionCheckMax };
    const { errors, warnings } = checkPlanFaults({ ...plan, checkInterval: transactionCheckInterval });
    const clockFaults = periodFaults('transaction-period', period);
    reportFaults(this, [
      ...environmentFaults(functionOptions.environment ?? {}, environment),
      ...topicFaults(props.topics),
      ...tableFaults(props),
      ...regionFaults(this, { existingTable: [existingTable?.tableArn, existingTable] }),
      ...unknownStayFaults(props),
      ...clockFaults,
      ...errors,
    ]);
    for (const warning of warnings) reportWarning(this, warning);

    const { schedules } = new ScheduledInvocation(this, 'Clock', {
      // The CDK throws for some of what has been reported above, and would hide the rest of it.
      schedule: scheduler.ScheduleExpression.rate(clockFaults.length === 0 ? period : Duration.minutes(1)),
      description: 'Answers brokers that ask how transactions ended',
      targets: [{ fn: this.producerFunction.function, event: {} }],
    });
    this.schedule = schedules[0];
    acknowledgeEmptyEvents(this.producerFunction.function, functionOptions);

    this.functionErrorAlarm = alarmOnFunctionErrors(this, this.producerFunction.function);
    this.silenceAlarm = alarmOnSilence(
      this,
      this.producerFunction,
      clockFaults.length === 0 ? period : Duration.minutes(1),
    );
    this.unansweredAlarm = alarmOnUnansweredChecks(this, this.metricUnknown());
    this.givenUpAlarm = alarmOnGivenUp(this, this.metricGivenUp(), props.knownGivenUp ?? 0);
    this.alarms = [this.functionErrorAlarm, this.silenceAlarm, this.unansweredAlarm, this.givenUpAlarm];
    for (const alarm of this.alarms) alarm.addAlarmAction(...alarmActions);
  }

  /**
   * Lets the function that sends write outcomes into the log, within its own `TransactWriteItems`, note deliveries there, and read it for
   * the checks that brokers ask of it. Give it `senderEnvironment` too. A function that may take longer than the checker's patience is a
   * fault.
   */
  grantWriteOutcome(grantee: iam.IGrantable): iam.Grant {
    const timeout = timeoutOf(grantee);
    const isKnown = timeout !== undefined && !timeout.isUnresolved() && !this.#patience.isUnresolved();
    if (isKnown && timeout.toMilliseconds() > this.#patience.toMilliseconds()) {
      const text = `A sender may take ${exactSeconds(timeout)} s, but after ${exactSeconds(this.#patience)} s the checker takes its transaction for one that did not happen. Make patience at least as long as the sender's timeout.`;
      reportFaults(this, [{ id: 'transaction-patience', text }]);
    }
    return grantOnTable(grantee, this.table, logActions);
  }

  /** Checks that brokers asked for and that were answered, one way or the other; a sum over five minutes unless options say otherwise. */
  metricAsked(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.producerFunction.metric('TransactionChecksAsked', options);
  }

  /** Checks answered with commit. */
  metricCommitted(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.producerFunction.metric('TransactionChecksCommitted', options);
  }

  /** Checks answered with rollback. */
  metricRolledBack(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.producerFunction.metric('TransactionChecksRolledBack', options);
  }

  /**
   * Messages of any group that brokers have given up and still keep; the maximum unless options say otherwise. Not written while a
   * broker does not tell: with ACL 2.0 the group needs the right `Get` on `TRANS_CHECK_MAX_TIME_TOPIC`.
   */
  metricGivenUp(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.producerFunction.metric('TransactionsGivenUp', { statistic: cloudwatch.Stats.MAXIMUM, ...options });
  }

  /** Checks that nobody could answer yet; brokers ask again. */
  metricUnknown(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.producerFunction.metric('TransactionChecksUnknown', options);
  }
}

/** Half a minute more, in whole seconds, as timeouts are. In place of what is known at deployment only, which is a fault, stands anything. */
function halfAMinuteMoreThan(duration: Duration): Duration {
  return Duration.seconds(duration.isUnresolved() ? 60 : Math.ceil(exactSeconds(duration)) + 30);
}

/** What must be given, because it follows from durations that are known at deployment only. */
function unknownStayFaults({
  awakeTime,
  transactionCheckInterval,
  functionOptions,
}: TransactionCheckerProps): SynthFault[] {
  const fault = (from: string, missing: string) => [
    {
      id: 'transaction-awake',
      text: `${from} is known at deployment only, and ${missing} follows from it. Give ${missing} too.`,
    },
  ];
  if (awakeTime === undefined) {
    return transactionCheckInterval?.isUnresolved() === true ? fault('transactionCheckInterval', 'awakeTime') : [];
  }
  const isTimeoutMissing = awakeTime.isUnresolved() && functionOptions?.timeout === undefined;
  return isTimeoutMissing ? fault('awakeTime', 'functionOptions.timeout') : [];
}

/** A run may begin while the one before it is still awake. */
function runsAtOnce(timeout: Duration, period: Duration): { readonly maxSandboxes?: number } {
  if (timeout.isUnresolved() || period.isUnresolved()) return {};
  return { maxSandboxes: Math.ceil(exactSeconds(timeout) / exactSeconds(period)) };
}

/** Topics as the function reads them, and the first one. A list that is known at deployment only is taken apart there. */
function topicsOf({ topics = [] }: Partial<TransactionCheckerProps>): { readonly all: string; readonly first: string } {
  if (Token.isUnresolved(topics)) return { all: Fn.join(',', [...topics]), first: Fn.select(0, [...topics]) };
  const list = isText(topics) ? [topics] : topics;
  return { all: list.join(','), first: list[0] ?? '' };
}

/** Whether text stands where a list belongs, which apps in JavaScript have no compiler to tell of. */
function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function topicFaults(topics: readonly string[] = []): SynthFault[] {
  if (topics.length === 0)
    return [{ id: 'topic', text: 'topics is empty, so no broker would ask. Name the topics of the transactions.' }];
  if (isText(topics)) return [{ id: 'topic', text: `topics must be a list of topics, but is "${topics}".` }];
  // The function's own check has told of the first one.
  return topics
    .slice(1)
    .filter((topic) => !Token.isUnresolved(topic))
    .map(topicFault)
    .filter((text) => text !== undefined)
    .map((text) => ({ id: 'topic', text }));
}

function tableFaults({ existingTable, tableOptions, removalPolicy }: TransactionCheckerProps): SynthFault[] {
  if (existingTable === undefined) return [];
  const ignored = Object.entries({ tableOptions, removalPolicy }).filter(([, value]) => value !== undefined);
  if (ignored.length === 0) return transactionLogTableFaults(existingTable);
  const text = `${ignored.map(([name]) => name).join(', ')} would have no effect: existingTable is given, and this construct does not change it. Set it where that table is made.`;
  return [{ id: 'transaction-table', text }, ...transactionLogTableFaults(existingTable)];
}

function timeoutOf(grantee: iam.IGrantable): Duration | undefined {
  if (grantee instanceof RocketMqProducerFunction) return grantee.timeout;
  if (!(grantee instanceof lambda.Function)) return undefined;
  return grantee.timeout ?? Duration.seconds(3);
}
