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

/** Whether a number has all that its text says: JavaScript would write the same decimal. */
function isKept(number: number, text: string): boolean {
  // Beyond the safe ones, ids that differ by one may become one number, and each would equal the other.
  if (/^-?\d+$/.test(text)) return Number.isSafeInteger(number);
  const written = String(number);
  return written === text || (Number.isFinite(number) && decimalOf(written) === decimalOf(text));
}

/** A decimal in the one form that all texts of its value share: its digits from the first to the last that count. */
function decimalOf(text: string): string {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const sign = whole.startsWith('-') ? '-' : '';
  const digits = `${whole}${fraction}`.replace(/^-?0*/, '');
  const significant = withoutZerosAtEnd(digits);
  if (significant === '') return '0';
  const zerosAtEnd = digits.length - significant.length;
  return `${sign}${significant}e${Number(exponent) - fraction.length + zerosAtEnd}`;
}

/** Without a pattern, which would try anew at every zero of a long number. */
function withoutZerosAtEnd(digits: string): string {
  let end = digits.length;
  while (digits[end - 1] === '0') end--;
  return digits.slice(0, end);
}

/** Digits of a number that JavaScript would have rounded; undefined for any other value. */
export function exactDigits(value: unknown): string | undefined {
  // A Node that rounds them has none, and no such function.
  return keepsDigits() && json.isRawJSON(value) ? value.rawJSON : undefined;
}
