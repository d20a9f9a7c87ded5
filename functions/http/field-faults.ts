import { type FieldRule, patternMeanings } from './field-rules.ts';
import type { Fault } from './http-problem.ts';

const patterns = new Map(Object.keys(patternMeanings).map((source) => [source, new RegExp(source)]));

/** Every fault of a value against its rule, those of its parts included. */
export function fieldFaults(rule: FieldRule, value: unknown, pointer: string): Fault[] {
  const fault = (detail: string): Fault[] => [{ pointer, detail }];
  switch (rule.type) {
    case 'string': {
      if (typeof value !== 'string') return fault(`must be a string, but is ${kindOf(value)}`);
      if (value === '') return fault('must not be empty');
      if (!value.isWellFormed()) return fault('holds half of a surrogate pair, which has no UTF-8');
      const { pattern } = rule;
      if (pattern === undefined || patterns.get(pattern)?.test(value)) return [];
      return fault(patternMeanings[pattern] ?? `must match ${pattern}`);
    }
    case 'integer': {
      const { minimum, maximum } = rule;
      const isIn = Number.isInteger(value) && Number(value) >= minimum && Number(value) <= maximum;
      if (isIn) return [];
      const found = typeof value === 'number' ? String(value) : kindOf(value);
      return fault(`must be a whole number from ${minimum} to ${maximum}, but is ${found}`);
    }
    case 'array': {
      if (!Array.isArray(value)) return fault(`must be a list, but is ${kindOf(value)}`);
      return value.flatMap((item, index) => fieldFaults(rule.items, item, `${pointer}/${index}`));
    }
    case 'object': {
      if (!isRecord(value)) return fault(`must be an object, but is ${kindOf(value)}`);
      return Object.entries(value).flatMap(([name, item]) =>
        fieldFaults(rule.additionalProperties, item, `${pointer}/${pointerToken(name)}`),
      );
    }
  }
}

/** A name as a part of a JSON pointer in URI fragment form. */
export function pointerToken(name: string): string {
  return encodeURIComponent(name.toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1'));
}

/** What kind of JSON a value is. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** Whether a value is a JSON object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
