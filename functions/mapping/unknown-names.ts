import { expressionTokens } from './expression-tokens.ts';
import type { ExpressionFault } from './function-calls.ts';
import { didYouMean } from './nearest-name.ts';

/** What expressions see of a record; see `expressionData`. */
export const recordNames: readonly string[] = [
  'body',
  'properties',
  'id',
  'source',
  'at',
  'shardingKey',
  'record',
  'envelopes',
];

/** Where an operand ends: a bracket after it is about it, and not an operand of its own. */
const ENDS_OPERAND = /^(?:[A-Za-z_'`"].*|[)\]}*@]|\d)$/s;

/**
 * Names at the beginning of paths, in an expression that parses, that no record has: with those it would give nothing
 * for every record. Names that are looked up in something else, behind `.`, `|` or `&` or in `[?…]`, are let be.
 */
export function unknownNames(expression: string): ExpressionFault[] {
  const tokens = expressionTokens(expression);
  const faults: ExpressionFault[] = [];
  // Of each bracket that is open, whether names within it are those of the record; of the expression itself first.
  const areRecordNames = [true];
  for (const [place, { text, column }] of tokens.entries()) {
    const before = tokens[place - 1]?.text ?? '';
    const after = tokens[place + 1]?.text ?? '';
    const isOfRecord = areRecordNames.at(-1) === true;
    if (text === '(' || text === '[' || text === '{') {
      // A call takes its arguments from where it stands: from the record, unless it is a step of a path.
      const isCall = text === '(' && /^[A-Za-z_]/.test(before);
      const isStep = isCall ? tokens[place - 2]?.text === '.' : before === '.' || ENDS_OPERAND.test(before);
      areRecordNames.push(isOfRecord && !isStep && after !== '?');
    } else if (text === ')' || text === ']' || text === '}') {
      areRecordNames.pop();
    } else if (text === '|' || text === '&') {
      areRecordNames[areRecordNames.length - 1] = false;
    } else if (isOfRecord && /^[A-Za-z_"]/.test(text) && before !== '.' && after !== '(' && after !== ':') {
      const isQuoted = text.startsWith('"');
      const name = isQuoted ? String(JSON.parse(text)) : text;
      if (recordNames.includes(name)) continue;
      // Most who compare with a name in double quotes mean text.
      const quotes = isQuoted ? `; text stands in single quotes: '${name.replaceAll("'", "\\'")}'` : '';
      const hint = didYouMean(name, recordNames) || quotes || `: it has ${recordNames.join(', ')}`;
      faults.push({ column, reason: `a record has no "${name}"${hint}` });
    }
  }
  return faults;
}
