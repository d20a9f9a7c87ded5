import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readSourceFiles } from '../architecture/source-file.ts';

const page = readFileSync(new URL('../../docs/constructs.md', import.meta.url), 'utf8');
const infra = readSourceFiles('infra')
  .map(({ text }) => text)
  .join('\n');

/** Ids of the table, each with its kind. */
const listed = new Map(
  page
    .slice(page.indexOf('\n## What synth says\n'))
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .flatMap(([, ids = '', kind = '']) =>
      [...ids.matchAll(/`([a-z0-9-]+)`/g)].map(([, id = '']) => [id, kind] as const),
    ),
);

describe('docs/constructs.md', () => {
  test('explains every check at synth', () => {
    const reported = [...infra.matchAll(/(?:\bid(?:: | = )|periodFaults\()'([a-z0-9-]+)'/g)].map(([, id = '']) => id);
    expect(reported.length).toBeGreaterThan(50);
    expect(reported.filter((id) => !listed.has(id))).toEqual([]);
  });

  test('explains no check that there is not', () => {
    expect([...listed.keys()].filter((id) => !infra.includes(`'${id}'`))).toEqual([]);
  });

  test('says of each whether it ends synth', () => {
    expect(new Set(listed.values())).toEqual(new Set(['error', 'warning']));
  });

  test('shows every construct that is named for a source', () => {
    const constructs = [...infra.matchAll(/^export class (\w+ToRocketMq) /gm)].map(([, name = '']) => name);
    expect(constructs.filter((name) => name !== 'HttpToRocketMq' && !page.includes(`new ${name}(this`))).toEqual([]);
  });
});
