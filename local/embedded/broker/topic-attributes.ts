import { ResponseCode } from '../../../functions/rocketmq/protocol/response-code.ts';
import type { Refusal } from './message-placement.ts';

/** What a topic has beside its queues, such as `{ 'message.type': 'DELAY' }` (5.x). */
export type TopicAttributes = Readonly<Record<string, string>>;

/** Values that an attribute may have; any integer where there is no list. Java: `TopicAttributes`, in the order of its sets. */
const VALUES: Readonly<Record<string, readonly string[] | undefined>> = {
  'message.type': ['UNSPECIFIED', 'MIXED', 'TRANSACTION', 'PRIORITY', 'FIFO', 'DELAY', 'LITE', 'NORMAL'],
  'queue.type': ['BatchCQ', 'SimpleCQ'],
  'cleanup.policy': ['DELETE', 'COMPACTION'],
  'reserve.time': undefined,
  'lite.topic.expiration': undefined,
};
/** What these say of a topic stays. */
const FIXED: ReadonlySet<string> = new Set(['queue.type', 'cleanup.policy']);

/**
 * Attributes after a change such as `+message.type=DELAY,-reserve.time`, or why a broker refuses it (Java: `AttributeParser`,
 * `AttributeUtil`). `current` is `undefined` for a topic that is not there yet, which can only be given some.
 */
export function changedAttributes(
  current: TopicAttributes | undefined,
  changes: string,
): { readonly attributes: TopicAttributes } | Refusal {
  // A broker as it comes has no topics for all types.
  if (changes.split(',').includes('+message.type=MIXED')) {
    return { code: ResponseCode.INVALID_PARAMETER, remark: 'MIXED message type is not supported.' };
  }
  const attributes: Record<string, string> = { ...current };
  const changed = new Set<string>();
  for (const change of changes === '' ? [] : changes.split(',')) {
    const [key = '', value] = change.split('=');
    const name = key.slice(1);
    const fault = changed.has(name) ? `key duplication: ${key}` : changeFault(current, key, value);
    if (fault !== undefined) return { code: ResponseCode.SYSTEM_ERROR, remark: fault };
    changed.add(name);
    if (value === undefined) delete attributes[name];
    else attributes[name] = value;
  }
  return { attributes };
}

function changeFault(current: TopicAttributes | undefined, key: string, value: string | undefined): string | undefined {
  const name = key.slice(1);
  if (value === undefined) {
    if (!key.startsWith('-')) return `delete attribute format is wrong: ${key}`;
    if (current === undefined) return `only add attribute is supported while creating topic. key: ${name}`;
    if (current[name] === undefined) return `attempt to delete a nonexistent key: ${name}`;
    return unchangeable(name);
  }
  if (!key.startsWith('+')) return `add/alter attribute format is wrong: ${key}`;
  if (!Object.hasOwn(VALUES, name)) return `unsupported key: ${name}`;
  return (current === undefined ? undefined : unchangeable(name)) ?? valueFault(name, value);
}

function unchangeable(name: string): string | undefined {
  return FIXED.has(name) ? `attempt to update an unchangeable attribute. key: ${name}` : undefined;
}

function valueFault(name: string, value: string): string | undefined {
  const values = VALUES[name];
  if (values === undefined) return /^-?\d{1,19}$/.test(value) ? undefined : `For input string: "${value}"`;
  return values.includes(value) ? undefined : `value is not in set: [${values.join(', ')}]`;
}
