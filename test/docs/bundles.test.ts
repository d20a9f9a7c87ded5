import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { functionSources } from '../../infra/bundling.ts';

const page = readFileSync(new URL('../../docs/bundles.md', import.meta.url), 'utf8');

test('docs/bundles.md has sizes, import and cold start of every function, with the machine and the versions', () => {
  const rows = [...page.matchAll(/^\| function ([a-z0-9-]+) +\|(.+)\|$/gm)];
  expect(rows.map(([, name]) => name)).toEqual(functionSources());
  for (const [, name, cells = ''] of rows) {
    const figures = cells.split('|').map((cell) => Number.parseFloat(cell));
    expect({ name, figures: figures.map((figure) => figure > 0) }).toEqual({ name, figures: [true, true, true, true] });
  }
  expect(page).toMatch(/^- Machine: \S/m);
  expect(page).toMatch(/^- Versions: .*node \d/m);
});
