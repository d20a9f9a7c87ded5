// npm run bundle [-- SOURCE …]: writes dist/<source>/index.mjs for every function, or for those named, and prints what each weighs.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleFunction, functionSources } from '../infra/bundling.ts';

const distDir = fileURLToPath(new URL('../dist', import.meta.url));
const named = process.argv.slice(2);
const sources = named.length > 0 ? named : functionSources();

const kilobytes = (bytes: number) => (bytes / 1000).toFixed(1);
const row = (source: string, ...columns: string[]) =>
  source.padEnd(16) + columns.map((column) => column.padStart(14)).join('');

try {
  console.log(row('function', 'at start kB', 'on demand kB', 'maps kB'));
  for (const source of sources) {
    const { eagerBytes, lazyBytes, sourceMapBytes, warnings } = bundleFunction(source, join(distDir, source));
    console.log(row(source, ...[eagerBytes, lazyBytes, sourceMapBytes].map(kilobytes)));
    for (const warning of warnings) console.error(warning);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
