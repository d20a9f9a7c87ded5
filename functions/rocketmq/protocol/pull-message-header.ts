import { type ExtFields, requiredField, requiredInteger } from './ext-fields.ts';

/** Bits of a pull's sysFlag (Java: `PullSysFlag`). */
export const PullSysFlag = { COMMIT_OFFSET: 1, SUSPEND: 2, SUBSCRIPTION: 4, CLASS_FILTER: 8, LITE_PULL: 16 } as const;

/** Header of PULL_MESSAGE (Java: `PullMessageRequestHeader`). */
export interface PullMessageHeader {
  readonly consumerGroup: string;
  readonly topic: string;
  readonly queueId: number;
  readonly queueOffset: bigint;
  readonly maxMsgNums: number;
  readonly sysFlag: number;
  readonly commitOffset: bigint;
  /** How long the broker may hold the request while the queue has nothing new; with `PullSysFlag.SUSPEND` only. */
  readonly suspendTimeoutMs: number;
  readonly subscription: string;
  /** Broker the request is meant for; a proxy needs it. Empty: not said. */
  readonly brokerName: string;
}

export function encodePullMessage(header: PullMessageHeader): ExtFields {
  return {
    consumerGroup: header.consumerGroup,
    topic: header.topic,
    queueId: String(header.queueId),
    queueOffset: String(header.queueOffset),
    maxMsgNums: String(header.maxMsgNums),
    sysFlag: String(header.sysFlag),
    commitOffset: String(header.commitOffset),
    suspendTimeoutMillis: String(header.suspendTimeoutMs),
    subscription: header.subscription,
    subVersion: '0',
    expressionType: 'TAG',
    bname: header.brokerName === '' ? undefined : header.brokerName,
  };
}

/** Reads the header of PULL_MESSAGE. @throws RemotingCommandError naming a missing or malformed field. */
export function decodePullMessage(ext: ExtFields): PullMessageHeader {
  return {
    consumerGroup: requiredField(ext, 'consumerGroup'),
    topic: requiredField(ext, 'topic'),
    queueId: Number(requiredInteger(ext, 'queueId')),
    queueOffset: requiredInteger(ext, 'queueOffset'),
    maxMsgNums: Number(requiredInteger(ext, 'maxMsgNums')),
    sysFlag: Number(requiredInteger(ext, 'sysFlag')),
    commitOffset: requiredInteger(ext, 'commitOffset'),
    suspendTimeoutMs: Number(requiredInteger(ext, 'suspendTimeoutMillis')),
    subscription: ext.subscription ?? '*',
    brokerName: ext.bname ?? '',
  };
}
