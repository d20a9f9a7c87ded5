import { randomUUID } from 'node:crypto';
import type { SQSEvent, SQSRecord } from 'aws-lambda';
import { sampleEvents } from '../../local/run/sample-events.ts';

/** A sample event of `events/sqs` by its name. */
export function sampleEvent(name: string): SQSEvent {
  const sample = sampleEvents('sqs').find((candidate) => candidate.name === name);
  if (sample === undefined) throw new Error(`there is no sample event sqs/${name}.json`);
  return sample.event as SQSEvent;
}

/** An event with new records, of a standard queue, or of a FIFO queue where `groups` says how many message groups they have. */
export function newEvent(records: number, { groups = 0 }: { readonly groups?: number } = {}): SQSEvent {
  return { Records: Array.from({ length: records }, (_, index) => newRecord(index, groups)) };
}

/** The event in which a queue delivers again what was reported. */
export function redelivery(event: SQSEvent, reported: readonly string[]): SQSEvent {
  const ids = new Set(reported);
  return { Records: event.Records.filter(({ messageId }) => ids.has(messageId)) };
}

/** The event as a queue delivers it for the second time. */
export function deliveredAgain(event: SQSEvent): SQSEvent {
  return {
    Records: event.Records.map((record) => ({
      ...record,
      attributes: { ...record.attributes, ApproximateReceiveCount: '2' },
    })),
  };
}

function newRecord(index: number, groups: number): SQSRecord {
  const sentAt = String(Date.now());
  return {
    messageId: randomUUID(),
    receiptHandle: 'AQEBAAAAAAAAAAAAAAAA==',
    body: `record ${index}`,
    attributes: {
      ApproximateReceiveCount: '1',
      SentTimestamp: sentAt,
      SenderId: 'AROAEXAMPLEEXAMPLE:orders',
      ApproximateFirstReceiveTimestamp: sentAt,
      ...(groups > 0 ? { MessageGroupId: `group-${index % groups}` } : {}),
    },
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: `arn:aws:sqs:eu-west-1:123456789012:orders${groups > 0 ? '.fifo' : ''}`,
    awsRegion: 'eu-west-1',
  };
}
