import { Buffer } from 'node:buffer';
import { requiredField } from '../../../functions/rocketmq/protocol/ext-fields.ts';
import { decodeHeartbeatData } from '../../../functions/rocketmq/protocol/heartbeat-data.ts';
import { RequestCode } from '../../../functions/rocketmq/protocol/request-code.ts';
import { ResponseCode } from '../../../functions/rocketmq/protocol/response-code.ts';
import { decodeStoredMessages } from '../../../functions/rocketmq/protocol/stored-message.ts';
import type { EmbeddedBroker } from '../broker/embedded-broker.ts';
import type { BrokerRequest } from '../broker/producer-table.ts';
import type { Answer, Exchange } from '../exchange.ts';
import type { ServerConnection } from '../server-connection.ts';

/**
 * The producers of a proxy: registered with every broker as reached through it (Java: `RemotingChannel`,
 * `ProxyTransactionService`). It passes a broker's question on with the real topic and without the broker's own names, and
 * remembers the transactions that were asked for: of all others it knows nothing, and drops their ends.
 */
export class ProxiedClients {
  readonly #brokers: readonly EmbeddedBroker[];
  readonly #ask: (connection: ServerConnection, request: BrokerRequest) => void;
  /** The broker of each transaction that was asked for, by transaction id. */
  readonly #asked = new Map<string, EmbeddedBroker>();

  constructor(brokers: readonly EmbeddedBroker[], ask: (connection: ServerConnection, request: BrokerRequest) => void) {
    this.#brokers = brokers;
    this.#ask = ask;
  }

  heartbeat({ request, connection }: Exchange, now: number): Answer {
    const { clientID: clientId, producerGroups } = decodeHeartbeatData(request.body);
    const { language, version } = request;
    for (const broker of this.#brokers) {
      const relay = (question: BrokerRequest) => this.#relay(broker, connection, question);
      const client = { connection, clientId, language, version, lastHeartbeatAt: now, relay };
      for (const group of producerGroups) broker.producers.register(group, client);
    }
    return { code: ResponseCode.SUCCESS, remark: '' };
  }

  unregister({ request, connection }: Exchange): Answer {
    const clientId = requiredField(request.extFields, 'clientID');
    const { producerGroup } = request.extFields;
    for (const { producers } of this.#brokers) {
      if (producerGroup !== undefined) producers.unregister(producerGroup, connection, clientId);
    }
    return { code: ResponseCode.SUCCESS };
  }

  /** Passes the end of a transaction on that was asked for; any other is answered as well, and lost. */
  endTransaction(exchange: Exchange): ReturnType<EmbeddedBroker['serve']> {
    const { transactionId = '' } = exchange.request.extFields;
    const broker = this.#asked.get(transactionId);
    if (broker === undefined) return { code: ResponseCode.SUCCESS };
    this.#asked.delete(transactionId);
    return broker.serve(exchange);
  }

  connectionClosed(connection: ServerConnection): void {
    for (const { producers } of this.#brokers) producers.connectionClosed(connection);
  }

  #relay(broker: EmbeddedBroker, connection: ServerConnection, { code, extFields, body }: BrokerRequest): void {
    if (code !== RequestCode.CHECK_TRANSACTION_STATE) return;
    const { bname: _, offsetMsgId: __, ...kept } = extFields;
    this.#asked.set(kept.transactionId ?? '', broker);
    this.#ask(connection, {
      code,
      extFields: { ...kept, topic: decodeStoredMessages(Buffer.from(body))[0]?.topic },
      body,
    });
  }
}
