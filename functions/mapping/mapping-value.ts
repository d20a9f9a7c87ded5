import { MessageError } from '#rocketmq';
import { evaluate } from './expression.ts';
import { describeValue, UnfitValueError, type ValueReader } from './value-readers.ts';

/** Where a value comes from: an expression over the record, or the mapping itself. */
export type ValueOrigin =
  | { readonly kind: 'expression'; readonly text: string }
  | { readonly kind: 'literal'; readonly value: unknown };

/** One field of a message, as a mapping makes it of each record. */
export class MappingValue<T> {
  /** From the mapping down, as `mapping.properties.customer`. */
  readonly path: string;
  readonly #origin: ValueOrigin;
  readonly #read: ValueReader<T>;

  constructor(path: string, origin: ValueOrigin, read: ValueReader<T>) {
    this.path = path;
    this.#origin = origin;
    this.#read = read;
  }

  /** The value for a record. @throws MessageError with path, expression and what it gave */
  of(record: object): T {
    const found = this.#found(record);
    try {
      return this.#read(found);
    } catch (error) {
      if (!(error instanceof UnfitValueError)) throw error;
      throw this.#fault(`must give ${error.message}, but gave ${describeValue(found)}`);
    }
  }

  #found(record: object): unknown {
    if (this.#origin.kind === 'literal') return this.#origin.value;
    try {
      return evaluate(this.#origin.text, record);
    } catch (error) {
      throw this.#fault(`fails: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #fault(reason: string): MessageError {
    const what = this.#origin.kind === 'literal' ? 'its literal' : this.#origin.text;
    return new MessageError(this.path, `${this.path} (${what}) ${reason}`);
  }
}
