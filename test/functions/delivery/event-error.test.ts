import { expect, test } from 'vitest';
import { EventError } from '../../../functions/delivery/event-error.ts';

test.each<[unknown, string]>([
  [undefined, 'undefined'],
  [null, 'null'],
  [[1], 'an array'],
  [{ secret: 1 }, 'an object'],
  [7, 'number 7'],
  ['text', 'string "text"'],
  ['x'.repeat(1000), `string "${'x'.repeat(72)}`],
])('an event at fault is told by field, what was expected and what was found: %j', (found, words) => {
  const error = new EventError('Records', 'a list', found);
  expect(error.message).toBe(`Records of the event must be a list, but is ${words}`);
  expect(error).toMatchObject({ name: 'ROCKETMQ_EVENT', code: 'ROCKETMQ_EVENT', field: 'Records' });
});

test('the event itself has no path', () => {
  expect(new EventError('', 'an object', null).message).toBe('the event must be an object, but is null');
});
