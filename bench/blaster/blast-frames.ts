import { encodedBytes } from '../../functions/rocketmq/protocol/byte-writer.ts';
import { BatchBody } from '../../functions/rocketmq/protocol/message-batch.ts';
import { encodeProperties } from '../../functions/rocketmq/protocol/message-properties.ts';
import { DECLARED_VERSION } from '../../functions/rocketmq/protocol/mq-version.ts';
import { EMPTY_BODY, encodeFrame, type SerializeType } from '../../functions/rocketmq/protocol/remoting-command.ts';
import { RequestCode } from '../../functions/rocketmq/protocol/request-code.ts';
import { encodeSendMessageV2 } from '../../functions/rocketmq/protocol/send-message-header.ts';
import { encodeUniqKey } from '../../functions/rocketmq/protocol/uniq-key.ts';

const LANGUAGE_OTHER = 7;
/** Opaques are counted from here, so that in JSON each has ten digits and can be patched in its place. */
export const FIRST_OPAQUE = 1_000_000_000;
/** Length, type and header length, code, language, version. */
const BINARY_OPAQUE_AT = 13;

/** What the frames of a blaster carry. */
export interface BlastContent {
  readonly serializeType: SerializeType;
  readonly topic: string;
  readonly queues: number;
  readonly bodyBytes: number;
  /** Messages in a frame; 1 is a single send. */
  readonly batch: number;
}

/** A send request, encoded once: everything but its opaque stays the same. */
export class BlastFrame {
  readonly bytes: Buffer;
  readonly #opaqueAt: number;
  readonly #isBinary: boolean;

  constructor(content: BlastContent, queueId: number) {
    const { serializeType, topic, bodyBytes, batch } = content;
    const body = Buffer.alloc(bodyBytes, 'x');
    const members = Array.from({ length: batch }, (_, index) => ({ flag: 0, body, properties: propertiesOf(index) }));
    const isBatch = batch > 1;
    const header = encodeSendMessageV2({
      producerGroup: 'bench-blaster',
      topic,
      defaultTopic: topic,
      defaultTopicQueueNums: 4,
      queueId,
      sysFlag: 0,
      bornTimestamp: Date.now(),
      flag: 0,
      properties: isBatch ? encodeProperties({ WAIT: 'true' }) : propertiesOf(0),
      reconsumeTimes: 0,
      unitMode: false,
      maxReconsumeTimes: undefined,
      batch: isBatch,
      brokerName: '',
    });
    this.bytes = requestFrame(
      isBatch ? RequestCode.SEND_BATCH_MESSAGE : RequestCode.SEND_MESSAGE_V2,
      header,
      serializeType,
      isBatch ? encodedBytes(new BatchBody(members)) : body,
    );
    this.#isBinary = serializeType === 'ROCKETMQ';
    this.#opaqueAt = this.#isBinary ? BINARY_OPAQUE_AT : this.bytes.indexOf(String(FIRST_OPAQUE));
  }

  /** Writes the frame with an opaque of its own into a buffer; answers the position after it. */
  copyTo(target: Buffer, at: number, opaque: number): number {
    target.set(this.bytes, at);
    if (this.#isBinary) target.writeInt32BE(opaque, at + this.#opaqueAt);
    else target.write(String(opaque), at + this.#opaqueAt, 'latin1');
    return at + this.bytes.length;
  }
}

/** One request frame with the first opaque. */
export function requestFrame(
  code: number,
  extFields: Readonly<Record<string, string | undefined>>,
  serializeType: SerializeType,
  body: Uint8Array = EMPTY_BODY,
): Buffer {
  const command = { code, language: LANGUAGE_OTHER, version: DECLARED_VERSION, opaque: FIRST_OPAQUE, flag: 0 };
  return encodeFrame({ ...command, remark: undefined, extFields, body }, serializeType);
}

/** The properties every client of the comparison sends: an id, a key, a tag, and `WAIT`. */
function propertiesOf(index: number): string {
  const id = encodeUniqKey(Buffer.alloc(10, 0xb1), Date.now(), index);
  return encodeProperties({ KEYS: `key-${index}`, UNIQ_KEY: id, WAIT: 'true', TAGS: 'bench' });
}
