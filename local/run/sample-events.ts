import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A sample event of a source, by the name of its file. */
export interface SampleEvent {
  readonly name: string;
  readonly event: unknown;
}

/** Every sample event of a source, in the order of their file names. */
export function sampleEvents(source: string): SampleEvent[] {
  const folder = fileURLToPath(new URL(`../../events/${source}/`, import.meta.url));
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  return files.toSorted().map((file) => ({
    name: file.slice(0, -'.json'.length),
    event: JSON.parse(readFileSync(`${folder}${file}`, 'utf8')),
  }));
}

interface SqsLikeEvent {
  readonly Records?: readonly { readonly messageId?: string }[];
}

/** Ids of the records of an SQS event, as the function reports them. */
export function recordIds(event: unknown): string[] {
  const records = (event as SqsLikeEvent)?.Records;
  return Array.isArray(records) ? records.map((record: { messageId?: string }) => String(record?.messageId)) : [];
}

/** The same event, as if new messages with the same content had come: every record has an id of its own. */
export function withFreshIds(event: unknown): unknown {
  const { Records = [] } = event as SqsLikeEvent;
  return { ...(event as object), Records: Records.map((record) => ({ ...record, messageId: randomUUID() })) };
}
