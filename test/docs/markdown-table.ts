/** Lines of the first table of a page at or below a line of its own such as a heading, without the two of its head. */
export function tableLines(page: string, below: string): string[] {
  return firstTable(page.slice(page.indexOf(`\n${below}\n`)));
}

/** Cells of the rows of the first table of a page at or below a line of its own. */
export function tableBelow(page: string, below: string): string[][] {
  return tableLines(page, below).map(cellsOf);
}

/** Cells of the rows of the table of a page whose head begins with a cell. */
export function tableOf(page: string, head: string): string[][] {
  return firstTable(page.slice(page.indexOf(`| ${head} |`))).map(cellsOf);
}

function firstTable(text: string): string[] {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => line.startsWith('|'));
  const end = lines.findIndex((line, index) => index > start && !line.startsWith('|'));
  return lines.slice(start + 2, end);
}

function cellsOf(line: string): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}
