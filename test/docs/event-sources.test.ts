import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { directRecords } from '../../functions/direct/direct-records.ts';
import { functionSources } from '../../infra/bundling.ts';
import { localSources } from '../../local/run/local-sources.ts';
import { tableBelow } from './markdown-table.ts';

const page = readFileSync(new URL('../../docs/event-sources.md', import.meta.url), 'utf8');

describe('docs/event-sources.md', () => {
  test('has the whole contract of every function', () => {
    const rows = tableBelow(page, '## Contracts');
    const named = rows.map(([name = '']) => /^`([a-z0-9-]+)`/.exec(name)?.[1] ?? name);
    expect([...new Set(named)].toSorted()).toEqual(functionSources());
    for (const cells of rows) {
      expect(cells).toHaveLength(6);
      for (const cell of cells) expect(cell).not.toBe('');
    }
  });

  test('lists every field of a direct message, and none that is refused', () => {
    const fields = tableBelow(page, '## Direct').flatMap(([names = '']) =>
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
