/**
 * What TypeScript's library does not declare yet: a number of JSON with all its digits, as an object that holds its
 * text.
 */
interface ExactNumber {
  readonly rawJSON: string;
}

const json = JSON as typeof JSON & {
  rawJSON(text: string): ExactNumber;
  isRawJSON(value: unknown): value is ExactNumber;
};

/** Whether this Node can keep the digits of numbers; those before 22 cannot. */
export function keepsDigits(): boolean {
  return typeof json.rawJSON === 'function';
}

/** Digits that every number of JavaScript keeps. */
const SAFE_DIGITS = 15;
/** Text in which some number may have more digits, or an exponent that leads out of range. */
const MAY_BE_INEXACT = /\d[\d.]{15}|\d[eE][+-]?\d{2}/;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * The value of JSON text, in which every number keeps its digits.
 * @throws SyntaxError; RangeError when it is nested too deeply
 */
export function parseExactly(text: string): unknown {
  if (!MAY_BE_INEXACT.test(text)) return JSON.parse(text);
  return JSON.parse(text, (_name, value: unknown, context?: { readonly source?: string }) =>
    typeof value === 'number' && context?.source !== undefined ? exactNumber(context.source) : value,
  );
}

/**
 * The number that a text of JSON stands for. What a number of JavaScript would round becomes an object that
 * `JSON.stringify` writes with the digits it had; `exactDigits` tells them. Text that is no number stays text.
 */
export function exactNumber(text: string): number | ExactNumber | string {
  if (!NUMBER.test(text)) return text;
  const number = Number(text);
  return isKept(number, text) ? number : json.rawJSON(text);
}

/** Whether a number has all that its text says. */
function isKept(number: number, text: string): boolean {
  if (/^-?\d+$/.test(text)) return Number.isSafeInteger(number);
  const significant = text
    .replace(/[eE].*/, '')
    .replace(/\D/g, '')
    .replace(/^0+/, '');
  const isInRange = Number.isFinite(number) && (number !== 0 || significant === '');
  return isInRange && significant.length <= SAFE_DIGITS;
}

/** Digits of a number that JavaScript would have rounded; undefined for any other value. */
export function exactDigits(value: unknown): string | undefined {
  return json.isRawJSON(value) ? value.rawJSON : undefined;
}
