import { PowertoolsFunctions } from '@aws-lambda-powertools/jmespath/functions';
import { exactDigits } from '../delivery/exact-json.ts';
import { expressionTokens } from './expression-tokens.ts';

/** Names that objects have in JavaScript, whatever fields a record has: those of all, and that of bytes. */
const INHERITED: ReadonlySet<string> = new Set([...Object.getOwnPropertyNames(Object.prototype), 'toJSON']);
/** What may name one of them; most expressions need not be taken apart. */
const MAY_INHERIT = new RegExp([...INHERITED].join('|'));

/**
 * An expression, which parses, that finds own fields alone. The library finds inherited ones too: names of those become calls
 * of `own_field`, a function that mappings cannot name.
 */
export function withOwnFields(expression: string): string {
  if (!MAY_INHERIT.test(expression)) return expression;
  const tokens = expressionTokens(expression);
  let written = '';
  let end = 0;
  for (const [place, { text, column }] of tokens.entries()) {
    const name = /^["A-Za-z_]/.test(text) ? nameOf(text) : undefined;
    // Before a colon it is a name that the expression gives.
    if (name === undefined || !INHERITED.has(name) || tokens[place + 1]?.text === ':') continue;
    written += `${expression.slice(end, column - 1)}own_field(@, '${name}')`;
    end = column - 1 + text.length;
  }
  return written + expression.slice(end);
}

function nameOf(token: string): string {
  return token.startsWith('"') ? String(JSON.parse(token)) : token;
}

/** The functions of the library, `own_field`, and `rounded`. */
export class OwnFieldFunctions extends PowertoolsFunctions {
  funcOwnField([value, name]: readonly unknown[]): unknown {
    const isObject = typeof value === 'object' && value !== null;
    return isObject && Object.hasOwn(value, String(name)) ? Reflect.get(value, String(name)) : null;
  }
  funcRounded([value]: readonly unknown[]): unknown {
    const digits = exactDigits(value);
    return digits === undefined ? value : Number(digits);
  }
}
