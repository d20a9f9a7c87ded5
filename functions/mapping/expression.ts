import { JMESPathError, LexerError, ParseError, search } from '@aws-lambda-powertools/jmespath';
import { exactDigits } from '../delivery/exact-json.ts';
import { withRoundedNumbers } from './compared-numbers.ts';
import { callFaults, type ExpressionFault } from './function-calls.ts';
import { mappingFunctions } from './mapping-functions.ts';
import { negatedPaths } from './negated-paths.ts';
import { withOwnFields } from './own-fields.ts';
import { seen, unseen } from './seen-bytes.ts';
import { unknownNames } from './unknown-names.ts';

const functions = mappingFunctions();

/**
 * The library knows expressions by their text, in an object that has names such as `constructor` from the beginning.
 */
const asKey = (expression: string) => `${expression} `;

/** What is wrong with an expression, whatever record it meets; empty when nothing is. */
export function expressionFaults(expression: string): ExpressionFault[] {
  if (expression.trim() === '') return [{ column: 1, reason: 'it is empty' }];
  try {
    search(asKey(expression), null, { customFunctions: functions });
  } catch (error) {
    const fault = syntaxFault(error, expression);
    if (fault !== undefined) return [fault];
    // Anything else is what an empty record does to it.
  }
  return [...callFaults(expression), ...unknownNames(expression), ...negatedPaths(expression)];
}

function syntaxFault(error: unknown, expression: string): ExpressionFault | undefined {
  const end = Array.from(expression).length + 1;
  if (error instanceof LexerError) {
    // Of a minus without a number the library gives words of its own in place of the text.
    const rest = error.lexerValue.startsWith('Unknown token after "-"') ? '-' : error.lexerValue.trimEnd();
    const column = Math.min(error.lexerPosition + 1, end);
    return {
      column,
      reason: rest === '' ? 'it ends too early' : `cannot be read from ${quoted(rest)} on${nameHint(rest)}`,
    };
  }
  if (error instanceof ParseError) {
    const column = Math.min(error.lexPosition + 1, end);
    if (error.tokenType === 'eof') return { column: end, reason: 'it ends too early' };
    return { column, reason: error.reason ?? `${quoted(String(error.tokenValue))} is not expected here` };
  }
  // A quoted name that is no text of JSON, or brackets nested too deeply.
  if (!(error instanceof JMESPathError) && error instanceof Error) return { column: 1, reason: error.message };
  return undefined;
}

/** For characters that stand in names of fields, such as `detail-type`, but not without quotes. */
function nameHint(rest: string): string {
  if (!/^(?:-|\p{L})/u.test(rest)) return '';
  return ': a name with other characters than A-Z a-z 0-9 _ goes in double quotes';
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 30 ? `${text.slice(0, 30)}…` : text);
}

/** Expressions of mappings, of which there are few, as the library is given them. */
const rewritten = new Map<string, string>();

/** An expression that means for the library what it says. It is taken apart once, not for each record. */
function asMeant(expression: string): string {
  const known = rewritten.get(expression);
  if (known !== undefined) return known;
  const made = withOwnFields(withRoundedNumbers(expression));
  rewritten.set(expression, made);
  return made;
}

/**
 * What an expression finds; null where it finds nothing.
 * @throws JMESPathError when a function cannot use what it is given, and what the library throws else
 */
export function evaluate(expression: string, data: object): unknown {
  const visible = Object.fromEntries(Object.entries(data).map(([name, value]) => [name, seen(value)]));
  const meant = asMeant(expression);
  try {
    return unseen(search(asKey(meant), visible, { customFunctions: functions })) ?? null;
  } catch (error) {
    // The library tells of the expression as it was given.
    if (error instanceof JMESPathError) error.message = error.message.replace(meant, () => expression);
    throw error;
  }
}

/** Whether a value counts as true for JMESPath: all but false, null, and empty text, lists and objects. */
export function isTruthy(value: unknown): boolean {
  if (typeof value !== 'object') return typeof value === 'number' || Boolean(value);
  if (value === null) return false;
  if (exactDigits(value) !== undefined) return true;
  if (value instanceof Uint8Array) return value.length > 0;
  return Object.keys(value).length > 0;
}
