import { MQVersion } from '../../functions/rocketmq/protocol/mq-version.ts';
import type { SerializeType } from '../../functions/rocketmq/protocol/remoting-command.ts';
import { ResponseCode } from '../../functions/rocketmq/protocol/response-code.ts';
import type { Answer } from './exchange.ts';

/** Whether a reported version number is one of the 5.x line; what differs between the lines hangs on this. */
export function isV5(version: number): boolean {
  return version >= MQVersion.V5_0_0;
}

/** Where RocketMQ's error remarks send their readers. */
function faqAddress(version: number): string {
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

/** From 5.1.0 on brokers name themselves in requests to clients, and know the broker name in requests to them. */
export const V5_1_0 = MQVersion.V5_0_0 + 20;
/** From 5.3.0 on END_TRANSACTION and CHECK_TRANSACTION_STATE name a topic, and there is ACL 2.0. */
export const V5_3_0 = MQVersion.V5_3_1 - 2;

/** Clients above this version are told to go away by a server that shuts down gracefully. */
export const GO_AWAY_ABOVE_VERSION = MQVersion.V5_3_1;

/** The answer to a request code that a server does not know. */
export function unsupportedRequest(code: number): Answer {
  return { code: ResponseCode.REQUEST_CODE_NOT_SUPPORTED, remark: ` request type ${code} not supported` };
}
