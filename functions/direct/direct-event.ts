import { EventError } from '../delivery/event-error.ts';
import { type Fields, fieldsOf, listOf } from '../delivery/event-field.ts';

/** What a caller sends: messages, and whether a failed one fails the invocation. */
export interface DirectEvent {
  /** Path of each message from the event down, for errors. */
  readonly messages: readonly { readonly path: string; readonly fields: Fields }[];
  /** Whether the event is one message, and the answer one result. */
  readonly isSingle: boolean;
  readonly onFailure: 'throw' | 'report';
}

/**
 * Reads the three forms of an event: one message, a list of them, or `{ messages, onFailure }`.
 * @throws EventError that names the field.
 */
export function readDirectEvent(event: unknown): DirectEvent {
  if (Array.isArray(event)) return { messages: messagesOf(event, ''), isSingle: false, onFailure: 'throw' };
  const fields = fieldsOf(event, '');
  if (!('messages' in fields)) return { messages: [{ path: '', fields }], isSingle: true, onFailure: 'throw' };
  const { messages, onFailure = 'throw', ...unknown } = fields;
  const [name] = Object.keys(unknown);
  if (name !== undefined) throw new EventError(name, 'absent beside "messages"', unknown[name]);
  if (onFailure !== 'throw' && onFailure !== 'report') {
    throw new EventError('onFailure', '"throw" or "report"', onFailure);
  }
  return { messages: messagesOf(listOf(messages, 'messages'), 'messages'), isSingle: false, onFailure };
}

function messagesOf(list: readonly unknown[], path: string): DirectEvent['messages'] {
  return list.map((value, index) => {
    const own = `${path}[${index}]`;
    return { path: own, fields: fieldsOf(value, own) };
  });
}
