import type { DeliveryRecord } from '../delivery/delivery-record.ts';
import { fieldsOf, instantOfText, listOf, optionalTextOf, textOf } from '../delivery/event-field.ts';
import { eventProperties } from '../delivery/event-properties.ts';
import type { MessageTarget } from '../delivery/message-target.ts';
import { deliveryRecords } from '../delivery/record-message.ts';
import { snsProperties } from '../delivery/sns-properties.ts';

/**
 * Notifications of an SNS event. The message of the notification is the message body, its attributes become properties
 * and its subject the property `aws.subject`. SNS promises no order. The id is that of the notification.
 * @throws EventError when the event is none of SNS, so that nothing is taken for done.
 */
export function snsRecords(event: unknown, target: MessageTarget): DeliveryRecord[] {
  return listOf(fieldsOf(event, '').Records, 'Records').flatMap((value, index) => {
    const path = `Records[${index}].Sns`;
    const sns = fieldsOf(fieldsOf(value, `Records[${index}]`).Sns, path);
    const id = textOf(sns.MessageId, `${path}.MessageId`);
    return deliveryRecords({ id, orderingKey: undefined }, target, () => ({
      source: optionalTextOf(sns.TopicArn, `${path}.TopicArn`),
      id,
      at: instantOfText(sns.Timestamp, `${path}.Timestamp`),
      body: textOf(sns.Message, `${path}.Message`),
      properties: eventProperties(snsProperties(sns, path)),
      record: value,
    }));
  });
}
