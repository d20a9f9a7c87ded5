import type { SQSEvent } from 'aws-lambda';
import type { ProducerContext } from '../../functions/invocation/with-producer.ts';
import { handler as sqsHandler } from '../../functions/sqs/handler.ts';
import { measured } from './measured.ts';

/** The SQS function, measured from within. Its middleware makes the context what its type says. */
export const handler = measured<SQSEvent>((event, context) => sqsHandler(event, context as ProducerContext));
