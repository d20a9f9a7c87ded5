import type { MessageQueue } from '../client/topic-publish-info.ts';
import type { BatchBody } from '../protocol/message-batch.ts';
import { unwrapNamespace } from './namespace.ts';
import type { SendResult, SendStatus } from './send-result.ts';

/** A broker version that something needs, because an older broker would silently do something else. */
export interface VersionNeed {
  readonly version: number;
  readonly feature: string;
  /** What an older broker would do. */
  readonly otherwise: string;
}

/** What one request stores, all or nothing: a message, or a batch of them. Every attempt sends the same bytes. */
export interface SendUnit {
  /** As the cluster knows it. */
  readonly topic: string;
  /** Of a batch, the first message's. */
  readonly msgId: string;
  readonly body: Uint8Array | BatchBody;
  readonly properties: string;
  readonly sysFlag: number;
  readonly flag: number;
  /** Epoch ms. */
  readonly bornAt: number;
  readonly isBatch: boolean;
  readonly needs: VersionNeed | undefined;
}

/** A broker's confirmation of a unit. */
export interface SendReceipt {
  readonly status: SendStatus;
  readonly addr: string;
  readonly queue: MessageQueue;
  /** Of a batch, the first message's; the others follow one by one. */
  readonly queueOffset: number;
  /** Of a batch, one for each message, separated by commas. */
  readonly offsetMsgId: string;
  /** Bytes of the body as sent. */
  readonly bodyBytes: number;
  readonly attempts: number;
  readonly isPossibleDuplicate: boolean;
  readonly regionId: string | undefined;
  readonly transactionId: string | undefined;
  readonly recallHandle: string | undefined;
  /** False when the broker wants no traces. */
  readonly isTraceOn: boolean;
}

/** Makes what a send resolves to of a broker's confirmation. `told` is the result where hooks have seen it already. */
export type ToResult<T> = (receipt: SendReceipt, unit: SendUnit, told?: SendResult) => T;

/** What a send is to resolve to, where that is the receipt itself. */
export function receiptAlone(receipt: SendReceipt): SendReceipt {
  return receipt;
}

/** What a caller is told of a message that a broker confirmed. A class for the reason that `PreparedMessage` is one. */
export class ConfirmedSend implements SendResult {
  readonly status: SendStatus;
  readonly msgId: string;
  readonly offsetMsgId: string;
  readonly queue: MessageQueue;
  readonly queueOffset: number;
  readonly attempts: number;
  readonly isPossibleDuplicate: boolean;
  readonly regionId: string | undefined;
  readonly recallHandle: string | undefined;

  /** @param place of a message in a batch, whose receipt tells of the first. */
  constructor(
    receipt: SendReceipt,
    msgId: string,
    namespace: string | undefined,
    place = 0,
    offsetMsgId = receipt.offsetMsgId,
  ) {
    const { queue } = receipt;
    this.status = receipt.status;
    this.msgId = msgId;
    this.offsetMsgId = offsetMsgId;
    this.queue = namespace === undefined ? queue : { ...queue, topic: unwrapNamespace(namespace, queue.topic) };
    this.queueOffset = receipt.queueOffset + place;
    this.attempts = receipt.attempts;
    this.isPossibleDuplicate = receipt.isPossibleDuplicate;
    this.regionId = receipt.regionId;
    this.recallHandle = receipt.recallHandle;
  }
}

/** The outcome of a message that is stored. A class for the same reason. */
export class StoredOutcome {
  readonly status = 'stored';
  readonly result: SendResult;

  constructor(result: SendResult) {
    this.result = result;
  }
}
