import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { directRecords } from '../../functions/direct/direct-records.ts';
import { functionSources } from '../../infra/bundling.ts';
import { localSources } from '../../local/run/local-sources.ts';

const page = readFileSync(new URL('../../docs/event-sources.md', import.meta.url), 'utf8');

/** Cells of the rows of the first table below a heading. */
function rowsBelow(heading: string): string[][] {
  const lines = page.slice(page.indexOf(`\n## ${heading}\n`)).split('\n');
  const start = lines.findIndex((line) => line.startsWith('|'));
  const end = lines.findIndex((line, index) => index > start && !line.startsWith('|'));
  return lines.slice(start + 2, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

describe('docs/event-sources.md', () => {
  test('has the whole contract of every function', () => {
    const rows = rowsBelow('Contracts');
    const named = rows.map(([name = '']) => /^`([a-z0-9-]+)`/.exec(name)?.[1] ?? name);
    expect([...new Set(named)].toSorted()).toEqual(functionSources());
    for (const cells of rows) {
      expect(cells).toHaveLength(6);
      for (const cell of cells) expect(cell).not.toBe('');
    }
  });

  test('lists every field of a direct message, and none that is refused', () => {
    const fields = rowsBelow('Direct').flatMap(([names = '']) =>
      [...names.matchAll(/`(\w+)`/g)].map(([, name]) => name),
    );
    const refusal = () =>
      directRecords(
        { messages: [{ path: '', fields: { other: 1 } }], isSingle: true, onFailure: 'throw' },
        { topic: 'orders', traceId: undefined },
      );
    expect(refusal).toThrow(/a message has [\w, ]+/);
    const [, known = ''] = /a message has ([\w, ]+), but is/.exec(String(thrownBy(refusal))) ?? [];
    expect(fields.toSorted()).toEqual(known.split(', ').toSorted());
  });
});

test('every function has sample events, and a place in the local run', () => {
  expect(Object.keys(localSources).toSorted()).toEqual(functionSources());
});

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}
