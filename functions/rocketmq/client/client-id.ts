import { networkInterfaces } from 'node:os';
import { randomBytes } from './random-bytes.ts';

/**
 * Client id `ip@instanceName[@unitName]` (Java: `ClientConfig.buildMQClientId`). Without an instance name it is
 * `pid#<64 random bits>`: address and pid repeat between sandboxes, and one reconnecting under its old id can lose its
 * new registration when the broker notices the death of the old connection.
 */
export function newClientId(instanceName: string | undefined, unitName: string | undefined): string {
  const instance = instanceName ?? `${process.pid}#${globalThis.Buffer.from(randomBytes(8)).toString('hex')}`;
  return [localAddress(), instance, ...(unitName === undefined ? [] : [unitName])].join('@');
}

/** First address that is not loopback, IPv4 before IPv6; the loopback address where there is no other. */
function localAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const outward = addresses.filter(({ internal }) => !internal);
  const chosen = outward.find(({ family }) => family === 'IPv4') ?? outward[0];
  if (chosen === undefined) return '127.0.0.1';
  return chosen.family === 'IPv6' ? `[${chosen.address}]` : chosen.address;
}
