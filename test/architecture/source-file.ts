import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A TypeScript file of the project: its path from the root, with `/`, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** One import, export-from or dynamic import, of values or of types alone. */
export interface Import {
  /** As written. */
  readonly specifier: string;
  /** File of the project that it leads to; undefined for Node's modules and packages. */
  readonly path: string | undefined;
}

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Every `.ts` file of ours under folders of the project, declarations of others' code left out; a folder that is not there has none. */
export function readSourceFiles(...folders: string[]): SourceFile[] {
  const present = readdirSync(root);
  return folders
    .filter((folder) => present.includes(folder))
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
    )
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
    .sort()
    .map((path) => ({ path: path.replaceAll(sep, '/'), text: readFileSync(join(root, path), 'utf8') }));
}

/** The text without whole-line comments, so that what a comment mentions is not taken for code. Lines keep their numbers. */
export function codeOf({ text }: SourceFile): string {
  return text.replace(/\/\*\*?[\s\S]*?\*\/|^\s*\/\/.*$/gm, (comment) => comment.replace(/[^\n]/g, ''));
}

const IMPORTS = [
  // import x from '…', import type { X } from '…', export * from '…', over any number of lines.
  /^\s*(?:import|export)\s[^'"`;=()]*?\bfrom\s*['"]([^'"]+)['"]/gm,
  // import '…'
  /^\s*import\s*['"]([^'"]+)['"]/gm,
  // import('…'), as a value and as a type, and require('…').
  /\b(?:import|require)\(\s*['"]([^'"]+)['"]\s*\)/g,
];

/** What a file imports, types included. */
export function importsOf(file: SourceFile): Import[] {
  const code = codeOf(file);
  return IMPORTS.flatMap((pattern) => [...code.matchAll(pattern)]).map(([, specifier = '']) => ({
    specifier,
    path: resolve(file.path, specifier),
  }));
}

function resolve(importer: string, specifier: string): string | undefined {
  if (specifier === '#rocketmq') return 'functions/rocketmq/index.ts';
  if (!specifier.startsWith('.')) return undefined;
  return normalize(join(dirname(importer), specifier)).replaceAll(sep, '/');
}
