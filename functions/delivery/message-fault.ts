import { BrokerError, MessageError, type RocketMQError, SendFailedError } from '#rocketmq';

/**
 * Whether the message itself is at fault, so that no broker will ever store it: found here, or by a broker that calls
 * it illegal. False for what may be stored already, for what a retry can help, and for faults of settings, rights or
 * servers.
 */
export function isMessageAtFault(error: RocketMQError): boolean {
  if (error.retryable || error.outcome === 'unknown') return false;
  if (error instanceof MessageError) return true;
  const { cause } = error;
  return (
    error instanceof SendFailedError && cause instanceof BrokerError && cause.responseCodeName === 'MESSAGE_ILLEGAL'
  );
}
