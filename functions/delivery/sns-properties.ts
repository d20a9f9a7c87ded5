import { type Fields, fieldsOf, optionalFieldsOf, optionalTextOf } from './event-field.ts';

/**
 * Properties of a notification of SNS: its attributes and its subject.
 * @param path of the notification in the event, for errors.
 * @throws EventError that names the field.
 */
export function snsProperties(notification: Fields, path: string): [string, string | undefined][] {
  const attributes = optionalFieldsOf(notification.MessageAttributes, `${path}.MessageAttributes`);
  return [
    ...Object.entries(attributes).map(([name, attribute]): [string, string | undefined] => {
      const field = `${path}.MessageAttributes.${name}`;
      return [name, optionalTextOf(fieldsOf(attribute, field).Value, `${field}.Value`)];
    }),
    ['aws.subject', optionalTextOf(notification.Subject, `${path}.Subject`)],
  ];
}
