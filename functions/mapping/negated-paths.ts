import { type ExpressionToken, expressionTokens } from './expression-tokens.ts';
import type { ExpressionFault } from './function-calls.ts';

/**
 * Negations, in an expression that parses, that end before the path they stand at: `!` binds tighter than `.`, `[]` and
 * `[?…]`, so `!body.test` is `(!body).test`. True and false have no fields and items: it would give nothing for every
 * record.
 */
export function negatedPaths(expression: string): ExpressionFault[] {
  const tokens = expressionTokens(expression);
  const textOf = (start: number, end: number) => {
    const last = tokens[end - 1];
    return expression.slice((tokens[start]?.column ?? 1) - 1, last && last.column - 1 + last.text.length);
  };
  return tokens.flatMap(({ text, column }, place) => {
    if (text !== '!' || tokens[place - 1]?.text === '!') return [];
    let start = place;
    while (tokens[start]?.text === '!') start++;
    const taken = operandEnd(tokens, start);
    const meant = pathEnd(tokens, start);
    if (taken === meant) return [];
    const cure = `${'!'.repeat(start - place)}(${textOf(start, meant)})`;
    return [{ column, reason: `"!" takes "${textOf(start, taken)}" alone: write ${cure}` }];
  });
}

/**
 * Where what `!` takes ends: behind names, calls and indexes; behind a projection, all that is asked of its items too,
 * unless that is one list or object for each.
 */
function operandEnd(tokens: readonly ExpressionToken[], start: number): number {
  let isProjection = isProjecting(tokens, start);
  let isNew = isProjection;
  let end = stepEnd(tokens, start);
  for (;;) {
    const text = tokens[end]?.text ?? '';
    const next = tokens[end + 1]?.text ?? '';
    const isTightest = text === '(' || (text === '[' && next !== ']' && next !== '?');
    const isOfItems = isProjection && (text === '.' || (text === '[' && next === '?'));
    if (!isTightest && !isOfItems) return end;
    const isLastOfItems = isNew && text === '.' && /^[[{]$/.test(next);
    const wasProjection = isProjection && !isLastOfItems;
    isProjection = wasProjection || isProjecting(tokens, end);
    isNew = isProjection && !wasProjection;
    end = stepEnd(tokens, end);
  }
}

/** Where a path ends, with all its steps. */
function pathEnd(tokens: readonly ExpressionToken[], start: number): number {
  let end = stepEnd(tokens, start);
  while (/^[([.]$/.test(tokens[end]?.text ?? '')) end = stepEnd(tokens, end);
  return end;
}

/** Behind a name, a bracket with what is in it, or a dot with what follows it. */
function stepEnd(tokens: readonly ExpressionToken[], start: number): number {
  let end = tokens[start]?.text === '.' ? start + 1 : start;
  let depth = 0;
  do {
    const text = tokens[end++]?.text ?? '';
    if (/^[([{]$/.test(text)) depth++;
    if (/^[)\]}]$/.test(text)) depth--;
  } while (depth > 0 && end < tokens.length);
  return end;
}

/** Whether a step makes a projection: `*`, `[*]`, `[]`, a filter or a slice. */
function isProjecting(tokens: readonly ExpressionToken[], start: number): boolean {
  const step = tokens.slice(start, stepEnd(tokens, start)).map(({ text }) => text);
  return /^(?:\.?\*|\[(?:\*?\]|\?|[-\d]*:))/.test(step.join(''));
}
