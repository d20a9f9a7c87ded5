import { RESERVED_PROPERTIES } from '#rocketmq';

/** Properties that tell where a message came from; see `recordMessage`. */
export const ORIGIN_PROPERTIES = { source: 'aws.source', id: 'aws.id', traceId: 'aws.traceId' } as const;

const TAKEN: ReadonlySet<string> = new Set([...RESERVED_PROPERTIES, ...Object.values(ORIGIN_PROPERTIES)]);

/**
 * Attributes or headers of a record as properties. A name that RocketMQ or this pack gives a meaning gets the prefix
 * `aws.`; names and values that are empty are left out, since RocketMQ has none. The last of equal names wins.
 */
export function eventProperties(values: Iterable<readonly [string, string | undefined]>): Record<string, string> {
  // Without a prototype, so that an attribute may be named "__proto__".
  const properties: Record<string, string> = Object.create(null);
  for (const [name, value] of values) {
    if (name !== '' && value !== undefined && value !== '') properties[TAKEN.has(name) ? `aws.${name}` : name] = value;
  }
  return properties;
}
