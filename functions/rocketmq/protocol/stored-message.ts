import { Buffer } from 'node:buffer';
import { crc32 } from 'node:zlib';
import { RemotingCommandError } from '../errors.ts';
import { decodeHost, encodeHost } from './message-id.ts';
import { decodeProperties, encodeProperties, type MessageProperties } from './message-properties.ts';
import { MessageSysFlag } from './message-sys-flag.ts';

/** A message as a broker keeps it: what PULL, VIEW, QUERY and CHECK bodies consist of (Java: `MessageExt`). */
export interface StoredMessage {
  readonly topic: string;
  readonly queueId: number;
  readonly flag: number;
  readonly queueOffset: bigint;
  readonly commitLogOffset: bigint;
  readonly sysFlag: number;
  /** Epoch ms at the producer. */
  readonly bornAt: number;
  readonly bornHost: HostAndPort;
  /** Epoch ms at the broker. */
  readonly storedAt: number;
  readonly storeHost: HostAndPort;
  readonly reconsumeTimes: number;
  readonly preparedTransactionOffset: bigint;
  /** As stored: still compressed where `sysFlag` says so. A decoded body is a view into the received bytes. */
  readonly body: Buffer;
  readonly properties: MessageProperties;
}

export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

const MAGIC_V1 = 0xdaa320a7 | 0;
/** Topic length in two bytes: written by 5.1.0 and later for topics over 127 bytes. */
const MAGIC_V2 = 0xdaa320ab | 0;
const MAGIC_BLANK = 0xcbd43194 | 0;
const LONGEST_V1_TOPIC_BYTES = 127;
/** With IPv4 hosts, without body, topic and properties. */
const FIXED_BYTES = 91;

/**
 * Reads messages stored back to back (Java: `MessageDecoder.decode`). Each is
 * `total size i32 · magic i32 · body CRC i32 · queue i32 · flag i32 · queue offset i64 · commit log offset i64 ·
 * sysFlag i32 · born ms i64 · born host · stored ms i64 · store host · reconsume times i32 · prepared offset i64 ·
 * body (i32 + bytes) · topic (i8 + bytes, V2: i16) · properties (i16 + bytes)`; a host is `address (4 or 16) · port i32`.
 * An end-of-file blank ends the list.
 * @throws RemotingCommandError for a cut or foreign record, or a body that does not match its CRC.
 */
export function decodeStoredMessages(buffer: Buffer): StoredMessage[] {
  const messages: StoredMessage[] = [];
  let at = 0;
  while (at < buffer.length) {
    if (buffer.length - at < 8) throw new RemotingCommandError('stored message cut in its size', at);
    const size = buffer.readInt32BE(at);
    const magic = buffer.readInt32BE(at + 4);
    if (magic === MAGIC_BLANK) break;
    if (magic !== MAGIC_V1 && magic !== MAGIC_V2) throw new RemotingCommandError('not a stored message', at + 4);
    if (size < FIXED_BYTES || at + size > buffer.length) throw new RemotingCommandError('stored message cut', at);
    messages.push(decodeOne(buffer.subarray(at, at + size), at, magic === MAGIC_V2 ? 2 : 1));
    at += size;
  }
  return messages;
}

function decodeOne(record: Buffer, offset: number, topicLengthBytes: 1 | 2): StoredMessage {
  const sysFlag = record.readInt32BE(36);
  const bornHostBytes = sysFlag & MessageSysFlag.BORN_HOST_V6 ? 16 : 4;
  const storeHostBytes = sysFlag & MessageSysFlag.STORE_HOST_V6 ? 16 : 4;
  const storedAtPosition = 48 + bornHostBytes + 4;
  const storeHostPosition = storedAtPosition + 8;
  const reconsumePosition = storeHostPosition + storeHostBytes + 4;
  const bodyPosition = reconsumePosition + 12;
  const bodyStart = bodyPosition + 4;
  if (bodyStart > record.length) throw new RemotingCommandError('stored message cut in its hosts', offset);
  const topicPosition = bodyStart + record.readInt32BE(bodyPosition);
  if (topicPosition < bodyStart || topicPosition + topicLengthBytes > record.length) {
    throw new RemotingCommandError('stored message cut in its body', offset);
  }
  const topicStart = topicPosition + topicLengthBytes;
  const propertiesPosition = topicStart + record.readUIntBE(topicPosition, topicLengthBytes);
  if (propertiesPosition + 2 > record.length) throw new RemotingCommandError('stored message cut in its topic', offset);
  const propertiesStart = propertiesPosition + 2;
  const end = propertiesStart + record.readUInt16BE(propertiesPosition);
  if (end > record.length) throw new RemotingCommandError('stored message cut in its properties', offset);
  const body = record.subarray(bodyStart, topicPosition);
  const crc = record.readInt32BE(8);
  if (crc !== 0 && crc !== bodyCrc(body)) throw new RemotingCommandError('body does not match its CRC', offset + 8);
  return {
    topic: record.toString('utf8', topicStart, propertiesPosition),
    queueId: record.readInt32BE(12),
    flag: record.readInt32BE(16),
    queueOffset: record.readBigInt64BE(20),
    commitLogOffset: record.readBigInt64BE(28),
    sysFlag,
    bornAt: Number(record.readBigInt64BE(40)),
    bornHost: readHost(record, 48, bornHostBytes),
    storedAt: Number(record.readBigInt64BE(storedAtPosition)),
    storeHost: readHost(record, storeHostPosition, storeHostBytes),
    reconsumeTimes: record.readInt32BE(reconsumePosition),
    preparedTransactionOffset: record.readBigInt64BE(reconsumePosition + 4),
    body,
    properties: decodeProperties(record.toString('utf8', propertiesStart, end)),
  };
}

/** Writes one stored message in the layout above; host flags of `sysFlag` are set from the hosts. */
export function encodeStoredMessage(message: StoredMessage): Buffer {
  const topic = Buffer.from(message.topic);
  const properties = Buffer.from(encodeProperties(message.properties));
  const bornHost = hostBytes(message.bornHost);
  const storeHost = hostBytes(message.storeHost);
  const isV2 = topic.length > LONGEST_V1_TOPIC_BYTES;
  const head = Buffer.alloc(48);
  head.writeInt32BE(isV2 ? MAGIC_V2 : MAGIC_V1, 4);
  head.writeInt32BE(bodyCrc(message.body), 8);
  head.writeInt32BE(message.queueId, 12);
  head.writeInt32BE(message.flag, 16);
  head.writeBigInt64BE(message.queueOffset, 20);
  head.writeBigInt64BE(message.commitLogOffset, 28);
  const hostFlags =
    (bornHost.length > 8 ? MessageSysFlag.BORN_HOST_V6 : 0) | (storeHost.length > 8 ? MessageSysFlag.STORE_HOST_V6 : 0);
  head.writeInt32BE(message.sysFlag | hostFlags, 36);
  head.writeBigInt64BE(BigInt(message.bornAt), 40);
  const stored = Buffer.alloc(8);
  stored.writeBigInt64BE(BigInt(message.storedAt));
  const middle = Buffer.alloc(16);
  middle.writeInt32BE(message.reconsumeTimes, 0);
  middle.writeBigInt64BE(message.preparedTransactionOffset, 4);
  middle.writeInt32BE(message.body.length, 12);
  const topicLength = isV2 ? Buffer.from([topic.length >> 8, topic.length & 0xff]) : Buffer.from([topic.length]);
  const propertiesLength = Buffer.from([properties.length >> 8, properties.length & 0xff]);
  const parts = [
    head,
    bornHost,
    stored,
    storeHost,
    middle,
    message.body,
    topicLength,
    topic,
    propertiesLength,
    properties,
  ];
  const record = Buffer.concat(parts);
  record.writeInt32BE(record.length, 0);
  return record;
}

/** CRC-32 of the stored (compressed) body, its sign bit cleared (Java: `UtilAll.crc32`). */
export function bodyCrc(body: Uint8Array): number {
  return crc32(body) & 0x7fffffff;
}

function readHost(record: Buffer, at: number, addressBytes: number): HostAndPort {
  return { host: decodeHost(record.subarray(at, at + addressBytes)), port: record.readInt32BE(at + addressBytes) };
}

function hostBytes({ host, port }: HostAndPort): Buffer {
  const portBytes = Buffer.alloc(4);
  portBytes.writeInt32BE(port);
  return Buffer.concat([encodeHost(host), portBytes]);
}
