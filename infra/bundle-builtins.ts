import { isBuiltin } from 'node:module';
import type { Metafile } from 'esbuild';

/** The banner a file is to be built with: it keeps the first line for what `withBuiltinsOfProcess` writes there. */
export const KEPT_LINE = '//';

/** CommonJS dependencies ask for Node's modules through `require`, which an ES module does not have. */
const REQUIRE = 'const require=process.getBuiltinModule("node:module").createRequire(import.meta.url);';

/** Stands in for `import` in `import("node:http")`, and is as long. Minified names are shorter. */
const DEMAND = 'demand';
const DEMAND_FUNCTION = `const ${DEMAND}=async n=>{const m=process.getBuiltinModule(n);return Object.create(m,{default:{value:m}})};`;

const STATIC_IMPORT = /\bimport(?:\*as [\w$]+ | ?([\w$]+)?,?(?:\{([^{}]*)\})? ?)(?:from)?"([\w:/]+)";/g;
const DYNAMIC_IMPORT = /\bimport\("([\w:/]+)"\)/g;

/**
 * Takes Node's own modules from the process in a minified ES module that imports them. For an import Node reads every export of the
 * module and so loads what lies ready for whoever uses it: with `node:http` comes undici, for its `WebSocket`. Code that asks for
 * `require` is given one. All of it stands on the first line and no other character moves, so source maps still fit.
 *
 * @param text what esbuild made, from `KEPT_LINE` on
 * @param imports what its metafile says the file imports
 * @throws Error where the imports in the text are not those of the metafile: esbuild writes them differently from the pinned one
 */
export function withBuiltinsOfProcess(text: string, imports: Metafile['outputs'][string]['imports']): string {
  const found = { 'import-statement': 0, 'dynamic-import': 0 };
  const bindings = new Map<string, string[]>();
  const declarations: string[] = [];
  const rest = text
    .slice(KEPT_LINE.length)
    .replace(STATIC_IMPORT, (statement: string, whole: string | undefined, named: string | undefined, path: string) => {
      if (!isBuiltin(path)) return statement;
      found['import-statement']++;
      // A namespace has a `default`, which the module itself lacks.
      if (statement.startsWith('import*')) return statement;
      if (whole !== undefined) declarations.push(`${whole}=${builtin(path)}`);
      if (named !== undefined) bindings.set(path, [...(bindings.get(path) ?? []), named.replaceAll(' as ', ':')]);
      return ' '.repeat(statement.length);
    })
    .replace(DYNAMIC_IMPORT, (call: string, path: string) => {
      if (!isBuiltin(path)) return call;
      found['dynamic-import']++;
      return `${DEMAND}("${path}")`;
    });
  for (const kind of ['import-statement', 'dynamic-import'] as const) {
    const expected = imports.filter((entry) => entry.kind === kind && isBuiltin(entry.path)).length;
    if (found[kind] === expected) continue;
    throw new Error(
      `esbuild tells of ${expected} imports of Node's modules (${kind}) in a file of the bundle, and ${found[kind]} are found in its text.`,
    );
  }
  declarations.push(...[...bindings].map(([path, names]) => `{${names.join()}}=${builtin(path)}`));
  return [
    text.includes('typeof require') ? REQUIRE : '',
    found['dynamic-import'] > 0 ? DEMAND_FUNCTION : '',
    declarations.length > 0 ? `const ${declarations.join()};` : '',
    rest,
  ].join('');
}

function builtin(path: string): string {
  return `process.getBuiltinModule("${path}")`;
}
