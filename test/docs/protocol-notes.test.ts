import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');

interface Row {
  readonly id: string;
  readonly shownBy: string;
}

/** The rows of all tables: a short id, what brokers do, and what shows that this client is safe. */
const rows: readonly Row[] = [...read('docs/protocol-notes.md').matchAll(/^\| (\d*\w) \| .+ \| (.+) \|$/gm)].map(
  ([, id = '', shownBy = '']) => ({ id, shownBy }),
);

const ids = (prefix: string, letters: string) => [...letters].map((letter) => prefix + letter);

describe('docs/protocol-notes.md', () => {
  test('has every trap once', () => {
    const expected = [
      ...ids('', 'ABCDEFGHIJKL'),
      ...ids('9', 'abcdefghijklm'),
      ...ids('10', 'abcdefghijklm'),
      ...ids('11', 'abcdefghijk'),
      ...ids('14', 'abcd'),
      ...ids('15', 'abcdefg'),
      ...ids('12', 'm'),
      ...ids('16', 'bc'),
    ];
    expect(rows.map(({ id }) => id)).toEqual(expected);
  });

  test.each(rows)('names tests of trap $id that exist, or says why there is none', ({ shownBy }) => {
    const named = [...shownBy.matchAll(/`([^`]+)`: “([^”]+)”/g)];
    if (named.length === 0)
      expect(shownBy).toMatch(/^(No matter of the producer: .+|The precision is the broker’s; .+)\.$/);
    else expect(named.map(([text]) => text).join('; ')).toBe(shownBy);
    for (const [, path = '', title = ''] of named) {
      const isThere = [`'${title}'`, `'${title.replaceAll("'", "\\'")}'`, `"${title}"`, `\`${title}\``].some((quoted) =>
        read(path).includes(quoted),
      );
      // A title may begin with the name of a row: then its end is what is looked for.
      expect([path, title, isThere || read(path).includes(` ${title}'`)]).toEqual([path, title, true]);
    }
  });
});
