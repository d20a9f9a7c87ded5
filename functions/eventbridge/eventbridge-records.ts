import type { DeliveryRecord } from '../delivery/delivery-record.ts';
import { fieldsOf, instantOfText, optionalTextOf, textOf } from '../delivery/event-field.ts';
import { eventProperties } from '../delivery/event-properties.ts';
import type { MessageTarget } from '../delivery/message-target.ts';
import { deliveryRecords } from '../delivery/record-message.ts';

/**
 * Events of an EventBridge rule or schedule: one, or a list of them. The message body is the event as JSON; its detail
 * type becomes the property `aws.detailType`. EventBridge promises no order. The id is that of the event: an input that
 * a rule or schedule makes up itself must have one.
 * @throws EventError when an event has no id, so that nothing is taken for done.
 */
export function eventbridgeRecords(event: unknown, target: MessageTarget): DeliveryRecord[] {
  if (!Array.isArray(event)) return recordsOf(event, '', target);
  return event.flatMap((value, index) => recordsOf(value, `[${index}]`, target));
}

function recordsOf(value: unknown, path: string, target: MessageTarget): DeliveryRecord[] {
  const event = fieldsOf(value, path);
  const field = (name: string) => (path === '' ? name : `${path}.${name}`);
  const id = textOf(event.id, field('id'));
  return deliveryRecords({ id, orderingKey: undefined }, target, () => ({
    source: optionalTextOf(event.source, field('source')),
    id,
    at: instantOfText(event.time, field('time')),
    body: JSON.stringify(event),
    properties: eventProperties([['aws.detailType', optionalTextOf(event['detail-type'], field('detail-type'))]]),
    record: event,
  }));
}
