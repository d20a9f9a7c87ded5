/** The name most like one that is unknown, as ` (did you mean "topic"?)`; empty where none is like it. */
export function didYouMean(unknown: string, known: Iterable<string>): string {
  let nearest: string | undefined;
  // A third of the letters may differ, and one of a short name.
  let fewest = unknown === '' ? 0 : Math.max(1, Math.floor(unknown.length / 3)) + 1;
  for (const name of known) {
    const edits = editsBetween(unknown.toLowerCase(), name.toLowerCase());
    if (edits < fewest) [nearest, fewest] = [name, edits];
  }
  return nearest === undefined ? '' : ` (did you mean "${nearest}"?)`;
}

/** Letters to add, remove or replace to make one text of another (Levenshtein). */
function editsBetween(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [line, letter] of Array.from(from).entries()) {
    const next = [line + 1];
    for (let column = 1; column <= to.length; column++) {
      const replaced = (row[column - 1] ?? 0) + (letter === to[column - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
