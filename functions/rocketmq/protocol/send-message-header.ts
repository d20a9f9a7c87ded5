import { RemotingCommandError } from '../errors.ts';
import type { ExtFields, SharedFields } from './ext-fields.ts';
import { RequestCode } from './request-code.ts';
import { sharedFields } from './shared-fields.ts';

/** Header of SEND_MESSAGE, SEND_MESSAGE_V2 and SEND_BATCH_MESSAGE (Java: `SendMessageRequestHeader`). */
export interface SendMessageHeader {
  readonly producerGroup: string;
  readonly topic: string;
  /**
   * Topic that an unknown topic would be created after. We name the topic itself: a broker that knows it never looks at
   * this field, and one that does not answers 17 instead of creating it, even with autoCreateTopicEnable.
   */
  readonly defaultTopic: string;
  readonly defaultTopicQueueNums: number;
  readonly queueId: number;
  readonly sysFlag: number;
  /** Epoch ms. */
  readonly bornTimestamp: number;
  readonly flag: number;
  /** Encoded properties; of a batch: `WAIT` and nothing else. */
  readonly properties: string;
  readonly reconsumeTimes: number;
  readonly unitMode: boolean;
  readonly maxReconsumeTimes: number | undefined;
  /** This, not the request code, makes the body a batch. */
  readonly batch: boolean;
  /** Broker the request is meant for; a proxy needs it. Empty: not said. */
  readonly brokerName: string;
}

/** What all sends to one queue have alike. */
export type QueueSendHeader = Omit<SendMessageHeader, keyof MessageSendHeader>;

/** What each message has for itself. */
export type MessageSendHeader = Pick<SendMessageHeader, 'sysFlag' | 'bornTimestamp' | 'flag' | 'properties'>;

/** One-letter names of SEND_MESSAGE_V2 and SEND_BATCH_MESSAGE. */
export function encodeSendMessageV2(header: SendMessageHeader): ExtFields {
  return { ...queueFields(header), ...encodeMessageSend(header) };
}

/** The fields of SEND_MESSAGE_V2 and SEND_BATCH_MESSAGE that all sends to one queue have alike. */
export function encodeQueueSend(header: QueueSendHeader): SharedFields {
  return sharedFields(queueFields(header));
}

/** The fields of SEND_MESSAGE_V2 and SEND_BATCH_MESSAGE that each message has for itself. */
export function encodeMessageSend(header: MessageSendHeader): ExtFields {
  return {
    f: String(header.sysFlag),
    g: String(header.bornTimestamp),
    h: String(header.flag),
    i: header.properties === '' ? undefined : header.properties,
  };
}

function queueFields(header: QueueSendHeader): ExtFields {
  return {
    a: header.producerGroup,
    b: header.topic,
    c: header.defaultTopic,
    d: String(header.defaultTopicQueueNums),
    e: String(header.queueId),
    j: String(header.reconsumeTimes),
    k: header.unitMode ? 'true' : 'false',
    l: header.maxReconsumeTimes === undefined ? undefined : String(header.maxReconsumeTimes),
    m: header.batch ? 'true' : 'false',
    n: header.brokerName === '' ? undefined : header.brokerName,
  };
}

const longNames: Readonly<Record<string, string>> = {
  a: 'producerGroup',
  b: 'topic',
  c: 'defaultTopic',
  d: 'defaultTopicQueueNums',
  e: 'queueId',
  f: 'sysFlag',
  g: 'bornTimestamp',
  h: 'flag',
  i: 'properties',
  j: 'reconsumeTimes',
  k: 'unitMode',
  l: 'maxReconsumeTimes',
  m: 'batch',
  n: 'bname',
};

/** Long names of SEND_MESSAGE. */
export function encodeSendMessageV1(header: SendMessageHeader): ExtFields {
  const short = encodeSendMessageV2(header);
  return Object.fromEntries(Object.entries(short).map(([name, value]) => [longNames[name] ?? name, value]));
}

/** Reads the header of a send request, in either naming. @throws RemotingCommandError naming a missing or malformed field. */
export function decodeSendMessageHeader(requestCode: number, ext: ExtFields): SendMessageHeader {
  const isV1 = requestCode === RequestCode.SEND_MESSAGE || requestCode === RequestCode.SEND_REPLY_MESSAGE;
  const field = (name: string): string | undefined => ext[isV1 ? (longNames[name] ?? name) : name];
  const required = (name: string): string => {
    const value = field(name);
    if (value === undefined) throw new RemotingCommandError(`send header without ${longNames[name]}`, 0);
    return value;
  };
  const integer = (name: string, value: string): number => {
    if (!/^-?\d{1,16}$/.test(value))
      throw new RemotingCommandError(`send header with ${longNames[name]} "${value}"`, 0);
    return Number(value);
  };
  const maxReconsumeTimes = field('l');
  return {
    producerGroup: field('a') ?? '',
    topic: required('b'),
    defaultTopic: required('c'),
    defaultTopicQueueNums: integer('d', field('d') ?? '0'),
    queueId: integer('e', required('e')),
    sysFlag: integer('f', required('f')),
    bornTimestamp: integer('g', required('g')),
    flag: integer('h', required('h')),
    properties: field('i') ?? '',
    reconsumeTimes: integer('j', field('j') ?? '0'),
    unitMode: field('k')?.toLowerCase() === 'true',
    maxReconsumeTimes: maxReconsumeTimes === undefined ? undefined : integer('l', maxReconsumeTimes),
    batch: field('m')?.toLowerCase() === 'true',
    brokerName: field('n') ?? '',
  };
}

/** Answer to a send (Java: `SendMessageResponseHeader`). */
export interface SendMessageResponse {
  /** Offset message id; of a batch: one for each member, separated by commas. */
  readonly msgId: string;
  readonly queueId: number;
  /** Of a batch: the first member's. Below 2^53 on any real queue. */
  readonly queueOffset: number;
  readonly transactionId: string | undefined;
  readonly recallHandle: string | undefined;
  /** `MSG_REGION`. */
  readonly regionId: string | undefined;
  /** False only when the broker says so. */
  readonly isTraceOn: boolean;
}

/** Reads the ext fields of a send answer. @throws RemotingCommandError naming a missing or malformed field. */
export function decodeSendMessageResponse(ext: ExtFields): SendMessageResponse {
  return {
    msgId: answered(ext, 'msgId'),
    queueId: answeredInteger(ext, 'queueId'),
    queueOffset: answeredInteger(ext, 'queueOffset'),
    transactionId: ext.transactionId,
    recallHandle: ext.recallHandle,
    regionId: ext.MSG_REGION,
    isTraceOn: ext.TRACE_ON !== 'false',
  };
}

function answered(ext: ExtFields, name: string): string {
  const value = ext[name];
  if (value === undefined) throw new RemotingCommandError(`send answer without ${name}`, 0);
  return value;
}

/** Whole numbers of so many digits are exact. */
const EXACT_DIGITS = 15;
const ZERO = 0x30;

function answeredInteger(ext: ExtFields, name: string): number {
  const value = answered(ext, name);
  // Each answer has two of them: a loop takes a third of the time of an expression and `Number`.
  let number = 0;
  for (let index = 0; index < value.length; index++) {
    const digit = value.charCodeAt(index) - ZERO;
    if (digit < 0 || digit > 9 || index === EXACT_DIGITS) return longOrSigned(value, name);
    number = number * 10 + digit;
  }
  return value === '' ? longOrSigned(value, name) : number;
}

function longOrSigned(value: string, name: string): number {
  if (!/^-?\d{1,16}$/.test(value)) throw new RemotingCommandError(`send answer with ${name} "${value}"`, 0);
  return Number(value);
}
