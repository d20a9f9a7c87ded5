/** A JSON Schema, as far as docs/openapi.json uses it. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly oneOf?: readonly JsonSchema[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly description?: string;
}

/** Words this validator knows; a schema with another one would be checked by half. */
const KNOWN = new Set(
  '$ref type const enum oneOf required properties additionalProperties items maxItems minLength maxLength pattern minimum maximum description'.split(
    ' ',
  ),
);

/**
 * Whether a value fits a schema.
 * @param resolve finds what a `$ref` names.
 * @throws when the schema has a word that is not known here.
 */
export function fits(schema: JsonSchema, value: unknown, resolve: (ref: string) => JsonSchema): boolean {
  const unknown = Object.keys(schema).find((word) => !KNOWN.has(word));
  if (unknown !== undefined) throw new Error(`the schema says "${unknown}", which nothing here checks`);
  const part = (inner: JsonSchema, item: unknown) => fits(inner, item, resolve);
  if (schema.$ref !== undefined && !part(resolve(schema.$ref), value)) return false;
  if (schema.oneOf !== undefined && schema.oneOf.filter((one) => part(one, value)).length !== 1) return false;
  if ('const' in schema && value !== schema.const) return false;
  if (schema.enum !== undefined && !schema.enum.includes(value)) return false;
  if (schema.type !== undefined && !hasType(schema.type, value)) return false;
  if (typeof value === 'string') return fitsText(schema, value);
  if (typeof value === 'number') return value >= (schema.minimum ?? value) && value <= (schema.maximum ?? value);
  if (Array.isArray(value)) {
    const { items = {}, maxItems = value.length } = schema;
    return value.length <= maxItems && value.every((item) => part(items, item));
  }
  return typeof value === 'object' && value !== null ? fitsObject(schema, value, part) : true;
}

function hasType(type: string, value: unknown): boolean {
  if (type === 'array') return Array.isArray(value);
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  return typeof value === type;
}

function fitsText({ minLength = 0, maxLength = Number.POSITIVE_INFINITY, pattern = '' }: JsonSchema, text: string) {
  return text.length >= minLength && text.length <= maxLength && new RegExp(pattern).test(text);
}

function fitsObject(schema: JsonSchema, value: object, part: (inner: JsonSchema, item: unknown) => boolean): boolean {
  const { required = [], properties = {}, additionalProperties = true } = schema;
  if (!required.every((name) => Object.hasOwn(value, name))) return false;
  return Object.entries(value).every(([name, item]) => {
    const inner = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (inner !== undefined) return part(inner, item);
    return typeof additionalProperties === 'boolean' ? additionalProperties : part(additionalProperties, item);
  });
}
