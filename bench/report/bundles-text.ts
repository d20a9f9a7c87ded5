import { type BundleFigure, CLIENT_ONLY } from '../parts/bundles.ts';
import type { BenchResults } from './bench-results.ts';
import { runText } from './run-text.ts';
import { spreadText, table } from './table.ts';

/** Size, import and cold start of every bundle, as a table. */
export function bundlesTable(figures: readonly BundleFigure[]): string {
  const rows = figures.map(({ name, eagerBytes, lazyBytes, importMs, coldMs }) => [
    name === CLIENT_ONLY ? name : `function ${name}`,
    (eagerBytes / 1000).toFixed(1),
    (lazyBytes / 1000).toFixed(1),
    spreadText(importMs),
    spreadText(coldMs, 0),
  ]);
  return table(['bundle', 'at start kB', 'on demand kB', 'import ms', 'cold start ms'], rows);
}

/** The text of `docs/bundles.md`. */
export function bundlesText(figures: readonly BundleFigure[], { machine, settings }: BenchResults): string {
  return `# Bundles

Written by \`npm run bench -- --only bundles\`; do not edit. Sizes are of minified code, as the constructs deploy it: what is read
at every cold start, and what is read on demand (the AWS SDK, the OpenAPI document). A function holds no code of another source; a
test checks each.

A cold start goes from the start of the process to the answer of its first event, under AWS's runtime loop, name
servers from the seed, on an embedded cluster of the same machine. Medians with least and greatest; absolute figures hold for
the machine they were measured on.

${runText(machine, { ...settings, cluster: 'embedded' })}

${bundlesTable(figures)}
`;
}
