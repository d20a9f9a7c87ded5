/** A piece of an expression, and the column it is at, from 1 on. */
export interface ExpressionToken {
  readonly text: string;
  readonly column: number;
}

/** Raw text, JSON, quoted names; names; operators of two characters; single characters. */
const TOKEN = /'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`|"(?:\\.|[^"\\])*"|[A-Za-z_]\w*|\|\||&&|[=!<>]=|\S/gsu;

/** The pieces of an expression that parses. */
export function expressionTokens(expression: string): ExpressionToken[] {
  return Array.from(expression.matchAll(TOKEN), ({ 0: text, index }) => ({ text, column: index + 1 }));
}
