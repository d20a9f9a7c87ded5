import { type RecordMapping, takesMapping } from './constructs/record-mapping.ts';
import { type ContextReader, ContextValueError, jsonObject } from './context-value.ts';
import { type SourceName, sourceNames } from './source-keys.ts';

/** Sources whose records a mapping can be for. */
const mappable = sourceNames.filter(takesMapping);

/** Mappings by source. What is in one the construct of the source checks, and its function. */
export const mappingsBySource: ContextReader<{ readonly [Name in SourceName]?: RecordMapping }> = (value) => {
  const mappings = jsonObject(value);
  for (const [name, mapping] of Object.entries(mappings)) {
    if (!mappable.some((source) => source === name)) {
      throw new ContextValueError(`has a mapping for "${name}": there are mappings for ${mappable.join(', ')}`);
    }
    if (typeof mapping !== 'object' || mapping === null || Array.isArray(mapping)) {
      throw new ContextValueError(`must have a JSON object for "${name}"`);
    }
  }
  return mappings as { readonly [Name in SourceName]?: RecordMapping };
};
