import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildResult, buildSync, formatMessagesSync } from 'esbuild';
import { KEPT_LINE, withBuiltinsOfProcess } from './bundle-builtins.ts';
import { type BundledPackage, commonJsOnDemand, loadOrder, packagesOf } from './bundle-contents.ts';

const projectRoot = fileURLToPath(new URL('..', import.meta.url));
const functionsRoot = join(projectRoot, 'functions');

/** What may be chosen about a bundle; everything else is the same for every function, deployed or local. */
export interface BundleOptions {
  /**
   * Write `*.mjs.map` beside the code, for `NODE_OPTIONS=--enable-source-maps`. The maps name the sources and leave their text out.
   * @default true
   */
  readonly sourceMaps?: boolean;
}

/** What a bundle weighs and what is in it. Sizes are bytes of minified code, source maps apart. */
export interface BundleReport {
  /** The module Lambda loads: `index.mjs`, whose handler is `index.handler`. */
  readonly entryFile: string;
  /** Read at every cold start: `index.mjs` and all chunks it imports statically. */
  readonly eagerBytes: number;
  /** Read when a dynamic import asks for it. */
  readonly lazyBytes: number;
  readonly totalBytes: number;
  readonly sourceMapBytes: number;
  /** Whose code is in the eager part, largest first. */
  readonly eagerPackages: readonly BundledPackage[];
  /** Whose code is in the lazy part, largest first. */
  readonly lazyPackages: readonly BundledPackage[];
  /** Modules the bundle leaves to the runtime, sorted: Node's own and nothing else. */
  readonly externalImports: readonly string[];
  /** What esbuild or this module finds doubtful, ready to print. Empty for a sound bundle. */
  readonly warnings: readonly string[];
}

/** Names of the functions of this pack, sorted: every folder of `functions/` that has a `handler.ts`. */
export function functionSources(): string[] {
  return readdirSync(functionsRoot, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(functionsRoot, entry.name, 'handler.ts')))
    .map((entry) => entry.name)
    .sort();
}

/**
 * Bundles `functions/<source>/handler.ts` into `outDir`: what a construct deploys is what `npm run bundle` writes and what the
 * local host runs, byte for byte. Throws when there is no such function, and esbuild's own error when it does not build.
 */
export function bundleFunction(source: string, outDir: string, options: BundleOptions = {}): BundleReport {
  const entry = join(functionsRoot, source, 'handler.ts');
  if (!existsSync(entry)) {
    throw new Error(
      `There is no function "${source}": functions/${source}/handler.ts does not exist. Known functions: ${functionSources().join(', ') || 'none'}.`,
    );
  }
  return bundleHandler(entry, outDir, options);
}

/**
 * Bundles any handler module as `bundleFunction` bundles the pack's own. Dynamic imports become chunks of their own, loaded when
 * first used. Files of an earlier bundle in `outDir` are removed, others are left alone.
 */
export function bundleHandler(entry: string, outDir: string, options: BundleOptions = {}): BundleReport {
  // The maps hold paths relative to the output. One assumed place for every bundle keeps its bytes, and with them the hash of the
  // asset, independent of where it is written to.
  const assumedOutDir = join(projectRoot, 'dist', 'bundle');
  const built = buildSync({
    absWorkingDir: projectRoot,
    entryPoints: [{ in: resolve(entry), out: 'index' }],
    outdir: assumedOutDir,
    outExtension: { '.js': '.mjs' },
    chunkNames: 'chunk-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    banner: { js: KEPT_LINE },
    minify: true,
    treeShaking: true,
    legalComments: 'none',
    sourcemap: (options.sourceMaps ?? true) ? 'linked' : false,
    sourcesContent: false,
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  const result = withBuiltins(built);
  replaceBundle(outDir, assumedOutDir, result);
  return report(join(outDir, 'index.mjs'), result);
}

type Built = Pick<BuildResult<{ write: false; metafile: true }>, 'outputFiles' | 'metafile' | 'warnings'>;

/** The files of a build, with Node's modules taken from the process. */
function withBuiltins({ outputFiles, metafile, warnings }: Built): Built {
  const outputs = { ...metafile.outputs };
  const files = outputFiles.map((file) => {
    // The metafile has slashes on Windows too.
    const path = relative(projectRoot, file.path).replaceAll(sep, '/');
    const output = outputs[path];
    if (output === undefined || !file.path.endsWith('.mjs')) return file;
    const text = withBuiltinsOfProcess(file.text, output.imports);
    const contents = Buffer.from(text);
    outputs[path] = { ...output, bytes: contents.length };
    return { ...file, text, contents };
  });
  return { outputFiles: files, metafile: { ...metafile, outputs }, warnings };
}

function replaceBundle(outDir: string, assumedOutDir: string, { outputFiles }: Built): void {
  mkdirSync(outDir, { recursive: true });
  for (const file of readdirSync(outDir)) {
    if (/^(index|chunk-[A-Z0-9]+)\.mjs(\.map)?$/.test(file)) rmSync(join(outDir, file));
  }
  for (const file of outputFiles) writeFileSync(join(outDir, relative(assumedOutDir, file.path)), file.contents);
}

function report(entryFile: string, { metafile, warnings }: Built): BundleReport {
  const { eager, lazy, sourceMapBytes, externalImports } = loadOrder(metafile);
  const bytes = (outputs: readonly { bytes: number }[]) => outputs.reduce((sum, output) => sum + output.bytes, 0);
  return {
    entryFile,
    eagerBytes: bytes(eager),
    lazyBytes: bytes(lazy),
    totalBytes: bytes(eager) + bytes(lazy),
    sourceMapBytes,
    eagerPackages: packagesOf(eager),
    lazyPackages: packagesOf(lazy),
    externalImports,
    warnings: [
      ...formatMessagesSync(warnings, { kind: 'warning' }),
      ...commonJsOnDemand(metafile).map(
        (file) =>
          `${file} is CommonJS and loaded by import(): in the bundle only its default export is there. ` +
          'Import what is needed of it in an ES module of your own, and that one on demand.',
      ),
    ],
  };
}
