import type { Readable } from 'node:stream';

const endOfInvocation = '\0next';

/**
 * Collects what a process writes to stdout and stderr, line by line in order of arrival, and knows how far the log of an
 * invocation goes: the runtime marks both streams before it asks for the next event.
 */
export class OutputLines {
  readonly #lines: string[] = [];
  readonly #marks: number[];
  #waiting: { marks: number; resolve: () => void } | undefined;

  constructor(streams: readonly Readable[]) {
    this.#marks = streams.map(() => 0);
    for (const [index, stream] of streams.entries()) this.#read(stream, index);
  }

  /** The lines since they were last taken. */
  take(): string[] {
    return this.#lines.splice(0);
  }

  /** Resolves when every stream has been read up to its mark of that number (from 1). */
  untilMark(marks: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting = { marks, resolve };
      this.#wake();
    });
  }

  #read(stream: Readable, index: number): void {
    let rest = '';
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#add(line, index);
    });
    stream.on('end', () => {
      if (rest !== '') this.#lines.push(rest);
    });
  }

  #add(line: string, index: number): void {
    if (!line.endsWith(endOfInvocation)) {
      this.#lines.push(line);
      return;
    }
    // A last line without a line break stands before the mark.
    const unfinished = line.slice(0, -endOfInvocation.length);
    if (unfinished !== '') this.#lines.push(unfinished);
    this.#marks[index] = (this.#marks[index] ?? 0) + 1;
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    if (waiting === undefined || this.#marks.some((mark) => mark < waiting.marks)) return;
    this.#waiting = undefined;
    waiting.resolve();
  }
}
