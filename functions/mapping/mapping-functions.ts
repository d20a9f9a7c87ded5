import { JMESPathTypeError } from '@aws-lambda-powertools/jmespath';
import { PowertoolsFunctions } from '@aws-lambda-powertools/jmespath/functions';
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

/**
 * Where the library differs from the specification of JMESPath: values that are false in JavaScript become null in
 * both.
 */
const corrected: Readonly<Record<string, Call>> = {
  funcNotNull: (args) => args.find((arg) => arg !== null && arg !== undefined) ?? null,
  funcMap: ([expression, items]) =>
    (items as unknown[]).map((item) => (expression as ExpressionArgument).visit(item) ?? null),
};

/** Functions to which bytes would be an object, as the library sees them. */
const ofObjects: ReadonlySet<string> = new Set(['funcKeys', 'funcLength', 'funcMerge', 'funcType', 'funcValues']);

/**
 * The functions that expressions may call. As the library has them, but that they fail aloud, and leave the lists they
 * are given as they are: `sort` and `reverse` would turn those of the record itself.
 */
export function mappingFunctions(): PowertoolsFunctions {
  const functions = new PowertoolsFunctions();
  for (const name of functions.introspectMethods()) {
    const own = Reflect.get(functions, name) as Call;
    const correction = corrected[name];
    const call: Call = (args) => {
      const plain = ofObjects.has(name) ? args.map(unseen) : args;
      const copies = plain.map((arg) => (Array.isArray(arg) ? [...arg] : arg));
      try {
        // Called in any case, since it checks its arguments.
        const value = own.call(functions, copies);
        return correction === undefined ? value : correction(args);
      } catch (error) {
        throw error instanceof JMESPathTypeError ? error : new FunctionFailedError(error);
      }
    };
    Object.defineProperty(functions, name, { value: call });
  }
  return functions;
}
