import { MQVersion } from '../../../functions/rocketmq/protocol/mq-version.ts';
import { RequestCode } from '../../../functions/rocketmq/protocol/request-code.ts';
import { ResponseCode } from '../../../functions/rocketmq/protocol/response-code.ts';
import { encodeTopicRouteData } from '../../../functions/rocketmq/protocol/topic-route-data.ts';
import type { Answer, Exchange, HandlerEntries } from '../exchange.ts';
import { withFaq } from '../server-release.ts';
import { bareKeysJson } from './bare-keys-json.ts';
import type { NameServerContext } from './name-server-context.ts';

/** GET_ROUTEINFO_BY_TOPIC and GET_BROKER_CLUSTER_INFO (Java: `ClientRequestProcessor`, `DefaultRequestProcessor`). */
export function routeRequests(nameServer: NameServerContext): HandlerEntries {
  return [
    [RequestCode.GET_ROUTEINFO_BY_TOPIC, (exchange) => route(nameServer, exchange)],
    [RequestCode.GET_BROKER_CLUSTER_INFO, () => clusterInfo(nameServer)],
  ];
}

function route(nameServer: NameServerContext, { request }: Exchange): Answer {
  const { topic, acceptStandardJsonOnly } = request.extFields;
  const found = topic === undefined ? undefined : nameServer.routeOf(topic);
  if (found === undefined) {
    const remark = withFaq(`No topic route info in name server for the topic: ${topic ?? null}`, nameServer.version);
    return { code: ResponseCode.TOPIC_NOT_EXIST, remark };
  }
  const knowsStandard = nameServer.version >= MQVersion.V4_9_4;
  const wantsStandard = request.version >= MQVersion.V4_9_4 || acceptStandardJsonOnly?.toLowerCase() === 'true';
  const body = encodeTopicRouteData(found, knowsStandard && wantsStandard ? 'standard' : 'bare-keys');
  return { code: ResponseCode.SUCCESS, body };
}

/** Always with bare numeric keys, whoever asks. */
function clusterInfo(nameServer: NameServerContext): Answer {
  const brokers = nameServer.brokerDatas();
  const brokerAddrTable = Object.fromEntries(brokers.map((broker) => [broker.brokerName, broker]));
  const clusterAddrTable = Object.fromEntries(
    brokers.map(({ cluster }) => [
      cluster,
      brokers.filter((broker) => broker.cluster === cluster).map(({ brokerName }) => brokerName),
    ]),
  );
  return { code: ResponseCode.SUCCESS, body: bareKeysJson({ brokerAddrTable, clusterAddrTable }) };
}
