export { type BatchAnswer, batchAnswer } from './delivery/batch-answer.ts';
export { type DeliveredRecord, type DeliveryOptions, deliver } from './delivery/deliver.ts';
export type { BatchRecord, DeliveryRecord } from './delivery/delivery-record.ts';
export { type MessageTarget, messageTarget, type RecordMapping } from './delivery/message-target.ts';
export type { RecordContent } from './delivery/record-content.ts';
export { deliveryRecords, recordMessage } from './delivery/record-message.ts';
export type { RecordOutcome } from './delivery/record-outcome.ts';
export type { Environment } from './invocation/environment.ts';
export { type ProducerContext, type ProducerInvocation, withProducer } from './invocation/with-producer.ts';
export { mappedTarget } from './mapping/mapped-target.ts';
export { type AnswerChecksOptions, answerChecks, type CheckCounts } from './transaction-log/answer-checks.ts';
export {
  type DynamoDbCalls,
  DynamoDbTransactionLog,
  type DynamoDbTransactionLogOptions,
  type LogPut,
} from './transaction-log/dynamodb-transaction-log.ts';
export { logCheckListener } from './transaction-log/log-check-listener.ts';
export { MemoryTransactionLog } from './transaction-log/memory-transaction-log.ts';
export { TransactionDecidedError } from './transaction-log/transaction-decided-error.ts';
export type { AskedTransaction, TransactionLog } from './transaction-log/transaction-log.ts';
