import type { DeliveryRecord } from '../../../functions/delivery/delivery-record.ts';
import type { MessageTarget } from '../../../functions/delivery/message-target.ts';
import { dynamodbRecords } from '../../../functions/dynamodb/dynamodb-records.ts';
import { eventbridgeRecords } from '../../../functions/eventbridge/eventbridge-records.ts';
import { kafkaRecords } from '../../../functions/kafka/kafka-records.ts';
import { kinesisRecords } from '../../../functions/kinesis/kinesis-records.ts';
import { s3Records } from '../../../functions/s3/s3-records.ts';
import { snsRecords } from '../../../functions/sns/sns-records.ts';
import { sqsRecords } from '../../../functions/sqs/sqs-records.ts';

/** Sources whose records a mapping can be for, by name. */
export const mappedSources: Readonly<Record<string, (event: unknown, target: MessageTarget) => DeliveryRecord[]>> = {
  dynamodb: dynamodbRecords,
  eventbridge: eventbridgeRecords,
  kafka: kafkaRecords,
  kinesis: kinesisRecords,
  s3: s3Records,
  sns: snsRecords,
  sqs: sqsRecords,
};
