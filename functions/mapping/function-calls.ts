import { didYouMean } from './nearest-name.ts';

/** Fewest and most arguments of the functions that expressions may call: those of JMESPath, and three of Powertools. */
export const functionArities: Readonly<Record<string, readonly [number, number]>> = {
  abs: [1, 1],
  avg: [1, 1],
  ceil: [1, 1],
  contains: [2, 2],
  ends_with: [2, 2],
  floor: [1, 1],
  join: [2, 2],
  keys: [1, 1],
  length: [1, 1],
  map: [2, 2],
  max: [1, 1],
  max_by: [2, 2],
  merge: [1, Number.POSITIVE_INFINITY],
  min: [1, 1],
  min_by: [2, 2],
  not_null: [1, Number.POSITIVE_INFINITY],
  reverse: [1, 1],
  sort: [1, 1],
  sort_by: [2, 2],
  starts_with: [2, 2],
  sum: [1, 1],
  to_array: [1, 1],
  to_number: [1, 1],
  to_string: [1, 1],
  type: [1, 1],
  values: [1, 1],
  powertools_json: [1, 1],
  powertools_base64: [1, 1],
  powertools_base64_gzip: [1, 1],
};

/** What is wrong in an expression, and the column it is at, from 1 on. */
export interface ExpressionFault {
  readonly column: number;
  readonly reason: string;
}

/** Raw text, JSON and quoted names, which may hold brackets that are none; names; single characters. */
const TOKEN = /'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`|"(?:\\.|[^"\\])*"|[A-Za-z_]\w*|\S/gsu;

/** A bracket that is open, and how many values there are between it and its end so far. */
interface Open {
  readonly call: { readonly name: string; readonly column: number } | undefined;
  commas: number;
  isEmpty: boolean;
}

/**
 * Calls of an expression, which parses, that fail whenever they are reached: of unknown functions, or with the wrong
 * number of arguments. The library finds them only then, which may be months later.
 */
export function callFaults(expression: string): ExpressionFault[] {
  const faults: ExpressionFault[] = [];
  const open: Open[] = [];
  let before: { readonly text: string; readonly column: number } | undefined;
  for (const { 0: text, index } of expression.matchAll(TOKEN)) {
    const column = index + 1;
    const around = open.at(-1);
    if (text === ',' && around !== undefined) around.commas++;
    if (/^[)\]}]$/.test(text)) {
      const ended = open.pop();
      if (ended?.call !== undefined) faults.push(...arityFaults(ended.call, ended.isEmpty ? 0 : ended.commas + 1));
    } else if (around !== undefined) {
      around.isEmpty = false;
    }
    if (/^[([{]$/.test(text)) {
      const isName = before !== undefined && /^[A-Za-z_]/.test(before.text);
      if (text === '(' && before !== undefined && /^['`")\]}]/.test(before.text)) {
        faults.push({ column, reason: 'only the name of a function can stand before "("' });
      }
      const call = text === '(' && isName && before ? { name: before.text, column: before.column } : undefined;
      open.push({ call, commas: 0, isEmpty: true });
    }
    before = { text, column };
  }
  return faults;
}

function arityFaults({ name, column }: { name: string; column: number }, found: number): ExpressionFault[] {
  if (!Object.hasOwn(functionArities, name)) {
    const reason = `there is no function "${name}"${didYouMean(name, Object.keys(functionArities))}`;
    return [{ column, reason }];
  }
  const [fewest = 0, most = 0] = functionArities[name] ?? [];
  if (found >= fewest && found <= most) return [];
  const wanted = most === fewest ? `${fewest}` : `${fewest} or more`;
  return [{ column, reason: `${name}() takes ${wanted} argument${wanted === '1' ? '' : 's'}, and has ${found}` }];
}
