import { type Duration, Stack, Validations } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as scheduler from 'aws-cdk-lib/aws-scheduler';
import { Construct } from 'constructs';
import type { SynthFault } from './synth-fault.ts';

/** A function, and the event that it is to be invoked with. */
export interface ScheduledTarget {
  readonly fn: lambda.IFunction;
  /** The event, which is written as JSON. */
  readonly event: unknown;
}

/** Properties of invocations by the clock. */
export interface ScheduledInvocationProps {
  readonly schedule: scheduler.ScheduleExpression;
  readonly description: string;
  readonly targets: readonly ScheduledTarget[];
}

/**
 * Invokes functions by the clock: one schedule of EventBridge Scheduler a function, and one role that may invoke these functions and
 * nothing else. What could not be handed over within a minute is dropped, because the next one is due by then.
 */
export class ScheduledInvocation extends Construct {
  readonly schedules: readonly scheduler.Schedule[];

  constructor(scope: Construct, id: string, { schedule, description, targets }: ScheduledInvocationProps) {
    super(scope, id);
    const role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('scheduler.amazonaws.com', { conditions: ownSchedulesOf(Stack.of(this)) }),
      description: 'Invokes functions of this stack by the clock',
    });
    // Not `grantInvoke`, which allows every version and alias too.
    iam.Grant.addToPrincipal({
      grantee: role,
      actions: ['lambda:InvokeFunction'],
      resourceArns: targets.map(({ fn }) => fn.functionArn),
    });
    this.schedules = targets.map(({ fn, event }, index) => {
      const target: scheduler.IScheduleTarget = {
        bind: () => ({
          arn: fn.functionArn,
          role,
          input: scheduler.ScheduleTargetInput.fromText(JSON.stringify(event)),
          retryPolicy: { maximumRetryAttempts: 0, maximumEventAgeInSeconds: 60 },
        }),
      };
      return new scheduler.Schedule(this, `Schedule${index}`, { schedule, description, target });
    });
  }
}

/** Keeps other accounts from having the Scheduler use the role for them. */
function ownSchedulesOf(stack: Stack): Record<string, Record<string, string>> {
  const group = stack.formatArn({ service: 'scheduler', resource: 'schedule-group', resourceName: 'default' });
  return { StringEquals: { 'aws:SourceAccount': stack.account, 'aws:SourceArn': group } };
}

/** What is wrong with a period of the Scheduler, reported under the id of the construct's check. */
export function periodFaults(id: string, period: Duration): SynthFault[] {
  if (period.isUnresolved()) return [];
  const minutes = period.toMinutes({ integral: false });
  if (Number.isInteger(minutes) && minutes >= 1) return [];
  const text = `period is ${period.toSeconds({ integral: false })} s, but EventBridge Scheduler knows whole minutes only. Make it 1 minute, or more.`;
  return [{ id, text }];
}

const reason = 'An event of this schedule holds nothing that could be lost: the next one comes in its place.';

/** How Lambda is to go on with asynchronous events of a function; nothing where nobody has said so. */
export function invokeConfigOf(fn: lambda.Function): lambda.CfnEventInvokeConfig | undefined {
  return fn.node.findAll().find((child) => child instanceof lambda.CfnEventInvokeConfig);
}

/** Acknowledges, for a function whose only asynchronous events hold nothing, that those that failed have no destination. */
export function acknowledgeNoDestination(fn: lambda.Function): void {
  const invokeConfig = invokeConfigOf(fn);
  if (invokeConfig === undefined) return;
  Validations.of(invokeConfig).acknowledge({ id: 'Serverless-LambdaAsyncFailureDestination', reason });
}

/** Acknowledges, for a function whose events hold nothing, that those that failed end nowhere, unless the user has given a place. */
export function acknowledgeEmptyEvents(fn: lambda.Function, given: lambda.FunctionOptions): void {
  if (given.onFailure === undefined) acknowledgeNoDestination(fn);
  if ((given.deadLetterQueue ?? given.deadLetterTopic ?? given.deadLetterQueueEnabled) !== undefined) return;
  Validations.of(fn).acknowledge({ id: 'Serverless-LambdaDLQ', reason });
}
