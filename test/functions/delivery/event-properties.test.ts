import { expect, test } from 'vitest';
import { eventProperties } from '../../../functions/delivery/event-properties.ts';

test('event properties: taken names get a prefix, empty values and names are left out, the last of equal names wins', () => {
  const properties = eventProperties([
    ['a', '1'],
    ['TAGS', 'vip'],
    ['aws.id', 'mine'],
    ['empty', ''],
    ['', 'without a name'],
    ['absent', undefined],
    ['__proto__', 'kept'],
    ['a', '2'],
  ]);
  expect(Object.entries(properties)).toEqual([
    ['a', '2'],
    ['aws.TAGS', 'vip'],
    ['aws.aws.id', 'mine'],
    ['__proto__', 'kept'],
  ]);
});
