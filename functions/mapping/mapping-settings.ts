import { delayFault, OptionsError, producerOptionRules, RESERVED_PROPERTIES, topicFault } from '#rocketmq';
import { ORIGIN_PROPERTIES } from '../delivery/event-properties.ts';
import { exactDigits, keepsDigits, parseExactly } from '../delivery/exact-json.ts';
import { expressionFaults, isTruthy } from './expression.ts';
import { jsonFault, pathOf } from './json-fault.ts';
import { MappingValue, type ValueOrigin } from './mapping-value.ts';
import { didYouMean } from './nearest-name.ts';
import {
  bodyOf,
  describeValue,
  optionalInstant,
  optionalNumber,
  optionalText,
  requiredText,
  shardingKeyText,
  UnfitValueError,
  type ValueReader,
  words,
} from './value-readers.ts';

/** Envelopes that can be opened. */
export const envelopeKinds = ['sns', 'eventbridge', 's3'] as const;
export type EnvelopeKind = (typeof envelopeKinds)[number];

/** A mapping, checked: every expression parses, every literal fits. */
export interface MappingSettings {
  /** Envelopes around the body, the outermost first. */
  readonly unwrap: readonly EnvelopeKind[];
  /** Whether a record is wanted; undefined: every one is. */
  readonly filter: MappingValue<boolean> | undefined;
  readonly isDroppable: boolean;
  readonly fields: { readonly [Name in keyof FieldValues]?: MappingValue<FieldValues[Name]> };
  readonly keys: readonly MappingValue<string[]>[];
  readonly properties: readonly { readonly name: string; readonly value: MappingValue<string | undefined> }[];
}

/** What the fields of a message can become. */
export interface FieldValues {
  topic: string;
  body: string | Uint8Array;
  tag: string | undefined;
  shardingKey: string | undefined;
  deliverAt: number | undefined;
  delayMs: number | undefined;
  delayLevel: number | undefined;
}

const fieldReaders: { readonly [Name in keyof FieldValues]: ValueReader<FieldValues[Name]> } = {
  topic: requiredText,
  body: bodyOf,
  tag: optionalText,
  shardingKey: shardingKeyText,
  deliverAt: optionalInstant,
  delayMs: optionalNumber,
  delayLevel: optionalNumber,
};

/** Of the producer, which no function sets otherwise. */
const MAX_DELAY_MS = Number(producerOptionRules.maxDelayMs.default);

/** What is wrong with a value that fits its field, but that the producer would refuse in every message. */
type FaultOf<T> = (value: T) => string | undefined;

const constantFaults: { readonly [Name in keyof FieldValues]?: FaultOf<FieldValues[Name]> } = {
  topic: topicFault,
  body: (body) => (typeof body === 'string' ? surrogateFault(body) : undefined),
  tag: propertyFault,
  shardingKey: propertyFault,
  deliverAt: (at) => constantDelayFault('deliverAt', at),
  delayMs: (ms) => constantDelayFault('delayMs', ms),
  delayLevel: (level) => constantDelayFault('delayLevel', level),
};
/** A message may have one of them. */
const delayFields = ['deliverAt', 'delayMs', 'delayLevel'] as const;

/** Names of the fields of a mapping. */
export const mappingFields: readonly string[] = [
  ...Object.keys(fieldReaders),
  'keys',
  'properties',
  'unwrap',
  'filter',
  'onPermanentError',
];
const OWN_PROPERTIES: ReadonlySet<string> = new Set(Object.values(ORIGIN_PROPERTIES));
const ROOT = 'mapping';

/**
 * Reads the text of a mapping.
 * @throws OptionsError with every fault, each with its path in the mapping, and line and column in the text or column
 * in the expression.
 */
export function readMappingSettings(text: string): MappingSettings {
  if (!keepsDigits()) {
    throw new OptionsError('ROCKETMQ_MAPPING', [
      'a mapping needs Node 22 or later, which keeps all digits of a number',
    ]);
  }
  const { settings, faults } = readText(text);
  if (settings === undefined || faults.length > 0) throw new OptionsError('ROCKETMQ_MAPPING', faults);
  return settings;
}

/** What `readMappingSettings` would say of a text in the Node of the function, whichever Node this is: synth asks it. */
export function mappingFaults(text: string): readonly string[] {
  return readText(text).faults;
}

function readText(text: string): { readonly settings?: MappingSettings; readonly faults: readonly string[] } {
  const syntax = jsonFault(text, ROOT);
  if (syntax !== undefined) {
    const { path, line, column, reason } = syntax;
    return { faults: [`${path}: line ${line}, column ${column}: ${reason}`] };
  }
  const reader = new SettingsReader();
  return { settings: reader.settings(parseExactly(text)), faults: reader.faults };
}

class SettingsReader {
  readonly faults: string[] = [];

  settings(mapping: unknown): MappingSettings {
    const given = this.#objectOf(mapping, ROOT);
    this.#refuseUnknown(given, ROOT, mappingFields);
    const field = <Name extends keyof FieldValues>(name: Name) => {
      const value = this.#valueOf(given[name], pathOf(ROOT, name), fieldReaders[name], constantFaults[name]);
      return value === undefined ? {} : { [name]: value };
    };
    const settings = {
      unwrap: this.#envelopesOf(given.unwrap),
      filter: this.#valueOf(given.filter, pathOf(ROOT, 'filter'), isTruthy),
      isDroppable: this.#isDroppable(given.onPermanentError),
      fields: Object.assign({}, ...(Object.keys(fieldReaders) as (keyof FieldValues)[]).map(field)),
      keys: this.#keysOf(given.keys),
      properties: this.#propertiesOf(given.properties),
    };
    this.#refuseSeveralDelays(given);
    return settings;
  }

  /** A constant leaves no record without a delay, so that another one is of no use. Expressions may each be for some records. */
  #refuseSeveralDelays(given: Readonly<Record<string, unknown>>): void {
    const named = delayFields.filter((name) => !givesNothing(given[name]));
    const [first] = named;
    if (first === undefined || named.length === 1 || named.every((name) => typeof given[name] === 'string')) return;
    this.faults.push(`${pathOf(ROOT, first)}: give one of ${named.join(' and ')}, not several`);
  }

  #keysOf(keys: unknown): MappingValue<string[]>[] {
    const path = pathOf(ROOT, 'keys');
    const list: [unknown, string][] = Array.isArray(keys)
      ? keys.map((key, index) => [key, pathOf(path, index)])
      : [[keys, path]];
    return list.flatMap(
      ([key, place]) => this.#valueOf(key, place, words, (all) => all.map(propertyFault).find(Boolean)) ?? [],
    );
  }

  #propertiesOf(properties: unknown): MappingSettings['properties'] {
    if (properties === undefined) return [];
    const path = pathOf(ROOT, 'properties');
    return Object.entries(this.#objectOf(properties, path)).flatMap(([name, given]) => {
      const own = pathOf(path, name);
      const fault = nameFault(name);
      if (fault !== undefined) this.faults.push(`${own}: ${fault}`);
      const value = this.#valueOf(given, own, optionalText, propertyFault);
      return value === undefined ? [] : [{ name, value }];
    });
  }

  /** A value of the mapping: text is an expression, numbers and booleans are themselves, as is `{ "literal": … }`. */
  #valueOf<T>(given: unknown, path: string, read: ValueReader<T>, faultOf?: FaultOf<T>): MappingValue<T> | undefined {
    if (given === undefined) return undefined;
    const origin = this.#originOf(given, path);
    if (origin === undefined) return undefined;
    const value = new MappingValue(path, origin, read);
    if (origin.kind === 'literal') this.#checkLiteral(origin.value, path, read, faultOf);
    return value;
  }

  #originOf(given: unknown, path: string): ValueOrigin | undefined {
    if (typeof given === 'string') {
      const faults = expressionFaults(given);
      this.faults.push(
        ...faults.map(({ column, reason }) => `${path}: column ${column} of ${quoted(given)}: ${reason}`),
      );
      return faults.length === 0 ? { kind: 'expression', text: given } : undefined;
    }
    const isNumber = typeof given === 'number' || exactDigits(given) !== undefined;
    if (isNumber || typeof given === 'boolean') return { kind: 'literal', value: given };
    if (typeof given !== 'object' || given === null || Array.isArray(given)) {
      this.faults.push(`${path} is ${describeValue(given)}: write an expression as text, or {"literal": …}`);
      return undefined;
    }
    this.#refuseUnknown(given, path, ['literal']);
    if (!('literal' in given)) {
      this.faults.push(`${path} has no "literal": write an expression as text, or {"literal": …}`);
      return undefined;
    }
    return { kind: 'literal', value: given.literal };
  }

  /** Checks a constant as the producer would: it would be in every message, and each of them refused, or dropped. */
  #checkLiteral<T>(value: unknown, path: string, read: ValueReader<T>, faultOf: FaultOf<T> = () => undefined): void {
    try {
      const fault = faultOf(read(value));
      if (fault !== undefined) this.faults.push(`${path}: ${fault}`);
    } catch (error) {
      if (!(error instanceof UnfitValueError)) throw error;
      this.faults.push(`${path} is ${describeValue(value)}, but must be ${error.message}`);
    }
  }

  #envelopesOf(unwrap: unknown): EnvelopeKind[] {
    if (unwrap === undefined) return [];
    const path = pathOf(ROOT, 'unwrap');
    return (Array.isArray(unwrap) ? unwrap : [unwrap]).flatMap((kind: unknown) => {
      const known = envelopeKinds.find((one) => one === kind);
      if (known !== undefined) return [known];
      const hint = typeof kind === 'string' ? didYouMean(kind, envelopeKinds) : '';
      const allowed = `"${envelopeKinds.join('", "')}", or a list of those`;
      this.faults.push(`${path} is ${describeValue(kind)}, but must be ${allowed}${hint}`);
      return [];
    });
  }

  #isDroppable(onPermanentError: unknown = 'report'): boolean {
    if (onPermanentError !== 'report' && onPermanentError !== 'drop') {
      const path = pathOf(ROOT, 'onPermanentError');
      this.faults.push(`${path} is ${describeValue(onPermanentError)}, but must be "report" or "drop"`);
    }
    return onPermanentError === 'drop';
  }

  #objectOf(value: unknown, path: string): Readonly<Record<string, unknown>> {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
    this.faults.push(`${path} is ${describeValue(value)}, but must be an object`);
    return {};
  }

  #refuseUnknown(given: object, path: string, known: readonly string[]): void {
    for (const name of Object.keys(given).filter((one) => !known.includes(one))) {
      const hint = didYouMean(name, known) || `: known are ${known.join(', ')}`;
      this.faults.push(`${pathOf(path, name)} is unknown${hint}`);
    }
  }
}

const SEPARATORS = /[\u0001\u0002]/;

/** Why text cannot be among the properties of a message, which tag and keys are too. */
function propertyFault(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  return SEPARATORS.test(text) ? 'it holds \\u0001 or \\u0002, which separate properties' : surrogateFault(text);
}

function surrogateFault(text: string): string | undefined {
  return text.isWellFormed() ? undefined : 'it holds half of a surrogate pair, which has no UTF-8';
}

function constantDelayFault(field: (typeof delayFields)[number], value: number | undefined): string | undefined {
  return value === undefined ? undefined : delayFault(field, value, MAX_DELAY_MS);
}

/** Whether a field is not there, or says that it gives nothing. */
function givesNothing(given: unknown): boolean {
  if (typeof given !== 'object' || given === null) return given === undefined;
  return 'literal' in given && (given.literal === null || given.literal === '');
}

function nameFault(name: string): string | undefined {
  if (name === '') return 'the name of a property must not be empty';
  if (SEPARATORS.test(name)) return 'the name holds \\u0001 or \\u0002, which separate properties';
  if (OWN_PROPERTIES.has(name)) return 'the function sets this property itself';
  if (RESERVED_PROPERTIES.has(name)) return 'RocketMQ reserves this name: choose another';
  return undefined;
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
