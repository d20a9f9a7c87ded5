/** What kind of JSON a value is, in words. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** Whether a value is a JSON object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A JSON pointer in URI fragment form, from another one down: by the names and places of a path. */
export function pointerBelow(pointer: string, path: readonly unknown[]): string {
  const token = (step: unknown) => {
    const text = String(step).toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1');
    return `/${encodeURIComponent(text)}`;
  };
  return pointer + path.map(token).join('');
}
