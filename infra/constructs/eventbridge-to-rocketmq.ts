import { Duration } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { AsyncSource, type AsyncSourceProps } from './async-source.ts';
import { checkedProps } from './checked-props.ts';
import { type AnyEventBus, createEventRule, failedHandovers, type HandoverOptions } from './event-rule.ts';
import { regionFaults } from './region-faults.ts';
import { reportFaults, type SynthFault } from './synth-fault.ts';

/** Properties of a way from an EventBridge bus to a RocketMQ topic. */
export interface EventBridgeToRocketMqProps extends AsyncSourceProps, HandoverOptions {
  /**
   * A bus that exists. Needs an `eventPattern`.
   * @default - one is created
   */
  readonly existingEventBus?: AnyEventBus;

  /**
   * Options of the created bus, such as a key. Not used with `existingEventBus`.
   * @default - those of `EventBus`
   */
  readonly eventBusOptions?: events.EventBusProps;

  /**
   * Which events go to RocketMQ.
   * @default - all, of a created bus
   */
  readonly eventPattern?: events.EventPattern;

  /**
   * Keeps those events, to be replayed into RocketMQ: for so many days, or forever with 0.
   * @default - there is no archive
   */
  readonly archiveRetention?: Duration;
}

/**
 * Events of an EventBridge bus become messages of a RocketMQ topic. What EventBridge cannot hand over to Lambda, and what the function
 * cannot deliver, ends in one dead-letter queue.
 */
export class EventBridgeToRocketMq extends AsyncSource {
  /** The bus whose events go to RocketMQ. */
  readonly eventBus: AnyEventBus;
  /** What makes EventBridge invoke the function. */
  readonly rule: events.Rule;
  /** The archive; nothing unless `archiveRetention` was given. */
  readonly archive: events.Archive | undefined;

  constructor(scope: Construct, id: string, given: EventBridgeToRocketMqProps) {
    super(scope, id, given, 'eventbridge');
    const props = checkedProps(this, given, [
      'archiveRetention',
      'eventBusOptions',
      'eventPattern',
      'existingEventBus',
      'handoverMaxAge',
    ]);
    const faults = busFaults(props);
    const { existingEventBus, eventBusOptions, eventPattern, archiveRetention } = props;
    reportFaults(this, [...faults, ...regionFaults(this, { existingEventBus })]);
    this.eventBus = existingEventBus ?? new events.EventBus(this, 'Bus', eventBusOptions);
    const pattern = isEmpty(eventPattern) ? everyEvent : eventPattern;
    this.rule = createEventRule(this, { ...props, eventBus: this.eventBus, eventPattern: pattern });
    this.watchHandover(failedHandovers(this.rule, this.eventBus));
    this.archive =
      archiveRetention &&
      new events.Archive(this, 'Archive', {
        sourceEventBus: this.eventBus,
        eventPattern: pattern,
        ...(faults.length === 0 && { retention: archiveRetention }),
      });
  }

  /** Lets someone put events on the bus. */
  grantPutEvents(grantee: iam.IGrantable): iam.Grant {
    return this.eventBus.grantPutEventsTo(grantee);
  }
}

const everyEvent: events.EventPattern = { source: events.Match.prefix('') };

function isEmpty(pattern: events.EventPattern | undefined): pattern is undefined {
  return pattern === undefined || Object.keys(pattern).length === 0;
}

function busFaults(props: EventBridgeToRocketMqProps): SynthFault[] {
  const { existingEventBus, eventBusOptions, eventPattern, archiveRetention = Duration.days(0) } = props;
  const faults: SynthFault[] = [];
  if (existingEventBus !== undefined && isEmpty(eventPattern)) {
    const text =
      'existingEventBus is given without an eventPattern: everything that others put on that bus would go to RocketMQ. Say in eventPattern which events are meant.';
    faults.push({ id: 'event-pattern', text });
  }
  if (existingEventBus !== undefined && eventBusOptions !== undefined) {
    const text =
      'eventBusOptions would have no effect: existingEventBus is given, and this construct does not change it. Set them where that bus is made.';
    faults.push({ id: 'existing-event-bus', text });
  }
  const days = archiveRetention.toDays({ integral: false });
  if (!Number.isInteger(days)) {
    const text = `archiveRetention is ${days} days; EventBridge keeps archives for whole days, or forever with 0.`;
    faults.push({ id: 'archive-retention', text });
  }
  return faults;
}
