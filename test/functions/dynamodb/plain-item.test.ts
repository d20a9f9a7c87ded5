import { describe, expect, test } from 'vitest';
import { EventError } from '../../../functions/delivery/event-error.ts';
import { plainItem } from '../../../functions/dynamodb/plain-item.ts';
import { sample } from '../bundled-function.ts';

interface StreamEvent {
  readonly Records: readonly { readonly dynamodb: { readonly NewImage?: unknown } }[];
}

describe('an item', () => {
  test('loses the types around its values, and no digit of its numbers', () => {
    const [record] = sample<StreamEvent>('dynamodb', 'new-image-types').Records;
    const plain = JSON.stringify(plainItem(record?.dynamodb.NewImage, 'NewImage'));
    expect(plain).toContain('"number":123456789012345678901234567890.5');
    expect(JSON.parse(plain)).toMatchObject({
      id: 'AAH/',
      text: 'Größe XL, 数量 3 🚚',
      yes: true,
      nothing: null,
      empty: '',
      names: ['a', 'b'],
      numbers: [1, 2.5],
      blobs: ['eA==', 'eQ=='],
      list: ['a', { deep: 1 }],
    });
  });

  test.each([undefined, null])('that is %s is none', (item) => {
    expect(plainItem(item, 'NewImage')).toBeNull();
  });

  test.each(['__proto__', 'constructor'])('may have an attribute that is named %s', (name) => {
    const item: unknown = JSON.parse(`{"${name}":{"S":"kept"}}`);
    expect(Object.entries(plainItem(item, 'NewImage') ?? {})).toEqual([[name, 'kept']]);
  });

  test.each<[unknown, string]>([
    [[], 'NewImage of the event must be an object'],
    [{ total: '12' }, 'NewImage.total of the event must be an object'],
    [{ total: {} }, 'NewImage.total of the event must be one value with its type'],
    [{ total: { N: '1', S: '1' } }, 'NewImage.total of the event must be one value'],
    [{ total: { N: 12 } }, 'NewImage.total.N of the event must be a string'],
    [{ list: { L: [{ M: { deep: { NS: '1' } } }] } }, 'NewImage.list.L[0].M.deep.NS of the event must be a list'],
  ])('%j is none of DynamoDB, and says where', (item, message) => {
    expect(() => plainItem(item, 'NewImage')).toThrow(EventError);
    expect(() => plainItem(item, 'NewImage')).toThrow(message);
  });
});
