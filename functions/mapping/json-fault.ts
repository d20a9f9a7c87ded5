/** What is wrong in text that should be JSON, and where. */
export interface JsonFault {
  /** Path of the value it is in or at, as `mapping.properties.customer`. */
  readonly path: string;
  /** Line and column, both from 1 on. */
  readonly line: number;
  readonly column: number;
  readonly reason: string;
}

/** How a name or an index goes on a path. */
export function pathOf(path: string, step: string | number): string {
  if (typeof step === 'number') return `${path}[${step}]`;
  return /^[A-Za-z_]\w*$/.test(step) ? `${path}.${step}` : `${path}[${JSON.stringify(step)}]`;
}

/** A token of JSON: text, a number or a word, punctuation; else whatever character there is. */
const TOKEN =
  /[ \t\r\n]*(?:("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|([-+.\w]+)|([{}[\],:])|([^ \t\r\n]))/y;

/**
 * The first fault of JSON text: where it is no JSON, or has a name twice in one object, of which JSON.parse would keep
 * the last and say nothing. Undefined when there is none.
 * @param root what paths begin with.
 */
export function jsonFault(text: string, root: string): JsonFault | undefined {
  try {
    new JsonReader(text).read(root);
    return undefined;
  } catch (error) {
    if (error instanceof Found) return error.fault;
    if (error instanceof RangeError) return { path: root, line: 1, column: 1, reason: 'it is nested too deeply' };
    throw error;
  }
}

class Found extends Error {
  readonly fault: JsonFault;

  constructor(fault: JsonFault) {
    super(fault.reason);
    this.fault = fault;
  }
}

class JsonReader {
  readonly #text: string;
  /** Where the next token begins, blanks before it included. */
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(path: string): void {
    this.#value(path);
    if (this.#peek() !== '') throw this.#fault(path, `"${this.#peek()}" is too much`);
  }

  #value(path: string): void {
    const token = this.#peek();
    if (token === '{') this.#members(path);
    else if (token === '[') this.#items(path);
    else if (isJson(token)) this.#take();
    else throw this.#fault(path, this.#found('a value'));
  }

  #members(path: string): void {
    this.#take();
    const names = new Set<string>();
    if (this.#took('}')) return;
    do {
      const token = this.#peek();
      if (!token.startsWith('"') || !isJson(token)) throw this.#fault(path, this.#found('a name in double quotes'));
      const name = String(JSON.parse(token));
      if (names.has(name)) throw this.#fault(pathOf(path, name), 'the name is there twice');
      names.add(name);
      this.#take();
      this.#expect(':', path);
      this.#value(pathOf(path, name));
    } while (this.#goesOn('}', path));
  }

  #items(path: string): void {
    this.#take();
    if (this.#took(']')) return;
    let index = 0;
    do {
      this.#value(pathOf(path, index++));
    } while (this.#goesOn(']', path));
  }

  /** Takes a comma, or else the bracket that ends the list or object. */
  #goesOn(end: string, path: string): boolean {
    if (this.#took(',')) return true;
    this.#expect(end, path, `"," or "${end}"`);
    return false;
  }

  #expect(token: string, path: string, words = `"${token}"`): void {
    if (!this.#took(token)) throw this.#fault(path, this.#found(words));
  }

  #took(token: string): boolean {
    if (this.#peek() !== token) return false;
    this.#take();
    return true;
  }

  /** The next token; empty at the end. */
  #peek(): string {
    TOKEN.lastIndex = this.#at;
    const [, text, word, punctuation, other] = TOKEN.exec(this.#text) ?? [];
    return text ?? word ?? punctuation ?? other ?? '';
  }

  #take(): void {
    TOKEN.lastIndex = this.#at;
    if (TOKEN.exec(this.#text) !== null) this.#at = TOKEN.lastIndex;
  }

  #found(expected: string): string {
    const token = this.#peek();
    if (token === '') return `${expected} is missing: the text ends here`;
    if (token === '"')
      return `${expected} is missing: text begins here that has no end, a line break or a wrong escape`;
    return `${expected} is missing: found ${token.startsWith('"') ? 'text' : `"${token.slice(0, 20)}"`}`;
  }

  #fault(path: string, reason: string): Found {
    const blanks = /[ \t\r\n]*/y;
    blanks.lastIndex = this.#at;
    const before = this.#text.slice(0, this.#at + (blanks.exec(this.#text)?.[0].length ?? 0)).split('\n');
    return new Found({ path, line: before.length, column: (before.at(-1) ?? '').length + 1, reason });
  }
}

function isJson(token: string): boolean {
  try {
    JSON.parse(token);
    return token !== '';
  } catch {
    // No JSON by itself, which is what was asked.
    return false;
  }
}
