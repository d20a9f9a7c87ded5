import { type ExpressionToken, expressionTokens } from './expression-tokens.ts';

const ORDERING = /^[<>]=?$/;
const COMPARING = /^(?:[<>]=?|[=!]=)$/;
/** What binds looser than a comparison, or begins what is compared. */
const ENDS_OPERAND = /^(?:\|\||&&|[|,:?&])$/;
const OPENS = /^[([{]$/;
const CLOSES = /^[)\]}]$/;

/**
 * An expression, which parses, that orders numbers with many digits too, as JavaScript rounds them. To the library these are no
 * numbers, and it would say nothing of them, so that a filter would take their records for unwanted: both sides of `<` and the
 * like become calls of `rounded`, a function that mappings cannot name. Comparisons of comparisons stay as they are.
 */
export function withRoundedNumbers(expression: string): string {
  if (!/[<>]/.test(expression)) return expression;
  const tokens = expressionTokens(expression);
  /** What goes before the token of an index, or behind the last one. */
  const before = new Map<number, string>();
  const put = (index: number, text: string) => before.set(index, (before.get(index) ?? '') + text);
  for (const [place, { text }] of tokens.entries()) {
    if (!ORDERING.test(text)) continue;
    const start = edge(tokens, place, -1);
    const end = edge(tokens, place, 1);
    if (isComparing(tokens[start]) || isComparing(tokens[end])) continue;
    put(start + 1, 'rounded(');
    put(place, ')');
    put(place + 1, 'rounded(');
    put(end, ')');
  }
  let written = '';
  let at = 0;
  for (const [place, { text, column }] of tokens.entries()) {
    written += `${expression.slice(at, column - 1)}${before.get(place) ?? ''}${text}`;
    at = column - 1 + text.length;
  }
  return written + (before.get(tokens.length) ?? '') + expression.slice(at);
}

/** Index of the token that an operand ends at, from a comparison on to the left or the right. */
function edge(tokens: readonly ExpressionToken[], place: number, step: -1 | 1): number {
  const [opens, closes] = step === 1 ? [OPENS, CLOSES] : [CLOSES, OPENS];
  let depth = 0;
  let index = place + step;
  for (; tokens[index] !== undefined; index += step) {
    const { text } = tokens[index] as ExpressionToken;
    if (depth === 0 && (closes.test(text) || ENDS_OPERAND.test(text) || COMPARING.test(text))) return index;
    if (opens.test(text)) depth++;
    else if (closes.test(text)) depth--;
  }
  return index;
}

function isComparing(token: ExpressionToken | undefined): boolean {
  return token !== undefined && COMPARING.test(token.text);
}
