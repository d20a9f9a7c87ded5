import { Buffer } from 'node:buffer';

/**
 * Names a timer message that waits, so that it can be recalled: URL-safe Base64, with padding, of
 * `v1 topic broker instant id` (Java: `RecallMessageHandle`).
 * @param recallAt epoch ms: the instant of the timer as the broker floored it, plus 1.
 */
export function recallHandle(topic: string, brokerName: string, recallAt: number, uniqKey: string): string {
  const text = ['v1', topic, brokerName, recallAt, uniqKey].join(' ');
  return Buffer.from(text).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}
