import { type MessageProperties, MessageProperty } from '../../../functions/rocketmq/protocol/message-properties.ts';

/** Whether a message's tag is one of a subscription's: `*` or nothing is every message, `A || B` two tags. */
export function tagFilter(expression: string): (properties: MessageProperties) => boolean {
  const trimmed = expression.trim();
  if (trimmed === '' || trimmed === '*') return () => true;
  const tags = new Set(trimmed.split('||').map((tag) => tag.trim()));
  return (properties) => tags.has(properties[MessageProperty.TAGS] ?? '');
}
