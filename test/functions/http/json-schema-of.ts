import type { JsonSchema } from './json-schema.ts';

/** A schema of valibot or a step of its pipe, as far as the function http uses them. */
export interface SchemaStep {
  readonly type: string;
  readonly pipe?: readonly SchemaStep[];
  readonly requirement?: unknown;
  readonly item?: SchemaStep;
  readonly value?: SchemaStep;
}

/**
 * The JSON Schema of a schema of valibot.
 * @throws when it has a step that is not known here: its rule would be compared with nothing.
 */
export function jsonSchemaOf(schema: SchemaStep): JsonSchema {
  const [first, ...rest] = schema.pipe ?? [schema];
  // The first step of a pipe may be a pipe itself.
  const begun =
    first === undefined || first === schema ? wordsOf(schema) : first.pipe ? jsonSchemaOf(first) : wordsOf(first);
  return Object.assign({}, begun, ...rest.map(wordsOf));
}

function wordsOf({ type, requirement, item, value }: SchemaStep): JsonSchema {
  switch (type) {
    case 'string':
    case 'number':
    case 'integer':
      return { type };
    case 'non_empty':
      return { minLength: 1 };
    case 'regex':
      return { pattern: (requirement as RegExp).source };
    case 'min_value':
      return { minimum: Number(requirement) };
    case 'max_value':
      return { maximum: Number(requirement) };
    case 'array':
      return { type, ...(item && { items: jsonSchemaOf(item) }) };
    case 'record':
      return { type: 'object', ...(value && { additionalProperties: jsonSchemaOf(value) }) };
    // Half surrogates, which JSON Schema has no word for; and whether a value is an object, which the record says after it.
    case 'check':
    case 'custom':
      return {};
    default:
      throw new Error(`the schema has the step "${type}", which nothing here compares`);
  }
}
