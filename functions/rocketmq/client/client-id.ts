import { randomBytes } from './random-bytes.ts';

/**
 * Client id `ip@instanceName[@unitName]` (Java: `ClientConfig.buildMQClientId`). Without an instance name it is
 * `pid#<64 random bits>`: address and pid repeat between sandboxes, and one reconnecting under its old id can lose its
 * new registration when the broker notices the death of the old connection.
 * @param localAddress of this host on its first connection. Java takes that of its first interface; to list them all would be
 *   0.4 ms of each cold start.
 */
export function newClientId(
  localAddress: string,
  instanceName: string | undefined,
  unitName: string | undefined,
): string {
  const ip = localAddress.includes(':') ? `[${localAddress}]` : localAddress;
  const instance = instanceName ?? `${process.pid}#${globalThis.Buffer.from(randomBytes(8)).toString('hex')}`;
  return [ip, instance, ...(unitName === undefined ? [] : [unitName])].join('@');
}
