import type { SourceName } from '../source-keys.ts';
import type { AppSource } from './app-source.ts';
import { eventbridgeSource, s3Source, snsSource } from './async-app-sources.ts';
import { httpSource, scheduleSource, transactionCheckSource } from './other-app-sources.ts';
import { sqsSource } from './sqs-app-source.ts';
import { dynamodbSource, kafkaSource, kinesisSource } from './stream-app-sources.ts';

/** What each name in `sources` makes. */
export const appSources: Readonly<Record<SourceName, AppSource>> = {
  sqs: sqsSource,
  kinesis: kinesisSource,
  dynamodb: dynamodbSource,
  kafka: kafkaSource,
  sns: snsSource,
  eventbridge: eventbridgeSource,
  s3: s3Source,
  http: httpSource,
  schedule: scheduleSource,
  'transaction-check': transactionCheckSource,
};
