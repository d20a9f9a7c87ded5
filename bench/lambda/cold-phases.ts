import diagnostics from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import type { Context, SQSEvent } from 'aws-lambda';
import type { ProducerContext } from '../../functions/invocation/with-producer.ts';
import { writeMeasurement } from './bench-log.ts';

/** A connection of the function; instants are epoch ms with fractions. */
export interface ConnectionMarks {
  port: number;
  readonly beganAt: number;
  connectedAt: number;
  firstAnswerAt: number;
}

/** When what happened in a cold start. */
export interface ColdMarks {
  /** The first line of the function's own module. */
  readonly evaluatedAt: number;
  readonly importedAt: number;
  readonly invokedAt: number;
  readonly answeredAt: number;
  readonly connections: readonly ConnectionMarks[];
}

const now = () => performance.timeOrigin + performance.now();

const evaluatedAt = now();
const connections: ConnectionMarks[] = [];
diagnostics.subscribe('net.client.socket', (message) => {
  const { socket } = message as { socket: Socket };
  const marks: ConnectionMarks = { port: 0, beganAt: now(), connectedAt: 0, firstAnswerAt: 0 };
  connections.push(marks);
  socket.once('connect', () => {
    marks.port = socket.remotePort ?? 0;
    marks.connectedAt = now();
    // The client reads past the stream, so no event tells of the first bytes.
    const { _handle: handle } = socket as unknown as { readonly _handle: { onread: (...args: unknown[]) => unknown } };
    const { onread } = handle;
    handle.onread = function (...args) {
      marks.firstAnswerAt = now();
      handle.onread = onread;
      return onread.apply(this, args);
    };
  });
});
const { handler: sqsHandler } = await import('../../functions/sqs/handler.ts');
const importedAt = now();

/** The SQS function with marks along its cold start. The listeners cost some µs; totals are measured without them. */
export const handler = async (event: SQSEvent, context: Context) => {
  const invokedAt = now();
  const answer = await sqsHandler(event, context as ProducerContext);
  const marks: ColdMarks = { evaluatedAt, importedAt, invokedAt, answeredAt: now(), connections };
  writeMeasurement(marks);
  return answer;
};
