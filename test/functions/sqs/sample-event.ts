import { readFileSync } from 'node:fs';
import type { SQSEvent, SQSRecord } from 'aws-lambda';

/** A sample event of `events/sqs`, by the name of its file. */
export function sampleEvent(name: string): SQSEvent {
  return JSON.parse(readFileSync(new URL(`../../../events/sqs/${name}.json`, import.meta.url), 'utf8'));
}

/** A record of a sample event. */
export function sampleRecord(name: string, index = 0): SQSRecord {
  const record = sampleEvent(name).Records[index];
  if (record === undefined) throw new RangeError(`events/sqs/${name}.json has no record ${index}`);
  return record;
}
