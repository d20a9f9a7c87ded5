import { type MessageProperties, MessageProperty } from '../../../functions/rocketmq/protocol/message-properties.ts';

/** Whether an expression is separators and nothing else, which brokers cannot read. */
export function isEmptyList(expression: string): boolean {
  return expression.trim() !== '' && tagsOf(expression).length === 0;
}

/** Whether a message's tag is one of a subscription's: `*` or nothing is every message, `A || B` two tags. */
export function tagFilter(expression: string): (properties: MessageProperties) => boolean {
  const trimmed = expression.trim();
  if (trimmed === '' || trimmed === '*') return () => true;
  const tags = new Set(tagsOf(trimmed));
  return (properties) => tags.has(properties[MessageProperty.TAGS] ?? '');
}

function tagsOf(expression: string): string[] {
  return expression
    .split('||')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '');
}
