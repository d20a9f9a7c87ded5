import { expect, test } from 'vitest';
import { readSourceFiles } from './source-file.ts';

/** What users of the package build stacks with; other constructs are parts of these. */
const PUBLIC = /^export class (\w*RocketMq\w*|ScheduleKeepWarm|TransactionChecker)\b/gm;

const infra = readSourceFiles('infra');
const files = infra.filter(({ path }) => path.startsWith('infra/constructs/'));
const exported = new Set(infra.find(({ path }) => path === 'infra/index.ts')?.text.match(/\w+(?=,|\s*})/g));

test('the package exports every construct that people deploy, each with its props', () => {
  const constructs = files.flatMap(({ text }) => [...text.matchAll(PUBLIC)].map(([, name = '']) => name));
  expect(constructs).toContain('SqsToRocketMq');
  const wanted = constructs.flatMap((name) => [name, `${name}Props`]);
  expect(wanted.filter((name) => !exported.has(name))).toEqual([]);
});

test('the package exports what those props are made of', () => {
  const text = files.map((file) => file.text).join('\n');
  const bases = [...text.matchAll(/^export interface \w+Props\s+extends ([^{]+)\{/gm)]
    .flatMap(([, list = '']) => list.split(','))
    .map((name) => name.trim())
    .filter((name) => /^\w+$/.test(name) && text.includes(`export interface ${name} `));
  expect(bases).toContain('QueueChoice');
  const isPart = (name: string) => text.includes(`export interface ${name}Props`);
  expect(bases.filter((name) => !exported.has(name) && !isPart(name))).toEqual([]);
});
