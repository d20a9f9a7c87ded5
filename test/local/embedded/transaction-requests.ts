import type { RemotingCommand } from '../../../functions/rocketmq/protocol/remoting-command.ts';
import { RequestCode } from '../../../functions/rocketmq/protocol/request-code.ts';
import type { AdminRequest } from '../../../local/admin-connection.ts';
import { type SendFields, sendRequest } from './requests.ts';

/** Outcomes in `commitOrRollback`. */
export const UNKNOWN = 0;
export const COMMIT = 8;
export const ROLLBACK = 12;

/** Where a half message is. */
export interface HalfPlace {
  readonly queueOffset: string;
  readonly commitLogOffset: string;
}

/** A half message of group PG to topic T. */
export function halfRequest(uniqKey: string, { properties, ...fields }: SendFields = {}): AdminRequest {
  const own = { TRAN_MSG: 'true', PGROUP: 'PG', UNIQ_KEY: uniqKey };
  return sendRequest({ sysFlag: 4, ...fields, properties: { ...own, ...properties } });
}

/** Where the broker put a half message, by its answer. */
export function halfPlace({ extFields }: RemotingCommand): HalfPlace {
  const { queueOffset = '', msgId = '' } = extFields;
  return { queueOffset, commitLogOffset: String(BigInt(`0x${msgId.slice(-16)}`)) };
}

/** Where a half message is, by the broker's question about it. */
export function checkedPlace({ extFields }: RemotingCommand): HalfPlace {
  return { queueOffset: extFields.tranStateTableOffset ?? '', commitLogOffset: extFields.commitLogOffset ?? '' };
}

/** END_TRANSACTION, to be answered. */
export function endRequest(
  place: HalfPlace,
  outcome: number,
  changes: Readonly<Record<string, string>> = {},
): AdminRequest {
  const extFields = {
    topic: 'T',
    producerGroup: 'PG',
    tranStateTableOffset: place.queueOffset,
    commitLogOffset: place.commitLogOffset,
    commitOrRollback: String(outcome),
    fromTransactionCheck: 'false',
    msgId: 'id',
    transactionId: 'id',
    ...changes,
  };
  return { code: RequestCode.END_TRANSACTION, extFields };
}
