import { Duration, Fn } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import type { AsyncSource } from './async-source.ts';
import { exactSeconds, isIntegerWithin } from './known-range.ts';
import { letServiceFillQueue } from './queue-access.ts';
import { reportFaults, type SynthFault } from './synth-fault.ts';

/** A bus. The class is named beside its interface, which it does not fit under `exactOptionalPropertyTypes`. */
export type AnyEventBus = events.IEventBus | events.EventBus;

/** How long and how often EventBridge tries to hand an event over to Lambda. */
export interface HandoverOptions {
  /**
   * Time after which EventBridge gives up an event that Lambda did not take: 1 minute to 24 hours.
   * @default - 24 hours
   */
  readonly handoverMaxAge?: Duration;

  /**
   * Tries after which EventBridge gives up an event that Lambda did not take: 0 to 185.
   * @default 185
   */
  readonly handoverRetryAttempts?: number;
}

/** A rule: which events of which bus. */
export interface EventRuleProps extends HandoverOptions {
  readonly eventBus: AnyEventBus;
  readonly eventPattern: events.EventPattern;
}

/** Has a bus invoke the function of a source; what the bus cannot hand over ends in the source's dead-letter queue. */
export function createEventRule(source: AsyncSource, props: EventRuleProps): events.Rule {
  const { eventBus, eventPattern, handoverMaxAge, handoverRetryAttempts } = props;
  const faults = handoverFaults(props);
  reportFaults(source, faults);
  const rule = new events.Rule(source, 'Rule', {
    eventBus,
    eventPattern,
    description: 'Events that go to RocketMQ',
    targets: [
      new targets.LambdaFunction(source.producerFunction.function, {
        deadLetterQueue: source.deadLetterQueue,
        ...(faults.length === 0 && handoverMaxAge !== undefined && { maxEventAge: handoverMaxAge }),
        ...(faults.length === 0 && handoverRetryAttempts !== undefined && { retryAttempts: handoverRetryAttempts }),
      }),
    ],
  });
  letServiceFillQueue(source, source.deadLetterQueue, {
    service: 'events.amazonaws.com',
    source: rule,
    sourceArn: rule.ruleArn,
  });
  return rule;
}

/**
 * Events that a rule could neither hand over nor put into its dead-letter queue. Rules of the default bus are known by their name, others
 * by bus and name.
 */
export function failedHandovers(rule: events.Rule, eventBus: AnyEventBus): cloudwatch.Metric {
  // What CloudFormation takes for the name of a rule is `bus|name` on any other bus than the default one; so the second part is the name.
  const name = Fn.select(1, Fn.split('|', `${rule.ruleName}|${rule.ruleName}`));
  return new cloudwatch.Metric({
    namespace: 'AWS/Events',
    metricName: 'InvocationsFailedToBeSentToDlq',
    dimensionsMap: {
      ...(eventBus.eventBusName !== 'default' && { EventBusName: eventBus.eventBusName }),
      RuleName: name,
    },
  });
}

function handoverFaults({ handoverMaxAge, handoverRetryAttempts = 0 }: HandoverOptions): SynthFault[] {
  const faults: SynthFault[] = [];
  const age = exactSeconds(handoverMaxAge ?? Duration.hours(24));
  if (!isIntegerWithin(age, 60, 86_400)) {
    const text = `handoverMaxAge is ${age} s; EventBridge allows whole seconds from 60 to 86400.`;
    faults.push({ id: 'event-handover', text });
  }
  if (!isIntegerWithin(handoverRetryAttempts, 0, 185)) {
    const text = `handoverRetryAttempts is ${handoverRetryAttempts}; EventBridge allows whole numbers from 0 to 185.`;
    faults.push({ id: 'event-handover', text });
  }
  return faults;
}
