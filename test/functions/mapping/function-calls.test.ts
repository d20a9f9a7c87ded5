import { ArityError, search, VariadicArityError } from '@aws-lambda-powertools/jmespath';
import { PowertoolsFunctions } from '@aws-lambda-powertools/jmespath/functions';
import { describe, expect, test } from 'vitest';
import { callFaults, functionArities } from '../../../functions/mapping/function-calls.ts';

const functions = new PowertoolsFunctions();

/** Whether the library finds the number of arguments wrong. */
function isArityRefused(name: string, count: number): boolean {
  try {
    search(`${name}(${Array(count).fill('@').join(', ')})`, null, { customFunctions: functions });
  } catch (error) {
    return error instanceof ArityError || error instanceof VariadicArityError;
  }
  return false;
}

describe('the table of functions', () => {
  test('has every function of the library, and no other', () => {
    const names = [...functions.introspectMethods()].map((method) =>
      method
        .slice('func'.length)
        .replace(/(?!^)[A-Z]/g, (letter) => `_${letter}`)
        .toLowerCase(),
    );
    expect(Object.keys(functionArities).toSorted()).toEqual(names.toSorted());
  });

  test.each(Object.entries(functionArities))('has the arguments that %s takes', (name, [fewest, most]) => {
    for (const count of [0, 1, 2, 3]) {
      expect([count, isArityRefused(name, count)]).toEqual([count, count < fewest || count > most]);
    }
  });
});

test.each<[string, number, string]>([
  ['lenght(body)', 1, 'there is no function "lenght" (did you mean "length"?)'],
  ['body.x || frobnicate(@)', 11, 'there is no function "frobnicate"'],
  ['maxBy(body, &x)', 1, 'there is no function "maxBy" (did you mean "max_by"?)'],
  ["join(',')", 1, 'join() takes 2 arguments, and has 1'],
  ['length()', 1, 'length() takes 1 argument, and has 0'],
  ['not_null()', 1, 'not_null() takes 1 or more arguments, and has 0'],
  ['body[?contains(@, `1`, `2`)]', 7, 'contains() takes 2 arguments, and has 3'],
  ["to_string(join(',' body.list))", 11, 'join() takes 2 arguments, and has 1'],
  ["'f'(x)", 4, 'only the name of a function can stand before "("'],
  ['body[0](x)', 8, 'only the name of a function can stand before "("'],
])('%s is a call that fails whenever it is reached', (expression, column, reason) => {
  expect(callFaults(expression)).toEqual([{ column, reason }]);
});

test.each([
  'body.length',
  "join(', ', body.list[*].join(':', [a, b]))",
  "contains('f(x, y', ')') && !(body.a || (body.b))",
  'body[?(a > `1`) && contains(keys(@), `"lenght("`)] | [0].{a: a, b: [b, c]}',
  'body."lenght(x)"',
  'sort_by(body.list, &to_number(age))[-1]',
  'merge(body, {a: `1`}, {b: `[1, 2]`})',
  '"🚚" || length(body)',
])('%s has no call that must fail', (expression) => {
  expect(callFaults(expression)).toEqual([]);
});

test('all faults of an expression are found', () => {
  expect(callFaults('lenght(join(x))').map(({ column }) => column)).toEqual([8, 1]);
});
