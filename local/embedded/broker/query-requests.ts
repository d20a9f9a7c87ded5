import { Buffer } from 'node:buffer';
import { requiredInteger } from '../../../functions/rocketmq/protocol/ext-fields.ts';
import { decodeQueryMessage } from '../../../functions/rocketmq/protocol/query-message-header.ts';
import type { RemotingCommand } from '../../../functions/rocketmq/protocol/remoting-command.ts';
import { RequestCode } from '../../../functions/rocketmq/protocol/request-code.ts';
import { ResponseCode } from '../../../functions/rocketmq/protocol/response-code.ts';
import type { Answer, HandlerEntries } from '../exchange.ts';
import type { BrokerContext } from './broker-context.ts';

/** QUERY_MESSAGE and VIEW_MESSAGE_BY_ID (Java: `QueryMessageProcessor`). */
export function queryRequests(broker: BrokerContext): HandlerEntries {
  return [
    [RequestCode.QUERY_MESSAGE, ({ request }) => queryMessage(broker, request)],
    [RequestCode.VIEW_MESSAGE_BY_ID, ({ request }) => viewMessage(broker, request)],
  ];
}

/** Most messages that a query by message id answers, whatever it asks for. */
const MAX_BY_UNIQ_KEY = 32;
/** Most that any other query answers (Java: `MessageStoreConfig.maxMsgsNumBatch`). */
const MAX_BY_KEY = 64;

function queryMessage(broker: BrokerContext, { extFields }: RemotingCommand): Answer {
  const { topic, key, maxNum: wanted, beginAt, endAt } = decodeQueryMessage(extFields);
  const isUniqKeyQuery = extFields._UNIQUE_KEY_QUERY === 'true';
  const maxNum = isUniqKeyQuery ? MAX_BY_UNIQ_KEY : Math.min(wanted, MAX_BY_KEY);
  // Without an index nothing is found, and nothing tells that apart from a message that was never stored.
  const indexed = broker.settings.messageIndexEnable ? broker.store.withKey(topic, key) : [];
  const found = indexed
    .filter(({ message }) => message.storedAt >= beginAt && message.storedAt <= endAt)
    // The index is read from its newest entry on; the answer is in the order of the log.
    .slice(maxNum > 0 ? -maxNum : Number.POSITIVE_INFINITY);
  const last = found.at(-1)?.message;
  const index = {
    indexLastUpdateTimestamp: String(last?.storedAt ?? 0),
    indexLastUpdatePhyoffset: String(last?.commitLogOffset ?? 0),
  };
  if (last === undefined) {
    const remark = 'can not find message, maybe time range not correct';
    return { code: ResponseCode.QUERY_NOT_FOUND, remark, extFields: index };
  }
  const body = Buffer.concat(found.map(({ bytes }) => bytes));
  return { code: ResponseCode.SUCCESS, extFields: index, body, isAlwaysJson: true };
}

function viewMessage(broker: BrokerContext, { extFields }: RemotingCommand): Answer {
  const offset = requiredInteger(extFields, 'offset');
  const entry = broker.store.at(offset);
  if (entry !== undefined) return { code: ResponseCode.SUCCESS, body: entry.bytes, isAlwaysJson: true };
  return { code: ResponseCode.SYSTEM_ERROR, remark: `can not find message by the offset, ${offset}` };
}
