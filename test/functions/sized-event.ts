import { localSources } from '../../local/run/local-sources.ts';
import { withFreshIds } from '../../local/run/sample-events.ts';
import { sample } from './bundled-function.ts';

/** Sources that send what is in their events. */
export const sendingSources = [
  'sqs',
  'kinesis',
  'dynamodb',
  'kafka',
  'sns',
  'eventbridge',
  's3',
  'http',
  'direct',
] as const;

export type SendingSource = (typeof sendingSources)[number];

/** An event of a source with so many records, all with ids of their own. */
export function sizedEvent(source: SendingSource, count: number): unknown {
  const names = localSources[source]?.idFields ?? new Set<string>();
  const copies = (record: unknown) => Array.from({ length: count }, () => withFreshIds(record, names));
  switch (source) {
    case 'kafka': {
      const event = sample<{ records: Record<string, unknown[]> }>(source, 'plain');
      const [[partition, [first]] = ['', []]] = Object.entries(event.records);
      return { ...event, records: { [partition]: copies(first) } };
    }
    case 'http': {
      const body = JSON.stringify(Array(count).fill({ body: 'x' }));
      return { ...sample<object>(source, 'http-api'), body };
    }
    case 'eventbridge':
    case 'direct':
      return copies(sample(source, 'plain'));
    default: {
      const { Records } = sample<{ Records: unknown[] }>(source, source === 'sqs' ? 'standard' : 'plain');
      return { Records: copies(Records[0]) };
    }
  }
}
