import type { Buffer } from 'node:buffer';
import type { StoredMessage } from '../../../functions/rocketmq/protocol/stored-message.ts';

/** A message in the store, with the bytes that pulls and queries answer. */
export interface StoreEntry {
  readonly message: StoredMessage;
  readonly bytes: Buffer;
}
