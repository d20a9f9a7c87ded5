import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { clientOptionRules, type OptionRule, producerOptionRules } from '#rocketmq';
import { type EnvironmentRule, environmentRules } from '../../functions/invocation/environment.ts';
import { contextKeys } from '../../infra/context-keys.ts';
import { readSourceFiles } from '../architecture/source-file.ts';
import { tableBelow, tableLines } from './markdown-table.ts';

const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

const constructs = readSourceFiles('infra')
  .map(({ text }) => text)
  .join('\n');

const namesIn = (cell = '') => [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name);
const isProp = (name: string) => new RegExp(`^  readonly ${name}\\??: `, 'm').test(constructs);

function range({ min, max, allowed }: { min?: number; max?: number; allowed?: readonly string[] }): string {
  if (allowed !== undefined) return allowed.map((value) => `\`${value}\``).join(', ');
  return min === undefined || max === undefined ? '' : `${min} – ${max}`;
}

function defaultOf(rule: OptionRule | EnvironmentRule): string {
  if (rule.isRequired) return '**required**';
  if (Array.isArray(rule.default)) return '`[]`';
  return rule.default === undefined ? '–' : `\`${rule.default}\``;
}

/** What a row says of a variable, whatever prop it names. */
const environmentRows = Object.values(environmentRules).map((rule) => [
  `\`${rule.variable}\``,
  defaultOf(rule),
  range(rule),
  rule.meaning,
]);
const optionRows = (rules: Readonly<Record<string, OptionRule>>) =>
  Object.entries(rules).map(
    ([name, rule]) => `| \`${name}\` | ${defaultOf(rule)} | ${range(rule)} | ${rule.meaning} |`,
  );

describe('docs/configuration.md', () => {
  test('lists every environment variable as the code reads it', () => {
    const rows = tableBelow(page, '## Environment variables of the functions');
    expect(rows.map(([variable, , ...rest]) => [variable, ...rest])).toEqual(environmentRows);
  });

  test('names props that constructs have', () => {
    const rows = tableBelow(page, '## Environment variables of the functions');
    expect(rows.flatMap(([, prop]) => namesIn(prop)).filter((name) => !isProp(name))).toEqual([]);
  });

  test('lists every context key of the CDK app as the app reads it', () => {
    const section = page.slice(
      page.indexOf('\n## Context of the CDK app\n'),
      page.indexOf('\n## Options of `createClient`\n'),
    );
    const listed = section.split('\n').filter((line) => line.startsWith('| `'));
    const expected = Object.entries(contextKeys).map(
      ([name, { defaultText, example, meaning }]) => `| \`${name}\` | ${defaultText} | \`${example}\` | ${meaning} |`,
    );
    expect(listed.toSorted()).toEqual(expected.toSorted());
  });

  test('lists every client option as the code checks it', () => {
    expect(tableLines(page, '## Options of `createClient`')).toEqual(optionRows(clientOptionRules));
  });

  test('lists every producer option as the code checks it', () => {
    expect(tableLines(page, '## Options of `client.producer`')).toEqual(optionRows(producerOptionRules));
  });
});

describe('README.md', () => {
  const rows = tableBelow(readme, '## Configuration');

  test('names variables, props and context keys that exist', () => {
    const variables = Object.values(environmentRules).map(({ variable }) => variable);
    expect(rows.length).toBeGreaterThan(5);
    for (const [variable, prop, key] of rows) {
      expect(variables).toEqual(expect.arrayContaining(namesIn(variable)));
      expect(namesIn(prop).filter((name) => !isProp(name))).toEqual([]);
      expect(Object.keys(contextKeys)).toEqual(expect.arrayContaining(namesIn(key)));
    }
  });

  test('tells the defaults that the code has', () => {
    for (const [variable, , , given] of rows) {
      const rule = Object.values(environmentRules).find((one) => one.variable === namesIn(variable)[0]);
      if (rule?.default !== undefined) expect(given).toBe(defaultOf(rule));
    }
  });
});
