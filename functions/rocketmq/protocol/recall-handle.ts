import { Buffer } from 'node:buffer';
import { RemotingCommandError } from '../errors.ts';

/** What names a scheduled message that can be recalled (Java: `RecallMessageHandle.HandleV1`). */
export interface RecallHandle {
  readonly topic: string;
  readonly brokerName: string;
  /** The broker's due time plus one, epoch ms. */
  readonly timestamp: number;
  /** `UNIQ_KEY` of the message. */
  readonly msgId: string;
}

const VERSION = 'v1';

/** `v1 topic brokerName timestamp msgId`, joined by blanks, in URL-safe Base64 with padding. */
export function encodeRecallHandle({ topic, brokerName, timestamp, msgId }: RecallHandle): string {
  const text = Buffer.from([VERSION, topic, brokerName, timestamp, msgId].join(' ')).toString('base64');
  return text.replaceAll('+', '-').replaceAll('/', '_');
}

/** Reads a handle. @throws RemotingCommandError when it is none. */
export function decodeRecallHandle(handle: string): RecallHandle {
  const parts = Buffer.from(handle, 'base64url').toString('utf8').split(' ');
  const [version, topic, brokerName, timestamp, msgId] = parts;
  if (parts.length !== 5 || version !== VERSION || !topic || !brokerName || !msgId || !/^\d+$/.test(timestamp ?? '')) {
    throw new RemotingCommandError(`"${handle}" is not a recall handle`, 0);
  }
  return { topic, brokerName, timestamp: Number(timestamp), msgId };
}
