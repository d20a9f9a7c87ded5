export type { InvocationUpkeep } from './client/client-instance.ts';
export type { DueTaskReport } from './client/due-work.ts';
export { checkNameServerAddrs } from './client/name-server-lookup.ts';
export type { ClientSecurity } from './client/security.ts';
export { holdsCertificate } from './client/tls-faults.ts';
export type { MessageQueue } from './client/topic-publish-info.ts';
export { type ClientOptions, clientOptionRules } from './client-options.ts';
export { type Clock, monotonicMs } from './clock.ts';
export { type Client, createClient } from './create-client.ts';
export { type Deadline, deadlineAfter, earlierBy, earlierOf } from './deadline.ts';
export * from './errors.ts';
export type { OptionRule } from './options.ts';
export type { Message } from './producer/message.ts';
export { delayFault } from './producer/message-delay.ts';
export type { QueryOptions, QueryResult } from './producer/message-query.ts';
export { groupFault, topicFault } from './producer/names.ts';
export { type OpenTelemetryApi, openTelemetryHook } from './producer/open-telemetry-hook.ts';
export type { ProducerCalls as Producer } from './producer/producer.ts';
export type { ReplyMessage } from './producer/request-reply.ts';
export type { SendHook, SendHookContext } from './producer/send-hook.ts';
export type { SendAllOptions, SendOptions, TransactionOptions } from './producer/send-options.ts';
export type { SendOutcome, SendResult, SendStatus } from './producer/send-result.ts';
export type {
  CheckedMessage,
  LocalTransaction,
  PendingReason,
  TransactionCheckListener,
  TransactionCheckReport,
  TransactionContext,
  TransactionOutcome,
  TransactionResult,
} from './producer/transaction.ts';
export { type ProducerOptions, producerOptionRules } from './producer-options.ts';
export type { AclCredentials } from './protocol/acl-signature.ts';
export type { ExtFields } from './protocol/ext-fields.ts';
export { RESERVED_PROPERTIES } from './protocol/message-properties.ts';
export type { RemotingCommand } from './protocol/remoting-command.ts';
export { encodeUniqKey, UNIQ_KEY_ORIGIN_BYTES } from './protocol/uniq-key.ts';
export type { OutgoingRequest } from './remoting/outgoing-request.ts';
export type { RpcHook } from './remoting/rpc-hook.ts';
export type { TlsSettings } from './remoting/tls-settings.ts';
