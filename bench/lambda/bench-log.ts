/** What a measured function writes to its log for the bench begins so. */
const MARK = '@bench ';

/** Writes a measurement to the log. */
export function writeMeasurement(value: object): void {
  // Not console.log: the runtime puts columns of its own before that.
  process.stdout.write(`${MARK}${JSON.stringify(value)}\n`);
}

/** The measurement in the log of an invocation. @throws Error when there is none. */
export function readMeasurement<T>(log: readonly string[]): T {
  const line = log.find((entry) => entry.startsWith(MARK));
  if (line === undefined) throw new Error(`the function wrote no measurement:\n${log.join('\n')}`);
  return JSON.parse(line.slice(MARK.length)) as T;
}
