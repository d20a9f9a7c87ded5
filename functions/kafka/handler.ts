import middy from '@middy/core';
import type { MSKEvent, SelfManagedKafkaEvent } from 'aws-lambda';
import { type BatchAnswer, batchAnswer } from '../delivery/batch-answer.ts';
import { deliver } from '../delivery/deliver.ts';
import { type ProducerContext, withProducer } from '../invocation/with-producer.ts';
import { mappedTarget } from '../mapping/mapped-target.ts';
import { type KafkaIdentifier, kafkaRecords } from './kafka-records.ts';

type KafkaEvent = MSKEvent | SelfManagedKafkaEvent;
type KafkaAnswer = BatchAnswer<KafkaIdentifier>;

/**
 * Lambda function for Kafka topics, of MSK and self-managed: what is not stored is reported; each partition goes on
 * from its first one.
 */
export const handler = middy<KafkaEvent, KafkaAnswer, Error, ProducerContext>({ timeoutEarlyInMillis: 0 })
  .use(withProducer<KafkaEvent, KafkaAnswer>())
  .handler(async (event, { rocketmq }) =>
    batchAnswer(await deliver(kafkaRecords(event, await mappedTarget(rocketmq)), rocketmq)),
  );
