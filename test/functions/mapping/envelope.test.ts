import { describe, expect, test } from 'vitest';
import { MessageError } from '#rocketmq';
import type { RecordContent } from '../../../functions/delivery/record-content.ts';
import { decodedRecord } from '../../../functions/mapping/decoded-record.ts';
import { unwrapped } from '../../../functions/mapping/envelope.ts';
import type { EnvelopeKind } from '../../../functions/mapping/mapping-settings.ts';

function content(body: unknown, properties: Record<string, string> = {}): RecordContent {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { source: 'arn:queue', id: 'm-1', at: 5, body: text, properties, record: {} };
}

const open = (kind: EnvelopeKind, body: unknown, properties?: Record<string, string>) =>
  unwrapped(decodedRecord(content(body, properties)), kind);

const notification = {
  Type: 'Notification',
  Message: ' {"a":  1}',
  Subject: 'Hi',
  MessageAttributes: { n: { Type: 'Number', Value: '5' } },
};
const s3Record = (key: string) => ({ eventName: 'ObjectCreated:Put', s3: { bucket: { name: 'b' }, object: { key } } });

describe('a notification of SNS', () => {
  test('holds its message as it is, and attributes that win over those of the record', () => {
    const [opened, ...more] = open('sns', notification, { n: '1', own: '2' });
    expect(more).toEqual([]);
    expect(opened).toMatchObject({ body: { a: 1 }, envelopes: [notification] });
    expect(opened?.content).toMatchObject({ id: 'm-1', body: ' {"a":  1}' });
    expect({ ...opened?.content.properties }).toEqual({ n: '5', own: '2', 'aws.subject': 'Hi' });
  });

  test.each([
    ['{', 'but is the text "{"; with raw message delivery there is no envelope'],
    ['7', 'but is the number 7'],
    [{ Type: 'SubscriptionConfirmation', Message: 'x' }, 'but is an object'],
    [{ Type: 'Notification', Message: { a: 1 } }, 'but is an object'],
    [{ ...notification, MessageAttributes: 'x' }, 'body.MessageAttributes of the event must be an object'],
  ])('is not %j', (body, reason) => {
    expect(() => open('sns', body)).toThrow(MessageError);
    expect(() => open('sns', body)).toThrow('mapping.unwrap ("sns"): ');
    expect(() => open('sns', body)).toThrow(reason);
  });
});

describe('an event of EventBridge', () => {
  test('holds its detail, with every digit', () => {
    const text = '{"id":"e","detail-type":"Placed","detail":{"id":12345678901234567890,"n":1.5}}';
    const [opened] = open('eventbridge', text);
    expect(opened?.content.body).toBe('{"id":12345678901234567890,"n":1.5}');
    expect({ ...opened?.content.properties }).toEqual({ 'aws.detailType': 'Placed' });
    expect(opened?.envelopes).toHaveLength(1);
  });

  test.each([{ 'detail-type': 'x' }, { detail: {} }, { 'detail-type': 7, detail: {} }, [], null])(
    'is not %j',
    (body) => {
      expect(() => open('eventbridge', body)).toThrow('the body must be an event of EventBridge');
    },
  );
});

describe('a notification of S3', () => {
  test('holds all its records, each with a place of its own', () => {
    const opened = open('s3', { Records: [s3Record('a+b'), s3Record('c%2Bd')] });
    expect(opened.map(({ content: { index, properties } }) => [index, properties?.['aws.key']])).toEqual([
      [0, 'a b'],
      [1, 'c+d'],
    ]);
    expect(opened[1]?.content.body).toBe(JSON.stringify(s3Record('c%2Bd')));
  });

  test('holds none when it is the test at set-up, or says so', () => {
    expect(open('s3', { Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'b' })).toEqual([]);
    expect(open('s3', { Records: [] })).toEqual([]);
  });

  test.each<[unknown, string]>([
    [{}, 'the body must be a notification of S3'],
    [{ Event: 'other' }, 'the body must be a notification of S3'],
    [{ Records: [7] }, 'the body must be a notification of S3'],
    [{ Records: {} }, 'body.Records of the event must be a list'],
    [{ Records: [{ s3: {} }] }, 'body.Records[0].s3.bucket of the event must be an object'],
    [{ Records: [s3Record('%')] }, 'body.Records[0].s3.object.key of the event must be a URL-encoded key'],
  ])('is not %j', (body, reason) => {
    expect(() => open('s3', body)).toThrow(MessageError);
    expect(() => open('s3', body)).toThrow(reason);
  });
});
