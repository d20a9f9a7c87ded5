import type { DeliveryRecord } from './delivery-record.ts';
import type { RecordContent } from './record-content.ts';

/** Where the messages of an invocation go, and what they carry of it. */
export interface MessageTarget {
  readonly topic: string;
  /** X-Ray trace of the invocation; undefined where there is none. */
  readonly traceId: string | undefined;
  readonly mapping?: RecordMapping;
}

/** What of a record is known before its message is made. */
export type RecordPlace = Pick<DeliveryRecord, 'id' | 'orderingKey'>;

/** What records become, where that is not what they become by themselves. */
export interface RecordMapping {
  /**
   * A record as it is delivered: itself, or the several records that it holds. Never throws: a record that cannot be
   * mapped fails when its message is made.
   */
  recordsOf<Own extends RecordPlace>(
    own: Own,
    target: MessageTarget,
    content: () => RecordContent,
  ): (Own & DeliveryRecord)[];
}

/** The target of an invocation, from what its context has under `rocketmq`. */
export function messageTarget(invocation: {
  readonly environment: { readonly topic: string };
  readonly traceId: string | undefined;
}): MessageTarget {
  return { topic: invocation.environment.topic, traceId: invocation.traceId };
}
