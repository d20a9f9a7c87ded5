import type { Spread } from '../measure/spread.ts';

/** A Markdown table with padded columns, so that it can be read in a terminal too. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(3, title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rows.map(line)].join('\n');
}

/** `median (min–max)` with so many digits after the point; a dash for what was not measured. */
export function spreadText(spread: Spread | undefined, digits = 1, unit = 1): string {
  if (spread === undefined) return '–';
  const text = (value: number) => (value / unit).toFixed(digits);
  return `${text(spread.median)} (${text(spread.min)}–${text(spread.max)})`;
}
