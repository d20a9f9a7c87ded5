import { OptionsError } from './errors.ts';

/** What one option takes. The documentation and its test read these tables. */
export interface OptionRule {
  readonly type: 'integer' | 'boolean' | 'string' | 'list' | 'function' | 'object' | 'objects' | 'one of';
  readonly default?: number | string | boolean | readonly never[];
  readonly min?: number;
  readonly max?: number;
  readonly allowed?: readonly string[];
  readonly isRequired?: boolean;
  /** Whether errors must not show what was given. */
  readonly isSecret?: boolean;
  /** Said where something else was given than the type asks for. */
  readonly hint?: string;
  readonly meaning: string;
}

/**
 * Checks options against their rules: unknown names are refused, and all faults are told at once.
 * @param subject what the error names first, such as `createClient`.
 * @returns a new frozen object with the defaults filled in; the argument is left alone.
 * @throws OptionsError
 */
export function resolveOptions<T extends object>(
  subject: string,
  options: T,
  rules: Readonly<Record<keyof T & string, OptionRule>>,
): Readonly<T> {
  const noObject = objectFault(options);
  if (noObject !== undefined) throw new OptionsError(subject, [noObject]);
  const faults: string[] = [];
  const given = options as Readonly<Record<string, unknown>>;
  const resolved: Record<string, unknown> = {};
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(rules, name)) faults.push(`unknown option "${name}" (known: ${Object.keys(rules).join(', ')})`);
  }
  for (const [name, rule] of Object.entries<OptionRule>(rules)) {
    const value = given[name] === undefined ? rule.default : given[name];
    if (value === undefined) {
      if (rule.isRequired) faults.push(`"${name}" is missing: ${rule.meaning}`);
      continue;
    }
    const fault = valueFault(name, value, rule);
    if (fault !== undefined) faults.push(fault);
    resolved[name] = value;
  }
  if (faults.length > 0) throw new OptionsError(subject, faults);
  return Object.freeze(resolved) as Readonly<T>;
}

/** What is wrong with the value of an option, undefined when nothing is. */
export function valueFault(name: string, value: unknown, rule: OptionRule): string | undefined {
  const fault = ruleFault(rule, value);
  if (fault === undefined) return undefined;
  const hint = rule.hint === undefined ? '' : ` (${rule.hint})`;
  return `"${name}" is ${rule.isSecret ? kindOf(value) : show(value)}, but must be ${fault}${hint}`;
}

/** Why something cannot be options at all, undefined when it can. */
export function objectFault(options: unknown): string | undefined {
  return isObject(options) ? undefined : `the options are ${show(options)}, but must be an object`;
}

/**
 * Refuses topics that are no list of names, and none at all, of which nothing would be asked.
 * @param call what is called, as the error names it.
 * @returns the topics.
 * @throws OptionsError
 */
export function checkedTopics(call: string, topics: readonly string[]): readonly string[] {
  if (ruleFault({ type: 'list', meaning: '' }, topics) === undefined && topics.length > 0) return topics;
  throw new OptionsError(call, [`the topics are ${show(topics)}, but must be a list of at least one name`]);
}

/** Whether something is an object, and no list. */
export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What a value must be, when it is not. */
function ruleFault(rule: OptionRule, value: unknown): string | undefined {
  switch (rule.type) {
    case 'integer': {
      const [min, max] = [rule.min ?? 0, rule.max ?? Number.MAX_SAFE_INTEGER];
      const fits = typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
      return fits ? undefined : `a whole number from ${min} to ${max}`;
    }
    case 'string':
      return typeof value === 'string' && value !== '' ? undefined : 'a string that is not empty';
    case 'list':
      return Array.isArray(value) && value.every((item) => typeof item === 'string') ? undefined : 'a list of strings';
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'true or false';
    case 'objects':
      return Array.isArray(value) && value.every((item) => typeof item === 'object' && item !== null)
        ? undefined
        : 'a list of objects';
    case 'function':
      return typeof value === 'function' ? undefined : 'a function';
    case 'object':
      return isObject(value) ? undefined : 'an object';
    case 'one of': {
      const allowed = rule.allowed ?? [];
      return typeof value === 'string' && allowed.includes(value) ? undefined : `one of ${allowed.join(', ')}`;
    }
  }
}

/** What a value is, without the value. */
function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  return value === null ? 'null' : `a ${typeof value}`;
}

/** A value as the fault shows it; anything can have been given, and must not make the telling of it fail. */
function show(value: unknown): string {
  const text = typeof value === 'function' ? 'a function' : (asJson(value) ?? String(value));
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

function asJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    // A big integer, or an object that holds itself.
    return undefined;
  }
}
