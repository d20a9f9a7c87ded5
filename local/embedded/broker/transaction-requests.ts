import { type ExtFields, requiredField, requiredInteger } from '../../../functions/rocketmq/protocol/ext-fields.ts';
import { MessageProperty } from '../../../functions/rocketmq/protocol/message-properties.ts';
import { MessageSysFlag, TRANSACTION_MASK } from '../../../functions/rocketmq/protocol/message-sys-flag.ts';
import { RequestCode } from '../../../functions/rocketmq/protocol/request-code.ts';
import { ResponseCode } from '../../../functions/rocketmq/protocol/response-code.ts';
import type { StoredMessage } from '../../../functions/rocketmq/protocol/stored-message.ts';
import { type Answer, type HandlerEntries, ProcessorError } from '../exchange.ts';
import { isV5 } from '../server-release.ts';
import type { BrokerContext } from './broker-context.ts';
import { immunityOf } from './check-immunity.ts';
import { HALF_TOPIC } from './topic-table.ts';
import type { Transactions } from './transactions.ts';

const UNKNOWN = 0;

/** END_TRANSACTION (Java: `EndTransactionProcessor`). Nothing remembers an outcome: every commit delivers another copy. */
export function transactionRequests(broker: BrokerContext, transactions: Transactions): HandlerEntries {
  return [[RequestCode.END_TRANSACTION, ({ request }) => endTransaction(broker, transactions, request.extFields)]];
}

interface EndTransaction {
  readonly producerGroup: string;
  readonly queueOffset: bigint;
  readonly commitLogOffset: bigint;
  readonly outcome: number;
  readonly isFromCheck: boolean;
}

function endTransaction(broker: BrokerContext, transactions: Transactions, extFields: ExtFields): Answer | undefined {
  const header = readHeader(extFields);
  if (broker.isSlave) return { code: ResponseCode.SLAVE_NOT_AVAILABLE };
  if (header.outcome === UNKNOWN) return undefined;
  const half = broker.store.at(header.commitLogOffset)?.message;
  if (half === undefined) return systemError('Find prepared transaction message failed');
  if (isTooLate(broker, header, half)) return { code: ResponseCode.ILLEGAL_OPERATION, remark: NO_REMARK };
  const group = half.properties[MessageProperty.PGROUP];
  if (group === undefined) {
    throw new ProcessorError(
      'java.lang.NullPointerException: Cannot invoke "String.equals(Object)", pgroupRead is null',
    );
  }
  if (group !== header.producerGroup) return systemError('The producer group wrong');
  if (half.queueOffset !== header.queueOffset) return systemError('The transaction state table offset wrong');
  transactions.end(half);
  if (header.outcome === MessageSysFlag.TRANSACTION_ROLLBACK) return { code: ResponseCode.SUCCESS, remark: NO_REMARK };
  deliver(broker, half);
  return { code: ResponseCode.SUCCESS };
}

/** What stands where nobody wrote a remark; it means nothing, here with an error and there with success. */
const NO_REMARK = 'not set any response code';

function systemError(remark: string): Answer {
  return { code: ResponseCode.SYSTEM_ERROR, remark };
}

function readHeader(ext: ExtFields): EndTransaction {
  const outcome = Number(requiredInteger(ext, 'commitOrRollback'));
  const known = [UNKNOWN, MessageSysFlag.TRANSACTION_COMMIT, MessageSysFlag.TRANSACTION_ROLLBACK];
  if (!known.some((code) => code === outcome)) {
    const text = 'org.apache.rocketmq.remoting.exception.RemotingCommandException: commitOrRollback field wrong';
    throw new ProcessorError(text);
  }
  return {
    producerGroup: requiredField(ext, 'producerGroup'),
    queueOffset: requiredInteger(ext, 'tranStateTableOffset'),
    commitLogOffset: requiredInteger(ext, 'commitLogOffset'),
    outcome,
    isFromCheck: ext.fromTransactionCheck?.toLowerCase() === 'true',
  };
}

/** 5.x only, and only for half messages with an immunity time of their own: after it the producer has to be asked. */
function isTooLate(broker: BrokerContext, { isFromCheck }: EndTransaction, half: StoredMessage): boolean {
  if (isFromCheck || !isV5(broker.version)) return false;
  const { lastEndMs } = immunityOf(half.properties, broker.settings.transactionTimeOutMs);
  return broker.clock.now() - half.bornAt > lastEndMs;
}

function deliver(broker: BrokerContext, half: StoredMessage): void {
  const { REAL_TOPIC: topic, REAL_QID: queueId, ...others } = half.properties;
  // A delay has overwritten the real place: there is nowhere to deliver to.
  if (topic === undefined || topic === HALF_TOPIC) return;
  broker.store.append(
    {
      ...half,
      topic,
      queueId: Number(queueId),
      sysFlag: (half.sysFlag & ~TRANSACTION_MASK) | MessageSysFlag.TRANSACTION_COMMIT,
      preparedTransactionOffset: half.commitLogOffset,
      properties: isV5(broker.version) ? others : half.properties,
    },
    broker.storeHost,
  );
}
