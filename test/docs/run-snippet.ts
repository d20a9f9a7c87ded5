import { stripTypeScriptTypes } from 'node:module';

/**
 * Runs a snippet of a page as a module would, with names that it has from elsewhere.
 * @param result name in the snippet of what this resolves to.
 */
export function runSnippet(
  code: string,
  names: Readonly<Record<string, unknown>>,
  result = 'undefined',
): Promise<unknown> {
  const body = `return (async () => {${stripTypeScriptTypes(code)}; return ${result};})()`;
  return new Function(...Object.keys(names), body)(...Object.values(names));
}
