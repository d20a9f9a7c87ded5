import { importsOf, type SourceFile } from './source-file.ts';

/** Circles of imports, types included, each as `a → b → a`; one for every file that an import leads back to. */
export function importCycles(files: readonly SourceFile[]): string[] {
  const imports = new Map(files.map((file) => [file.path, importsOf(file).flatMap(({ path }) => path ?? [])]));
  const done = new Set<string>();
  const cycles: string[] = [];

  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start !== -1) {
      cycles.push([...trail.slice(start), path].join(' → '));
      return;
    }
    if (done.has(path)) return;
    for (const next of imports.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };

  for (const { path } of files) visit(path, []);
  return cycles;
}
