// npm run bundle [-- SOURCE …]: writes dist/<source>/index.mjs for every function, or for those named, and prints what each weighs.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bundleFunction, functionSources } from '../infra/bundling.ts';

const USAGE = `usage: npm run bundle -- [SOURCE …]

Writes dist/SOURCE/index.mjs for every function, or for those named, and prints what each weighs:
${functionSources().join(', ')}`;

const distDir = fileURLToPath(new URL('../dist', import.meta.url));

const kilobytes = (bytes: number) => (bytes / 1000).toFixed(1);
const row = (source: string, ...columns: string[]) =>
  source.padEnd(16) + columns.map((column) => column.padStart(14)).join('');

function bundle(sources: readonly string[]): void {
  console.log(row('function', 'at start kB', 'on demand kB', 'maps kB'));
  for (const source of sources) {
    const { eagerBytes, lazyBytes, sourceMapBytes, warnings } = bundleFunction(source, join(distDir, source));
    console.log(row(source, ...[eagerBytes, lazyBytes, sourceMapBytes].map(kilobytes)));
    for (const warning of warnings) console.error(warning);
  }
}

try {
  const { values, positionals } = parseArgs({ options: { help: { type: 'boolean' } }, allowPositionals: true });
  if (values.help === true) console.log(USAGE);
  else bundle(positionals.length > 0 ? positionals : functionSources());
} catch (error) {
  const isUsage = error instanceof TypeError && String(Reflect.get(error, 'code')).startsWith('ERR_PARSE_ARGS');
  console.error(isUsage ? `${error.message}\n\n${USAGE}` : error instanceof Error ? error.message : error);
  process.exitCode = isUsage ? 2 : 1;
}
