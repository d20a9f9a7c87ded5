import { MessageError } from '../errors.ts';
import type { Message } from './message.ts';

const fields: Readonly<Record<keyof Message, true>> = {
  topic: true,
  body: true,
  tag: true,
  keys: true,
  properties: true,
  shardingKey: true,
  flag: true,
  waitStoreMsgOk: true,
  msgId: true,
  delayLevel: true,
  delayMs: true,
  delaySec: true,
  deliverAt: true,
};

const FIELDS: readonly string[] = Object.keys(fields);

/** What other clients call them, in small letters and one word. */
const OTHER_NAMES: ReadonlyMap<string, keyof Message> = new Map([
  ['tags', 'tag'],
  ['key', 'keys'],
  ['payload', 'body'],
  ['messagebody', 'body'],
  ['userproperties', 'properties'],
  ['messagegroup', 'shardingKey'],
  ['messageid', 'msgId'],
  ['delaytimelevel', 'delayLevel'],
  ['delay', 'delayMs'],
  ['delaytimems', 'delayMs'],
  ['delaytimesec', 'delaySec'],
  ['delaytimeseconds', 'delaySec'],
  ['delivertimems', 'deliverAt'],
  ['delivertimestamp', 'deliverAt'],
  ['deliverytimestamp', 'deliverAt'],
  ['startdelivertime', 'deliverAt'],
]);

/**
 * Refuses what is no message, and a field that no message has: left out without a word it would cost the order or the delay
 * that it asks for. The compiler sees it only in a literal.
 * @throws MessageError
 */
export function checkFields(message: object): void {
  if (typeof message !== 'object' || message === null)
    throw new MessageError('message', 'the message is not an object');
  // Not Object.keys: a list for each message would cost more than all else here.
  for (const name in message) if (!isField(name)) throw unknownField(name);
}

/** By a switch, which for a whole message takes a third of the time of a Set. */
function isField(name: string): name is keyof Message {
  switch (name) {
    case 'topic':
    case 'body':
    case 'tag':
    case 'keys':
    case 'properties':
    case 'shardingKey':
    case 'flag':
    case 'waitStoreMsgOk':
    case 'msgId':
    case 'delayLevel':
    case 'delayMs':
    case 'delaySec':
    case 'deliverAt':
      return true;
    default:
      return false;
  }
}

function unknownField(name: string): MessageError {
  const lower = name.toLowerCase().replace(/[_-]/g, '');
  const meant = OTHER_NAMES.get(lower) ?? FIELDS.find((field) => field.toLowerCase() === lower);
  const hint =
    meant === undefined
      ? `known: ${FIELDS.join(', ')}; the application's own belong in properties`
      : `did you mean "${meant}"?`;
  return new MessageError(name, `unknown field "${name}" of a message (${hint})`);
}
