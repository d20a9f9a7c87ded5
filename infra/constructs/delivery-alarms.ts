import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';

const aboveZero = {
  threshold: 0,
  comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
  evaluationPeriods: 1,
  // A source without events writes no data, and that is no fault.
  treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
};

/**
 * Goes off when a function failed as a whole: a crash, a time limit, or settings that do not work. Records that the function reported
 * as failed do not count here; those that nothing helps show in the dead-letter queue.
 */
export function alarmOnFunctionErrors(scope: Construct, fn: lambda.IFunction): cloudwatch.Alarm {
  return fn
    .metricErrors({ statistic: cloudwatch.Stats.SUM, period: Duration.minutes(5) })
    .createAlarm(scope, 'FunctionErrorAlarm', {
      ...aboveZero,
      alarmDescription: `${scope.node.path}: the function that sends to RocketMQ fails as a whole. Its log says why.`,
    });
}

/** Goes off while messages lie in a dead-letter queue. */
export function alarmOnDeadLetters(scope: Construct, deadLetterQueue: sqs.IQueue): cloudwatch.Alarm {
  return deadLetterQueue
    .metricApproximateNumberOfMessagesVisible({ statistic: cloudwatch.Stats.MAXIMUM, period: Duration.minutes(1) })
    .createAlarm(scope, 'DeadLetterAlarm', {
      ...aboveZero,
      alarmDescription: `${scope.node.path}: messages that could not be sent to RocketMQ lie in the dead-letter queue. Mend the cause, then send them again: docs/operations.md, Dead letters.`,
    });
}

/** Goes off when requests were answered with a 5xx status. */
export function alarmOnServerErrors(scope: Construct, metric: cloudwatch.Metric): cloudwatch.Alarm {
  return metric.createAlarm(scope, 'ServerErrorAlarm', {
    ...aboveZero,
    alarmDescription: `${scope.node.path}: requests were answered with a 5xx status, so their messages are not stored, or nobody knows. The function's log says why.`,
  });
}

/** Goes off when Lambda could not even put an event that failed where it was to end: that event is lost. */
export function alarmOnLostEvents(scope: Construct, fn: lambda.IFunction): cloudwatch.Alarm {
  return fn
    .metric('DestinationDeliveryFailures', { statistic: cloudwatch.Stats.SUM, period: Duration.minutes(5) })
    .createAlarm(scope, 'LostEventAlarm', {
      ...aboveZero,
      alarmDescription: `${scope.node.path}: events that could not be sent to RocketMQ could not be put into their failure destination either, and are lost. See to its policy and its key.`,
    });
}

/**
 * Goes off when a service that did not get an event handed over to Lambda could not put it into the dead-letter queue either.
 * @param metric how many events that were
 */
export function alarmOnLostHandover(scope: Construct, metric: cloudwatch.Metric): cloudwatch.Alarm {
  return metric
    .with({ statistic: cloudwatch.Stats.SUM, period: Duration.minutes(5) })
    .createAlarm(scope, 'LostHandoverAlarm', {
      ...aboveZero,
      alarmDescription: `${scope.node.path}: events that Lambda did not take could not be put into the dead-letter queue either, and are lost. See to the queue's policy and its key.`,
    });
}

/** Goes off when delivery has lagged behind its source for three periods on end. */
export function alarmOnLag(scope: Construct, lag: cloudwatch.Metric, threshold: number): cloudwatch.Alarm {
  return lag.createAlarm(scope, 'LagAlarm', {
    ...aboveZero,
    threshold,
    evaluationPeriods: 3,
    alarmDescription: `${scope.node.path}: delivery to RocketMQ lags behind. Records that fail hold up those behind them; the log of the function says why.`,
  });
}
