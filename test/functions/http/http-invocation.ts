import { Buffer } from 'node:buffer';
import {
  BrokerError,
  deadlineAfter,
  type Message,
  type Producer,
  RemotingTimeoutError,
  type RocketMQError,
  SendFailedError,
  type SendResult,
} from '#rocketmq';
import { type HttpInvocation, httpAnswer } from '../../../functions/http/http-answer.ts';
import { requestEvent, type SampleRequest } from './sample-event.ts';

export const TOPIC = 'orders';

/** What a client sees. */
export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Out of JSON. */
  readonly body: Record<string, unknown>;
  readonly text: string;
}

/** An invocation whose sends end as a test says, and the messages that were sent. */
export function invocationOf(send: (message: Message) => RocketMQError | undefined = () => undefined) {
  const sent: Message[] = [];
  const producer: Pick<Producer, 'send'> = {
    send: async (message) => {
      const error = send(message);
      sent.push(message);
      if (error !== undefined) throw error;
      return stored(message, sent.length);
    },
  };
  const environment = { topic: TOPIC };
  const invocation: HttpInvocation = { producer, environment, deadline: deadlineAfter(5000), record: () => undefined };
  return { invocation, sent };
}

function stored(message: Message, offset: number): SendResult {
  return {
    status: 'SEND_OK',
    msgId: message.msgId ?? `made-${offset}`,
    offsetMsgId: '7F00000100002A9F0000000000000000',
    queue: { topic: message.topic, brokerName: 'broker-a', queueId: 0 },
    queueOffset: offset,
    attempts: 1,
    isPossibleDuplicate: false,
    regionId: undefined,
    // As brokers from 5.3.2 on give one for a message with a time.
    recallHandle: message.delayMs === undefined ? undefined : `handle-${offset}`,
  };
}

/** Answers a request. */
export async function answerTo(request: SampleRequest, invocation = invocationOf().invocation): Promise<Answered> {
  const { statusCode, headers = {}, body } = await httpAnswer(requestEvent(request), invocation, 'invocation-1');
  return { status: statusCode, headers, body: JSON.parse(body), text: body };
}

/** Text of a message's body. */
export function bodyText({ body }: Pick<Message, 'body'>): string {
  return typeof body === 'string' ? body : Buffer.from(body).toString();
}

/** A broker's refusal with a code. */
export function refusal(code: number, retryable = true): BrokerError {
  return new BrokerError('10.1.2.3:10911', { code, name: 'A_CODE', remark: 'secret remark', retryable });
}

/** As the producer throws it when its attempts have failed. */
export function sendFailed(last: RocketMQError, ...before: RocketMQError[]): SendFailedError {
  return givenUp(last, ...before, last);
}

/** As the producer throws it when something kept it from one more attempt. */
export function givenUp(last: RocketMQError, ...errors: RocketMQError[]): SendFailedError {
  const attempts = errors.map((error) => ({
    brokerName: 'broker-a',
    addr: '10.1.2.3:10911',
    queueId: 1,
    elapsedMs: 2,
    error,
  }));
  return new SendFailedError('orders', 'id-of-message', attempts, last);
}

export const timeout = new RemotingTimeoutError('10.1.2.3:10911', 5, 2000);
