import { describe, expect, test } from 'vitest';
import { clientOptionRules } from '../../../functions/rocketmq/client-options.ts';
import { OptionsError } from '../../../functions/rocketmq/errors.ts';
import { checkedTopics, type OptionRule, resolveOptions } from '../../../functions/rocketmq/options.ts';
import { producerOptionRules } from '../../../functions/rocketmq/producer-options.ts';

/** What a set of client options is refused for. */
function faultsOf(options: Record<string, unknown>): readonly string[] {
  try {
    resolveOptions<object>('createClient', options, clientOptionRules);
  } catch (error) {
    if (error instanceof OptionsError) return error.faults;
    throw error;
  }
  return [];
}

const tables: [string, Readonly<Record<string, OptionRule>>][] = [
  ['clientOptionRules', clientOptionRules],
  ['producerOptionRules', producerOptionRules],
];

describe.each(tables)('%s', (_name, rules) => {
  test('has a meaning for each option, and a default within its range where it has one', () => {
    for (const [name, rule] of Object.entries(rules)) {
      expect(rule.meaning, name).not.toBe('');
      if (typeof rule.default === 'number') {
        expect(rule.default, name).toBeGreaterThanOrEqual(rule.min ?? 0);
        expect(rule.default, name).toBeLessThanOrEqual(rule.max ?? Number.MAX_SAFE_INTEGER);
      }
      if (rule.type === 'one of') expect(rule.allowed, name).toContain(rule.default);
    }
  });

  test('takes each whole number at both ends of its range, and none beyond or between', () => {
    const required = Object.entries(rules).filter(([, { isRequired }]) => isRequired);
    const base = Object.fromEntries(required.map(([name]) => [name, 'G']));
    const check = (name: string, value: unknown) => () =>
      resolveOptions<object>('it', { ...base, [name]: value }, rules as Record<never, OptionRule>);
    for (const [name, { type, min = 0, max = Number.MAX_SAFE_INTEGER }] of Object.entries(rules)) {
      if (type !== 'integer') continue;
      for (const value of [min, max]) expect(check(name, value), `${name} ${value}`).not.toThrow();
      for (const value of [min - 1, max + 1, min + 0.5, Number.NaN, String(min), null, 5n, true]) {
        expect(check(name, value), `${name} ${String(value)}`).toThrow(OptionsError);
      }
    }
  });
});

describe('resolving options', () => {
  test('fills defaults in, freezes the result, and leaves the argument alone', () => {
    const given = { nameServerAddrs: ['a:1'], routePeriodMs: 5 };
    const before = structuredClone(given);
    const resolved = resolveOptions<Record<string, unknown>>('createClient', given, clientOptionRules);
    expect(resolved).toMatchObject({ nameServerAddrs: ['a:1'], routePeriodMs: 5, connectTimeoutMs: 2000 });
    expect(resolved).not.toHaveProperty('instanceName');
    expect(Object.isFrozen(resolved)).toBe(true);
    expect(given).toEqual(before);
  });

  test('takes zero as a value, not as absent', () => {
    const resolved = resolveOptions<Record<string, unknown>>('it', { routePeriodMs: 0 }, clientOptionRules);
    expect(resolved.routePeriodMs).toBe(0);
  });

  test('takes undefined as absent', () => {
    const resolved = resolveOptions<Record<string, unknown>>('it', { routePeriodMs: undefined }, clientOptionRules);
    expect(resolved.routePeriodMs).toBe(30_000);
  });

  test('tells all faults at once, each with the value and what it must be', () => {
    const faults = faultsOf({
      routePeriodMs: -1,
      serializeType: 'XML',
      nameServerAddrs: 'a:1',
      fetchNameServerAddrs: 'ssm',
      instanceName: '',
      clock: 5,
      connectTimeoutMs: null,
      roteperiod: 1,
    });
    expect(faults).toEqual([
      expect.stringContaining('unknown option "roteperiod" (known: nameServerAddrs, '),
      '"nameServerAddrs" is "a:1", but must be a list of strings',
      '"fetchNameServerAddrs" is "ssm", but must be a function',
      '"routePeriodMs" is -1, but must be a whole number from 0 to 31536000000',
      '"connectTimeoutMs" is null, but must be a whole number from 1 to 60000',
      '"instanceName" is "", but must be a string that is not empty',
      '"serializeType" is "XML", but must be one of JSON, ROCKETMQ',
      '"clock" is 5, but must be an object',
    ]);
  });

  test.each([
    ['tls', true, '"tls" is a boolean, but must be an object ({} for the defaults)'],
    ['tls', null, '"tls" is null, but must be an object ({} for the defaults)'],
    ['tls', 'a-secret', '"tls" is a string, but must be an object ({} for the defaults)'],
    ['tls', ['a-secret'], '"tls" is a list, but must be an object ({} for the defaults)'],
    ['credentials', 'a-secret', '"credentials" is a string, but must be an object'],
    ['credentials', 5, '"credentials" is a number, but must be an object'],
  ])('tells of a secret option its type alone: %s %o', (name, value, fault) => {
    expect(faultsOf({ [name]: value })).toEqual([fault]);
  });

  test.each(['addressMap', 'brokerZones', 'clock'])('takes no list for an object: %s', (name) => {
    expect(faultsOf({ [name]: [] })).toEqual([`"${name}" is [], but must be an object`]);
  });

  test('names a required option that is missing, with its meaning', () => {
    const check = () => resolveOptions<object>('client.producer', {}, producerOptionRules as Record<never, OptionRule>);
    expect(check).toThrow('client.producer: "group" is missing: Producer group');
  });

  test('knows no option by what every object inherits', () => {
    expect(faultsOf({ toString: 1 })).toEqual([expect.stringContaining('unknown option "toString"')]);
    expect(faultsOf(JSON.parse('{"__proto__":1}'))).toEqual([expect.stringContaining('unknown option "__proto__"')]);
  });

  test.each([
    ['a function', () => 1, 'a function'],
    ['a big integer', 5n, '5'],
    ['an object that holds itself', circular(), '[object Object]'],
    ['a long text', 'x'.repeat(500), `"${'x'.repeat(79)}…`],
  ])('shows %s in the fault, whatever it is', (_what, value, shown) => {
    expect(faultsOf({ routePeriodMs: value })).toEqual([
      `"routePeriodMs" is ${shown}, but must be a whole number from 0 to 31536000000`,
    ]);
  });
});

describe('topics that something is asked of', () => {
  test('are a list of names', () => {
    expect(checkedTopics('it', ['orders', 'stock'])).toEqual(['orders', 'stock']);
  });

  test.each<[string, unknown, string]>([
    ['a name', 'orders', '"orders"'],
    ['no topic', [], '[]'],
    ['nothing', undefined, 'undefined'],
    ['a list of what is no name', [5], '[5]'],
  ])('are not %s', (_what, given, shown) => {
    expect(() => checkedTopics('it', given as string[])).toThrow(
      `it: the topics are ${shown}, but must be a list of at least one name`,
    );
  });
});

function circular(): object {
  const value: Record<string, unknown> = {};
  value.self = value;
  return value;
}
