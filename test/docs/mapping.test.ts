import { Buffer } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CompiledMapping } from '../../functions/mapping/compiled-mapping.ts';
import { mappingFields } from '../../functions/mapping/mapping-settings.ts';
import { functionSources } from '../../infra/bundling.ts';
import { sample } from '../functions/bundled-function.ts';
import { mappedSources } from '../functions/mapping/mapped-sources.ts';

const page = readFileSync(new URL('../../docs/mapping.md', import.meta.url), 'utf8');

/** Blocks of a kind, each with the heading it is under. */
function blocks(kind: string): { heading: string; text: string }[] {
  return sections().flatMap(({ heading, text }) =>
    [...text.matchAll(new RegExp(`^\`\`\`${kind}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(([, block = '']) => ({
      heading,
      text: block,
    })),
  );
}

function sections(): { heading: string; text: string }[] {
  return page.split(/^##+ /m).map((text) => ({ heading: text.slice(0, text.indexOf('\n')), text }));
}

/** First cells of the first table of a section whose head begins with a name. */
function firstCells(heading: string, head: string): string[] {
  const lines = (sections().find((section) => section.heading === heading)?.text ?? '').split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${head} `));
  const end = lines.findIndex((line, index) => index > start && !line.startsWith('|'));
  return lines.slice(start + 2, end).map((line) => /^\| `(\w+)`/.exec(line)?.[1] ?? line);
}

describe('docs/mapping.md', () => {
  test.each(blocks('json mapping'))('the mapping under "$heading" is one', ({ text }) => {
    expect(() => new CompiledMapping(text)).not.toThrow();
  });

  test('lists every field of a mapping, and no other', () => {
    expect(firstCells('Fields', 'field').toSorted()).toEqual(mappingFields.toSorted());
  });

  test('says what expressions see of the records of every function that takes a mapping', () => {
    const others = ['direct', 'http', 'schedule'];
    const expected = functionSources().filter((source) => Object.hasOwn(mappedSources, source));
    expect(firstCells('What expressions see', 'function').toSorted()).toEqual(expected);
    for (const source of others) expect(page).toContain(`\`${source}\``);
  });

  const examples = blocks('json messages');

  test('has examples', () => expect(examples.length).toBeGreaterThan(2));

  test.each(examples)('the records under "$heading" become the messages shown', ({ heading, text }) => {
    const section = sections().find((one) => one.heading === heading)?.text ?? '';
    const [, source = '', name = ''] = /`events\/(\w+)\/([\w-]+)\.json`/.exec(section) ?? [];
    const [mapping] = blocks('json mapping').filter((one) => one.heading === heading);
    const target = { topic: 'orders', traceId: undefined, mapping: new CompiledMapping(mapping?.text ?? '') };
    const records = mappedSources[source]?.(sample(source, name), target) ?? [];
    const messages = records.flatMap((record) => (record.isFiltered?.() ? [] : [record.toMessage()]));
    // The id, the origin and the place in the order are the same in all examples, and stand elsewhere.
    const told = messages.map(({ msgId: _, properties, shardingKey: __, ...message }) => {
      const { 'aws.id': _id, 'aws.source': _source, ...own } = properties ?? {};
      return { ...message, properties: own };
    });
    expect(told).toEqual(JSON.parse(text));
  });

  test('gives tombstones alone another body: values that are no text stay as they are', () => {
    const [{ text = '' } = {}] = blocks('json mapping').filter(({ heading }) => heading.includes('tombstones'));
    const value = Buffer.from([0, 0, 0, 0, 7, 0xff, 0xfe, 0x80]).toString('base64');
    const event = sample<{ records: Record<string, object[]> }>('kafka', 'null-value');
    const records = Object.fromEntries(
      Object.entries(event.records).map(([partition, all]) => [partition, all.map((one) => ({ ...one, value }))]),
    );
    const target = { topic: 'orders', traceId: undefined, mapping: new CompiledMapping(text) };
    const messages = mappedSources.kafka?.({ ...event, records }, target).map((record) => record.toMessage()) ?? [];
    expect(messages.length).toBeGreaterThan(0);
    for (const { body, tag } of messages) {
      expect(Buffer.from(body).toString('base64')).toBe(value);
      expect(tag).toBe('changed');
    }
  });
});
