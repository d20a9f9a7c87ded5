import { Buffer } from 'node:buffer';
import { RemotingCommandError } from '../errors.ts';

/** Where a broker stored a message: what the `msgId` of a send answer says. */
export interface OffsetMessageId {
  /** IP address of the storing broker; IPv6 in full groups. */
  readonly host: string;
  readonly port: number;
  readonly commitLogOffset: bigint;
}

/**
 * Bytes of an IP address: 4 or 16. IPv6 with or without `::` and zone; an IPv4 address in IPv6 clothes, as dual-stack
 * sockets report it, is an IPv4 address.
 * @throws RemotingCommandError for a name, or anything else that is no address.
 */
export function encodeHost(host: string): Buffer {
  const address = host.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  const bytes = address.includes(':') ? ipv6Bytes(address) : ipv4Bytes(address);
  if (bytes === undefined) throw new RemotingCommandError(`"${host}" is not an IP address`, 0);
  return bytes;
}

function ipv4Bytes(address: string): Buffer | undefined {
  const parts = address.split('.');
  const isAddress = parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255);
  return isAddress ? Buffer.from(parts.map(Number)) : undefined;
}

function ipv6Bytes(address: string): Buffer | undefined {
  const [head = '', tail, ...more] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = 8 - left.length - right.length;
  if (more.length > 0 || (tail === undefined ? zeros !== 0 : zeros < 1)) return undefined;
  const groups = [...left, ...Array<string>(zeros).fill('0'), ...right];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  const bytes = Buffer.alloc(16);
  groups.forEach((group, index) => {
    bytes.writeUInt16BE(Number.parseInt(group, 16), index * 2);
  });
  return bytes;
}

/** Text of 4 or 16 address bytes. */
export function decodeHost(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups: string[] = [];
  for (let at = 0; at < 16; at += 2) groups.push(bytes.readUInt16BE(at).toString(16));
  return groups.join(':');
}

/** `address (4 or 16 bytes) · port i32 · commit log offset i64` in upper-case hex (Java: `MessageDecoder.createMessageId`). */
export function encodeOffsetMessageId(id: OffsetMessageId): string {
  const place = Buffer.alloc(12);
  place.writeInt32BE(id.port, 0);
  place.writeBigInt64BE(id.commitLogOffset, 4);
  return Buffer.concat([encodeHost(id.host), place])
    .toString('hex')
    .toUpperCase();
}

/** Reads an offset message id: 32 hex digits with an IPv4 host, 56 with an IPv6 one. */
export function decodeOffsetMessageId(text: string): OffsetMessageId {
  if (!/^([0-9A-Fa-f]{32}|[0-9A-Fa-f]{56})$/.test(text)) {
    throw new RemotingCommandError(`"${text}" is not an offset message id`, 0);
  }
  const bytes = Buffer.from(text, 'hex');
  const hostBytes = bytes.length - 12;
  return {
    host: decodeHost(bytes.subarray(0, hostBytes)),
    port: bytes.readInt32BE(hostBytes),
    commitLogOffset: bytes.readBigInt64BE(hostBytes + 4),
  };
}
