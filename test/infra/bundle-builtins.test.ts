import { describe, expect, test } from 'vitest';
import { KEPT_LINE, withBuiltinsOfProcess } from '../../infra/bundle-builtins.ts';

const external = (path: string, kind: 'import-statement' | 'dynamic-import' = 'import-statement') => ({
  path,
  kind,
  external: true,
});

/** What becomes of a line of minified code, and what is written before it. */
function rewritten(code: string, ...imports: ReturnType<typeof external>[]) {
  const [first, ...rest] = withBuiltinsOfProcess(`${KEPT_LINE}\n${code}`, imports).split('\n');
  return { first, rest: rest.join('\n') };
}

describe("an import of Node's modules in a bundle", () => {
  test.each([
    ['import{connect as e,isIP}from"node:net";', 'const {connect:e,isIP}=process.getBuiltinModule("node:net");'],
    ['import n from"node:https";', 'const n=process.getBuiltinModule("node:https");'],
    [
      'import e,{join as t}from"node:path";',
      'const e=process.getBuiltinModule("node:path"),{join:t}=process.getBuiltinModule("node:path");',
    ],
    ['import"node:fs/promises";', ''],
  ])('%s moves to the first line, and everything behind it stays in its column', (statement, declared) => {
    const path = /"(.*)"/.exec(statement)?.[1] ?? '';
    const { first, rest } = rewritten(`a();${statement}b();`, external(path));
    expect(first).toBe(declared);
    expect(rest).toBe(`a();${' '.repeat(statement.length)}b();`);
  });

  test('is asked for once, whoever imports from the module', () => {
    const code = 'import{Buffer as e}from"node:buffer";import{Buffer as t,isUtf8 as n}from"node:buffer";';
    const { first } = rewritten(code, external('node:buffer'), external('node:buffer'));
    expect(first).toBe('const {Buffer:e,Buffer:t,isUtf8:n}=process.getBuiltinModule("node:buffer");');
  });

  test('stays one where it takes the whole namespace', () => {
    const code = 'import*as e from"node:zlib";';
    expect(rewritten(code, external('node:zlib'))).toEqual({ first: '', rest: code });
  });

  test('on demand is answered without the exports being read', () => {
    const { first, rest } = rewritten('let e=await import("node:http");f(e)', external('node:http', 'dynamic-import'));
    expect(first).toContain('const demand=');
    expect(rest).toBe('let e=await demand("node:http");f(e)');
  });

  test('that is not found as the metafile has it ends the build', () => {
    expect(() => rewritten('import { connect } from "node:net";', external('node:net'))).toThrow(
      `esbuild tells of 1 imports of Node's modules (import-statement) in a file of the bundle, and 0 are found in its text.`,
    );
    expect(() => rewritten(`throw Error('import("node:http")')`)).toThrow('tells of 0 imports');
  });
});

test('imports of chunks are left alone', () => {
  const code = 'import{a as e}from"./chunk-A.mjs";import"./chunk-B.mjs";const t=()=>import("./chunk-C.mjs");';
  expect(rewritten(code)).toEqual({ first: '', rest: code });
});
