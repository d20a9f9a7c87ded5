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

/** Beyond every number in the samples. */
let lastNumber = 1_000_000;

/** The same event, as if new records with the same content had come: the fields of these names have values of their own. */
export function withFreshIds(event: unknown, names: ReadonlySet<string>): unknown {
  if (Array.isArray(event)) return event.map((value) => withFreshIds(value, names));
  if (typeof event !== 'object' || event === null) return event;
  const entries = Object.entries(event).map(([name, value]): [string, unknown] => {
    if (!names.has(name)) return [name, withFreshIds(value, names)];
    return [name, typeof value === 'number' ? ++lastNumber : randomUUID()];
  });
  return Object.fromEntries(entries);
}
