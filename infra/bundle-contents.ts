import type { Metafile } from 'esbuild';

type Output = Metafile['outputs'][string];

/** One package, or one folder of this project's `functions/`, and its share of a bundle. */
export interface BundledPackage {
  /** Package name, or a folder such as `functions/sqs`. */
  readonly name: string;
  /** Minified bytes in this part of the bundle. */
  readonly bytes: number;
  /** Source files that contribute, relative to the project. */
  readonly files: readonly string[];
}

/** The outputs of a build, told apart by when Node reads them. */
export interface LoadOrder {
  /** The entry and everything it imports statically, directly or through others. */
  readonly eager: readonly Output[];
  /** Reached by dynamic import only. */
  readonly lazy: readonly Output[];
  readonly sourceMapBytes: number;
  readonly externalImports: readonly string[];
}

/** Sorts the outputs of a build with one entry point into those read at start and those read on demand. */
export function loadOrder(metafile: Metafile): LoadOrder {
  const code = Object.entries(metafile.outputs).filter(([path]) => !path.endsWith('.map'));
  const eagerPaths = new Set(code.filter(([path]) => path.endsWith('/index.mjs')).map(([path]) => path));
  // A set that grows while it is iterated visits what is added.
  for (const path of eagerPaths) {
    for (const imported of metafile.outputs[path]?.imports ?? []) {
      if (imported.kind === 'import-statement' && imported.external !== true) eagerPaths.add(imported.path);
    }
  }
  const externalImports = code.flatMap(([, output]) => output.imports.filter(({ external }) => external === true));
  return {
    eager: code.filter(([path]) => eagerPaths.has(path)).map(([, output]) => output),
    lazy: code.filter(([path]) => !eagerPaths.has(path)).map(([, output]) => output),
    sourceMapBytes: Object.entries(metafile.outputs)
      .filter(([path]) => path.endsWith('.map'))
      .reduce((sum, [, output]) => sum + output.bytes, 0),
    externalImports: [...new Set(externalImports.map(({ path }) => path))].sort(),
  };
}

/**
 * CommonJS modules that are imported dynamically. Node gives such a module its named exports; esbuild, when it splits, gives it
 * none but `default`, and says nothing.
 */
export function commonJsOnDemand(metafile: Metafile): string[] {
  return Object.values(metafile.inputs)
    .flatMap(({ imports }) => imports.filter(({ kind, external }) => kind === 'dynamic-import' && external !== true))
    .map(({ path }) => path)
    .filter((path, index, paths) => metafile.inputs[path]?.format === 'cjs' && paths.indexOf(path) === index);
}

/** Whose code is in these outputs, largest share first. Files of which nothing is left after tree shaking are not counted. */
export function packagesOf(outputs: readonly Output[]): BundledPackage[] {
  const packages = new Map<string, { bytes: number; files: Set<string> }>();
  for (const [file, { bytesInOutput }] of outputs.flatMap(({ inputs }) => Object.entries(inputs))) {
    if (bytesInOutput === 0) continue;
    const name = packageOf(file);
    const found = packages.get(name) ?? { bytes: 0, files: new Set() };
    packages.set(name, { bytes: found.bytes + bytesInOutput, files: found.files.add(file) });
  }
  return [...packages]
    .map(([name, { bytes, files }]) => ({ name, bytes, files: [...files].sort() }))
    .sort((left, right) => right.bytes - left.bytes || (left.name < right.name ? -1 : 1));
}

function packageOf(file: string): string {
  const [, dependency] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file) ?? [];
  return dependency ?? file.split('/').slice(0, -1).slice(0, 2).join('/');
}
