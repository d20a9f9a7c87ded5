export { type BatchAnswer, batchAnswer } from './delivery/batch-answer.ts';
export { type DeliveredRecord, type DeliveryOptions, deliver } from './delivery/deliver.ts';
export type { BatchRecord, DeliveryRecord } from './delivery/delivery-record.ts';
export { type MessageTarget, messageTarget, type RecordContent, recordMessage } from './delivery/record-message.ts';
export type { Environment } from './invocation/environment.ts';
export { type ProducerContext, type ProducerInvocation, withProducer } from './invocation/with-producer.ts';
