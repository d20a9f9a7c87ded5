import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import type { RocketMqProducerFunction } from './rocketmq-producer-function.ts';

/**
 * Goes off while checks stay unanswered in two periods of five minutes on end. One period is no fault: a transaction is younger than
 * the checker's patience when it is asked for the first time.
 */
export function alarmOnUnansweredChecks(scope: Construct, metric: cloudwatch.Metric): cloudwatch.Alarm {
  return metric.createAlarm(scope, 'UnansweredAlarm', {
    threshold: 0,
    comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
    evaluationPeriods: 2,
    treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    alarmDescription: `${scope.node.path}: brokers ask for the outcome of transactions, and the checker cannot tell. Messages that stay open are given up. The checker's log says why.`,
  });
}

/** Goes off when the checker was not even started for two of its periods; for an hour, where the period is known at deployment only. */
export function alarmOnSilence(
  scope: Construct,
  { function: fn }: RocketMqProducerFunction,
  period: Duration,
): cloudwatch.Alarm {
  const twice = period.isUnresolved() ? 60 : Math.max(5, 2 * Math.ceil(period.toMinutes({ integral: false })));
  const metric = fn.metricInvocations({ statistic: cloudwatch.Stats.SUM, period: Duration.minutes(twice) });
  return metric.createAlarm(scope, 'SilenceAlarm', {
    threshold: 1,
    comparisonOperator: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
    evaluationPeriods: 1,
    treatMissingData: cloudwatch.TreatMissingData.BREACHING,
    alarmDescription: `${scope.node.path}: the checker of transactions does not run, so nobody answers the brokers, and open messages are given up. See to its schedule.`,
  });
}

/**
 * Goes off while more messages lie among those given up than are known of. Not on their growth: most are given up while the checker is
 * down, and then there is no number before to compare with.
 */
export function alarmOnGivenUp(scope: Construct, metric: cloudwatch.Metric, known: number): cloudwatch.Alarm {
  return metric.createAlarm(scope, 'GivenUpAlarm', {
    threshold: known,
    comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
    evaluationPeriods: 1,
    treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    alarmDescription: `${scope.node.path}: brokers have given up transactional messages that nobody answered for. They lie in TRANS_CHECK_MAX_TIME_TOPIC, and consumers never see them: compare them with the transaction log, and send again what was committed.`,
  });
}
