import { Buffer, isUtf8 } from 'node:buffer';
import { gunzipSync } from 'node:zlib';
import { JMESPathTypeError, search } from '@aws-lambda-powertools/jmespath';
import type { PowertoolsFunctions } from '@aws-lambda-powertools/jmespath/functions';
import { exactDigits, exactNumber, parseExactly } from '../delivery/exact-json.ts';
import { OwnFieldFunctions } from './own-fields.ts';
import { unseen } from './seen-bytes.ts';

/** A function as the interpreter calls it: with all arguments in one list. */
type Call = (args: readonly unknown[]) => unknown;

/** An argument that is an expression, written with `&`. */
interface ExpressionArgument {
  visit(value: unknown): unknown;
}

/** A function that failed with anything but its own complaint, which the interpreter would take for no value at all. */
class FunctionFailedError extends JMESPathTypeError {
  constructor(cause: unknown) {
    super({ currentValue: null, expectedTypes: [], actualType: 'null' });
    this.cause = cause;
    this.message = 'a function failed';
  }

  override setEvaluatedFunctionName(name: string): void {
    this.message = `${name}() failed: ${this.cause instanceof Error ? this.cause.message : String(this.cause)}`;
  }
}

/** What a function gives in place of its own answer, for which it may ask, as for its complaint about an argument. */
type Correction = (args: readonly unknown[], own: () => unknown) => unknown;

/** Bytes that may come out of gzip: a record could else take all memory, and with it its batch, each time it comes. */
const MOST_INFLATED = 32 * 1024 * 1024;

function inflated(bytes: Uint8Array): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: MOST_INFLATED });
  } catch (error) {
    if (error instanceof RangeError) throw new RangeError(`more than ${MOST_INFLATED} bytes come out of it`);
    throw error;
  }
}

/** Bytes as text. @throws TypeError where they are none: characters in place of them would be sent for what they are */
function textOf(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new TypeError('the bytes are no text in UTF-8');
  return bytes.toString();
}

type Comparable = number | string;

/** A list of numbers alone or of texts alone. The library passes others, of which the answer hangs on their order. */
function comparable(values: readonly unknown[]): readonly Comparable[] {
  const type = typeof values[0] === 'string' ? 'string' : 'number';
  const other = values.find((value) => typeof value !== type);
  if (other !== undefined) throw unfit(other, [type]);
  return values as readonly Comparable[];
}

function unfit(value: unknown, expectedTypes: string[]): JMESPathTypeError {
  const kind = Array.isArray(value) ? 'array' : typeof value;
  return new JMESPathTypeError({ currentValue: value, expectedTypes, actualType: value === null ? 'null' : kind });
}

/** The one value of a list that no other is before. Not by `Math.max`, which takes no long list. */
function first(list: readonly unknown[], isBefore: (one: Comparable, other: Comparable) => boolean): unknown {
  const values = comparable(list);
  return values.length === 0 ? null : values.reduce((one, other) => (isBefore(other, one) ? other : one));
}

/** Of a function that compares items by an expression. */
const byComparable: Correction = ([items, expression], own) => {
  if (Array.isArray(items) && typeof expression === 'object' && expression !== null && 'visit' in expression) {
    const measures = items.map((item) => (expression as ExpressionArgument).visit(item));
    // Of anything else the library complains itself.
    comparable(measures.filter((measure) => typeof measure === 'number' || typeof measure === 'string'));
  }
  return own();
};

/**
 * Where the library differs from the specification of JMESPath: values that are false in JavaScript become null in two
 * functions, text that is no number of JSON becomes one, and characters beyond 16 bits count as two; the average of
 * nothing is no number, text is sorted as in a dictionary, objects are not found in lists, and what cannot be compared
 * or merged is all the same. Where it would round numbers that keep their digits, or not find them again. And where
 * bytes decoded are no text, or without end.
 */
const corrected: Readonly<Record<string, Correction>> = {
  funcAvg: ([list], own) => (Array.isArray(list) && list.length === 0 ? null : own()),
  funcMax: ([list], own) => (Array.isArray(list) ? first(list, (one, other) => one > other) : own()),
  funcMin: ([list], own) => (Array.isArray(list) ? first(list, (one, other) => one < other) : own()),
  funcSort: ([list], own) =>
    Array.isArray(list) ? comparable(list).toSorted((a, b) => Number(a > b) - Number(a < b)) : own(),
  funcMaxBy: byComparable,
  funcMinBy: byComparable,
  funcSortBy: byComparable,
  funcMerge: (args, own) => {
    // Nothing adds nothing. The library asks the first one alone, and takes characters and items for fields.
    const isOther = (arg: unknown) => typeof arg !== 'object' || Array.isArray(arg) || arg instanceof Uint8Array;
    const other = args.map(undisguised).find(isOther);
    if (other !== undefined) throw unfit(other, ['object']);
    return own();
  },
  funcNotNull: (args, own) => args.find((arg) => arg !== null && arg !== undefined) ?? own(),
  funcContains: ([list, item], own) => {
    const digits = exactDigits(item);
    if (digits !== undefined && Array.isArray(list)) return list.some((one) => exactDigits(one) === digits);
    if (typeof item !== 'object' || item === null || !Array.isArray(list)) return own();
    return list.some((one) => search('[0] == [1]', [one, item]));
  },
  funcMap: ([expression, items], own) =>
    Array.isArray(items) ? items.map((item) => (expression as ExpressionArgument).visit(item) ?? null) : own(),
  funcLength: ([value], own) => (typeof value === 'string' ? Array.from(value).length : own()),
  funcReverse: ([value], own) => (typeof value === 'string' ? Array.from(value).toReversed().join('') : own()),
  funcPowertoolsBase64: ([text], own) => {
    const decoded = own();
    // The library has said whether it is base64.
    textOf(Buffer.from(String(text), 'base64'));
    return decoded;
  },
  funcPowertoolsBase64Gzip: ([text], own) =>
    typeof text === 'string' ? textOf(inflated(Buffer.from(text, 'base64'))) : own(),
  funcPowertoolsJson: ([text], own) => (typeof text === 'string' ? parseExactly(text) : own()),
  funcToNumber: ([value], own) => {
    if (typeof value !== 'string') return exactDigits(value) === undefined ? own() : value;
    const number = exactNumber(value);
    return typeof number === 'string' ? null : number;
  },
};

/** Functions to which bytes, and numbers that keep their digits, would be objects, as the library sees them. */
const ofObjects: ReadonlySet<string> = new Set(['funcKeys', 'funcLength', 'funcMerge', 'funcType', 'funcValues']);

/** Functions that compute with numbers, or put them in order. */
const ofNumbers: ReadonlySet<string> = new Set([
  'funcAbs',
  'funcAvg',
  'funcCeil',
  'funcFloor',
  'funcMax',
  'funcMin',
  'funcSort',
  'funcSum',
]);

/** Says what the library, which sees objects, could not. */
function refuseExactNumbers(args: readonly unknown[]): void {
  const digits = args.flat().map(exactDigits).find(Boolean);
  if (digits !== undefined) throw new RangeError(`${digits} has more digits than numbers are computed with`);
}

/** A value that is an object to the library alone as what it is. */
function undisguised(value: unknown): unknown {
  const digits = exactDigits(value);
  return digits === undefined ? unseen(value) : Number(digits);
}

const copyOf = (arg: unknown) => (Array.isArray(arg) ? [...arg] : arg);

/**
 * The functions that expressions may call. As the library has them, but that they fail aloud, and leave the lists they
 * are given as they are: `sort` and `reverse` would turn those of the record itself.
 */
export function mappingFunctions(): PowertoolsFunctions {
  const functions = new OwnFieldFunctions();
  for (const name of functions.introspectMethods()) {
    const own = Reflect.get(functions, name) as Call;
    const correction: Correction = corrected[name] ?? ((_args, answer) => answer());
    const call: Call = (given) => {
      // The library has `undefined` for a comparison of what is no number.
      const args = given.map((arg) => (arg === undefined ? null : arg));
      try {
        if (ofNumbers.has(name)) refuseExactNumbers(args);
        const plain = ofObjects.has(name) ? args.map(undisguised) : args;
        return correction(args, () => own.call(functions, plain.map(copyOf)));
      } catch (error) {
        throw error instanceof JMESPathTypeError ? error : new FunctionFailedError(error);
      }
    };
    Object.defineProperty(functions, name, { value: call });
  }
  return functions;
}
