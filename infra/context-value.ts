/**
 * Readers for the value of one context key. `-c key=value` on the command line gives text, `cdk.json` any JSON: both are taken. A reader
 * returns the value, or throws a `ContextValueError` that says what it expected.
 */
export type ContextReader<T> = (value: unknown) => T;

/** Thrown by a reader: what the value must be, without the key, which the reader does not know. */
export class ContextValueError extends Error {
  override readonly name = 'ContextValueError';
}

/** Text that is not empty. */
export const text: ContextReader<string> = (value) => {
  if (typeof value !== 'string' || value.trim() === '') throw new ContextValueError('must be text that is not empty');
  return value.trim();
};

/** Text that fits a pattern; `expected` describes it. */
export function textLike(pattern: RegExp, expected: string): ContextReader<string> {
  return (value) => {
    if (typeof value !== 'string' || !pattern.test(value.trim())) throw new ContextValueError(`must be ${expected}`);
    return value.trim();
  };
}

/** A whole number within bounds, both included. */
export function integer(smallest: number, largest: number): ContextReader<number> {
  return (value) => {
    const isDigits = typeof value === 'string' && /^[0-9]+$/.test(value.trim());
    const number = isDigits ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isInteger(number) || number < smallest || number > largest) {
      throw new ContextValueError(`must be a whole number from ${smallest} to ${largest}`);
    }
    return number;
  };
}

/** `true` or `false`. */
export const flag: ContextReader<boolean> = (value) => {
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  throw new ContextValueError('must be true or false');
};

/** One of a few words or numbers. */
export function oneOf<const T extends string | number>(...allowed: readonly T[]): ContextReader<T> {
  return (value) => {
    const found = allowed.find((candidate) => candidate === value || String(candidate) === value);
    if (found === undefined) throw new ContextValueError(`must be one of ${allowed.join(', ')}`);
    return found;
  };
}

/** A list: a JSON array, or text separated by commas or semicolons. `expected` describes one item; a list is never empty. */
export function listOf<T>(item: ContextReader<T>, expected: string): ContextReader<readonly T[]> {
  return (value) => {
    const parts: readonly unknown[] = Array.isArray(value) ? value : String(value).split(/[,;]/);
    const items = parts.filter((part) => part !== '' && part !== undefined);
    try {
      if (items.length > 0) return items.map(item);
    } catch (error) {
      if (!(error instanceof ContextValueError)) throw error;
    }
    throw new ContextValueError(`must be a list of ${expected}, separated by commas`);
  };
}
