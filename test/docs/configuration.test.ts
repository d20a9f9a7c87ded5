import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { clientOptionRules, type OptionRule, producerOptionRules } from '#rocketmq';
import { type EnvironmentRule, environmentRules } from '../../functions/invocation/environment.ts';
import { contextKeys } from '../../infra/context-keys.ts';
import { tableLines } from './markdown-table.ts';

const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

function range({ min, max, allowed }: { min?: number; max?: number; allowed?: readonly string[] }): string {
  if (allowed !== undefined) return allowed.map((value) => `\`${value}\``).join(', ');
  return min === undefined || max === undefined ? '' : `${min} – ${max}`;
}

function defaultOf(rule: OptionRule | EnvironmentRule): string {
  if (rule.isRequired) return '**required**';
  if (Array.isArray(rule.default)) return '`[]`';
  return rule.default === undefined ? '–' : `\`${rule.default}\``;
}

const environmentRows = Object.values(environmentRules).map(
  (rule) => `| \`${rule.variable}\` | ${defaultOf(rule)} | ${range(rule)} | ${rule.meaning} |`,
);
const optionRows = (rules: Readonly<Record<string, OptionRule>>) =>
  Object.entries(rules).map(
    ([name, rule]) => `| \`${name}\` | ${defaultOf(rule)} | ${range(rule)} | ${rule.meaning} |`,
  );

describe('docs/configuration.md', () => {
  test('lists every environment variable as the code reads it', () => {
    expect(tableLines(page, '## Environment variables of the functions')).toEqual(environmentRows);
  });

  test('lists every client option as the code checks it', () => {
    expect(tableLines(page, '## Options of `createClient`')).toEqual(optionRows(clientOptionRules));
  });

  test('lists every producer option as the code checks it', () => {
    expect(tableLines(page, '## Options of `client.producer`')).toEqual(optionRows(producerOptionRules));
  });
});

describe('README.md', () => {
  test('lists every environment variable as the code reads it', () => {
    expect(tableLines(readme, '## Configuration')).toEqual(environmentRows);
  });

  test('names every context key of the CDK app', () => {
    for (const name of Object.keys(contextKeys)) expect(readme).toContain(`\`${name}\``);
  });
});
