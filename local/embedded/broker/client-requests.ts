import { Buffer } from 'node:buffer';
import { requiredField } from '../../../functions/rocketmq/protocol/ext-fields.ts';
import { decodeHeartbeatData } from '../../../functions/rocketmq/protocol/heartbeat-data.ts';
import { MQVersion } from '../../../functions/rocketmq/protocol/mq-version.ts';
import { RequestCode } from '../../../functions/rocketmq/protocol/request-code.ts';
import { ResponseCode } from '../../../functions/rocketmq/protocol/response-code.ts';
import type { Answer, Exchange, HandlerEntries } from '../exchange.ts';
import type { BrokerContext } from './broker-context.ts';
import { RETRY_PREFIX } from './topic-name.ts';

/** HEART_BEAT, UNREGISTER_CLIENT and GET_CONSUMER_LIST_BY_GROUP (Java: `ClientManageProcessor`). */
export function clientRequests(broker: BrokerContext): HandlerEntries {
  return [
    [RequestCode.HEART_BEAT, (exchange) => heartbeat(broker, exchange)],
    [RequestCode.UNREGISTER_CLIENT, (exchange) => unregister(broker, exchange)],
    [RequestCode.GET_CONSUMER_LIST_BY_GROUP, (exchange) => consumerList(broker, exchange)],
  ];
}

/** From 5.1.3 on brokers say that they know the second version of heartbeats. */
const V5_1_3 = MQVersion.V5_1_4 - 2;

function heartbeat(broker: BrokerContext, { request, connection }: Exchange): Answer {
  const { clientID, producerGroups, consumerDataSet } = decodeHeartbeatData(request.body);
  const { language, version } = request;
  const client = { connection, clientId: clientID, language, version, lastHeartbeatAt: broker.clock.now() };
  for (const group of producerGroups) broker.producers.register(group, client);
  for (const group of broker.subscriptions.register(consumerDataSet)) {
    broker.topics.ofGroup(`${RETRY_PREFIX}${group}`);
    if (broker.consumers.register(group, client)) notifyConsumers(broker, group);
  }
  if (broker.version < V5_1_3) return { code: ResponseCode.SUCCESS };
  return { code: ResponseCode.SUCCESS, extFields: { IS_SUPPORT_HEART_BEAT_V2: 'true', IS_SUB_CHANGE: 'true' } };
}

/** Only the registrations of this connection end; it stays open. What was never registered is fine too. */
function unregister(broker: BrokerContext, { request, connection }: Exchange): Answer {
  const { producerGroup, consumerGroup } = request.extFields;
  const clientId = requiredField(request.extFields, 'clientID');
  if (producerGroup !== undefined) broker.producers.unregister(producerGroup, connection, clientId);
  if (consumerGroup !== undefined && broker.consumers.unregister(consumerGroup, connection) !== undefined) {
    notifyConsumers(broker, consumerGroup);
  }
  return { code: ResponseCode.SUCCESS };
}

function consumerList(broker: BrokerContext, { request }: Exchange): Answer {
  const group = requiredField(request.extFields, 'consumerGroup');
  const consumerIdList = broker.consumers.clients(group).map(({ clientId }) => clientId);
  if (consumerIdList.length === 0) {
    return { code: ResponseCode.SYSTEM_ERROR, remark: `no consumer for this group, ${group}` };
  }
  return { code: ResponseCode.SUCCESS, body: Buffer.from(JSON.stringify({ consumerIdList })) };
}

/** Tells the consumers of a group that they are more, or fewer, now, so that they share the queues anew. */
export function notifyConsumers(broker: BrokerContext, group: string): void {
  for (const { connection } of broker.consumers.clients(group)) {
    broker.pushTo(connection, RequestCode.NOTIFY_CONSUMER_IDS_CHANGED, { consumerGroup: group });
  }
}
