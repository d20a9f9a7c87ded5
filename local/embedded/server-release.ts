import { MQVersion } from '../../functions/rocketmq/protocol/mq-version.ts';
import type { SerializeType } from '../../functions/rocketmq/protocol/remoting-command.ts';

/** Whether a reported version number is one of the 5.x line; what differs between the lines hangs on this. */
export function isV5(version: number): boolean {
  return version >= MQVersion.V5_0_0;
}

/** Where RocketMQ's error remarks send their readers. */
export function faqAddress(version: number): string {
  return isV5(version) ? 'https://rocketmq.apache.org/docs/bestPractice/06FAQ' : 'http://rocketmq.apache.org/docs/faq/';
}

/** A remark with RocketMQ's pointer to its FAQ. */
export function withFaq(remark: string, version: number): string {
  return `${remark}\nSee ${faqAddress(version)} for further details.`;
}

/** What a server answers in: 4.9.4 to 4.9.8 follow the request, all others use their own setting. */
export function answerSerializeType(version: number, request: SerializeType, setting: SerializeType): SerializeType {
  return version >= MQVersion.V4_9_4 && !isV5(version) ? request : setting;
}

/** Clients above this version are told to go away by a server that shuts down gracefully. */
export const GO_AWAY_ABOVE_VERSION = MQVersion.V5_3_1;
