import { Buffer } from 'node:buffer';
import { RemotingCommandError } from '../errors.ts';

/** What a client tells a broker of itself: who it is and which groups it speaks for (Java: `HeartbeatData`). */
export interface HeartbeatData {
  readonly clientID: string;
  readonly producerGroups: readonly string[];
  /** Consumer data as the wire has it; a producer sends none. */
  readonly consumerDataSet: readonly Readonly<Record<string, unknown>>[];
}

/** Body of HEART_BEAT, first version (fingerprint 0, subscriptions included): the one a producer sends. */
export function encodeHeartbeatData(data: HeartbeatData): Buffer {
  return Buffer.from(
    JSON.stringify({
      clientID: data.clientID,
      consumerDataSet: data.consumerDataSet,
      heartbeatFingerprint: 0,
      producerDataSet: data.producerGroups.map((groupName) => ({ groupName })),
      withoutSub: false,
    }),
  );
}

/** Reads the body of HEART_BEAT. @throws RemotingCommandError when it is none. */
export function decodeHeartbeatData(body: Uint8Array): HeartbeatData {
  let data: unknown;
  try {
    data = JSON.parse(new TextDecoder().decode(body));
  } catch (cause) {
    throw new RemotingCommandError('heartbeat is not JSON', 0, cause);
  }
  const { clientID, producerDataSet, consumerDataSet } = (data ?? {}) as Record<string, unknown>;
  if (typeof clientID !== 'string' || clientID === '') throw new RemotingCommandError('heartbeat without clientID', 0);
  const producers: unknown[] = Array.isArray(producerDataSet) ? producerDataSet : [];
  const consumers: unknown[] = Array.isArray(consumerDataSet) ? consumerDataSet : [];
  return {
    clientID,
    producerGroups: producers.flatMap((entry) =>
      isObject(entry) && typeof entry.groupName === 'string' ? [entry.groupName] : [],
    ),
    consumerDataSet: consumers.filter(isObject),
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
