import { JMESPathTypeError } from '@aws-lambda-powertools/jmespath';
import { PowertoolsFunctions } from '@aws-lambda-powertools/jmespath/functions';
import { exactDigits, exactNumber, parseExactly } from '../delivery/exact-json.ts';
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

/**
 * Where the library differs from the specification of JMESPath: values that are false in JavaScript become null in two
 * functions, and text that is no number of JSON becomes one. And where it would round numbers that keep their digits,
 * or not find them again.
 */
const corrected: Readonly<Record<string, Correction>> = {
  funcNotNull: (args, own) => args.find((arg) => arg !== null && arg !== undefined) ?? own(),
  funcContains: ([list, item], own) => {
    const digits = exactDigits(item);
    return digits !== undefined && Array.isArray(list) ? list.some((one) => exactDigits(one) === digits) : own();
  },
  funcMap: ([expression, items], own) =>
    Array.isArray(items) ? items.map((item) => (expression as ExpressionArgument).visit(item) ?? null) : own(),
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
  const functions = new PowertoolsFunctions();
  for (const name of functions.introspectMethods()) {
    const own = Reflect.get(functions, name) as Call;
    const correction: Correction = corrected[name] ?? ((_args, answer) => answer());
    const call: Call = (args) => {
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
