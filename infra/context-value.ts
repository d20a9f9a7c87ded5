/**
 * Readers for the value of one context key. `-c key=value` on the command line gives text, `cdk.json` any JSON: both are taken. A reader
 * returns the value, or throws a `ContextValueError` that says what it expected.
 */
export type ContextReader<T> = (value: unknown) => T;

/** One thing that `cdk synth -c key=value` or `context` in `cdk.json` may say about the stack. */
export interface ContextKey<T> {
  /** What it is for, in one sentence. */
  readonly meaning: string;
  /** What holds when it is not given, in words. */
  readonly defaultText: string;
  /** A value as it is written after `-c key=`. */
  readonly example: string;
  readonly read: ContextReader<T>;
}

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
  const word = trimmed(value);
  if (word === true || word === 'true') return true;
  if (word === false || word === 'false') return false;
  throw new ContextValueError('must be true or false');
};

/** One of a few words or numbers. */
export function oneOf<const T extends string | number>(...allowed: readonly T[]): ContextReader<T> {
  return (value) => {
    const word = trimmed(value);
    const found = allowed.find((candidate) => candidate === word || String(candidate) === word);
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

/** The id of a thing of EC2. */
export function awsId(prefix: string): ContextReader<string> {
  return textLike(new RegExp(`^${prefix}-[0-9a-f]{8,17}$`), `an id such as ${prefix}-0123456789abcdef0`);
}

/** The ARN of a thing of one service. `resource` is a pattern for what stands after the account, `example` fits it. */
export function arnOf(service: string, resource = '[A-Za-z0-9._-]+', example = 'name'): ContextReader<string> {
  return textLike(
    new RegExp(`^arn:[a-z-]+:${service}:[a-z0-9-]+:[0-9]{12}:${resource}$`),
    `an ARN such as arn:aws:${service}:eu-west-1:123456789012:${example}`,
  );
}

/** An object: JSON itself in `cdk.json`, or its text. */
export const jsonObject: ContextReader<Readonly<Record<string, unknown>>> = (value) => {
  const parsed = typeof value === 'string' ? parse(value) : value;
  if (isObject(parsed)) return parsed;
  throw new ContextValueError('must be a JSON object');
};

function trimmed(value: unknown): unknown {
  return typeof value === 'string' ? value.trim() : value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ContextValueError(`must be a JSON object (${error instanceof Error ? error.message : error})`);
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
