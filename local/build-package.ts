// npm pack runs this first (prepack): writes dist/package, which is what the npm package holds, and prints what it weighs.
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleFunction, functionSources } from '../infra/bundling.ts';

const projectRoot = fileURLToPath(new URL('..', import.meta.url));
const packageRoot = join(projectRoot, 'dist', 'package');
const compiler = join(projectRoot, 'node_modules', 'typescript', 'bin', 'tsc');

function compile(): void {
  const project = join(projectRoot, 'tsconfig.package.json');
  const { status, error } = spawnSync(process.execPath, [compiler, '--project', project], { stdio: 'inherit' });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error('The package does not compile; the compiler has said above why.');
}

function bundleFunctions(): void {
  for (const source of functionSources()) {
    const { warnings } = bundleFunction(source, join(packageRoot, 'prebuilt', source));
    if (warnings.length > 0) throw new Error(`The function ${source} does not bundle cleanly.\n${warnings.join('\n')}`);
  }
}

/** The compiled files keep the name #rocketmq, which means a compiled file to them: a package.json of their own says which. */
function nameTheLibrary(): void {
  const names = { type: 'module', imports: { '#rocketmq': './functions/rocketmq/index.js' } };
  writeFileSync(join(packageRoot, 'package.json'), `${JSON.stringify(names, null, 2)}\n`);
}

function printSizes(): void {
  for (const part of readdirSync(packageRoot)) {
    const path = join(packageRoot, part);
    if (!statSync(path).isDirectory()) continue;
    const files = readdirSync(path, { recursive: true, encoding: 'utf8' })
      .map((name) => statSync(join(path, name)))
      .filter((stat) => stat.isFile());
    const bytes = files.reduce((sum, { size }) => sum + size, 0);
    console.log(
      `${part.padEnd(12)}${String(files.length).padStart(6)} files${(bytes / 1000).toFixed(1).padStart(10)} kB`,
    );
  }
}

try {
  // Files of an earlier build that nothing writes any more must not be packed.
  rmSync(packageRoot, { recursive: true, force: true });
  compile();
  bundleFunctions();
  nameTheLibrary();
  printSizes();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
