/** An event that is not what its source sends. Thrown for the whole invocation: no record of it can be named. */
export class EventError extends Error {
  readonly code = 'ROCKETMQ_EVENT';
  readonly field: string;

  /** @param field path from the event down, as `Records[0].messageId`; empty for the event itself. */
  constructor(field: string, expected: string, found: unknown) {
    super(`${field === '' ? '' : `${field} of `}the event must be ${expected}, but is ${describe(found)}`);
    this.name = this.code;
    this.field = field;
  }
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `${typeof value} ${JSON.stringify(value) ?? ''}`.trim().slice(0, 80);
}
