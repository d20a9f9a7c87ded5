import { EventError } from '../delivery/event-error.ts';
import { fieldsOf, listOf, textOf } from '../delivery/event-field.ts';
import { exactNumber } from '../delivery/exact-json.ts';

/**
 * An item without the types that DynamoDB writes around its values: `{"total":{"N":"12"}}` is `{"total":12}`. Numbers
 * keep their digits, sets become lists, binary values stay in base64. Null where there is no item.
 * @throws EventError that names the field.
 */
export function plainItem(item: unknown, path: string): Record<string, unknown> | null {
  if (item === undefined || item === null) return null;
  // Without a prototype, so that an attribute may be named "__proto__".
  const plain: Record<string, unknown> = Object.create(null);
  for (const [name, value] of Object.entries(fieldsOf(item, path))) plain[name] = plainValue(value, `${path}.${name}`);
  return plain;
}

function plainValue(attribute: unknown, path: string): unknown {
  const [entry, ...others] = Object.entries(fieldsOf(attribute, path));
  if (entry === undefined || others.length > 0) throw new EventError(path, 'one value with its type', attribute);
  const [type, value] = entry;
  const field = `${path}.${type}`;
  switch (type) {
    case 'N':
      return exactNumber(textOf(value, field));
    case 'NS':
      return listOf(value, field).map((one, index) => exactNumber(textOf(one, `${field}[${index}]`)));
    case 'L':
      return listOf(value, field).map((one, index) => plainValue(one, `${field}[${index}]`));
    case 'M':
      return plainItem(value, field);
    case 'NULL':
      return null;
    default:
      // S, BOOL, B, SS and BS are what they say.
      return value;
  }
}
