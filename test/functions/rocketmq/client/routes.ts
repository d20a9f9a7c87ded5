import type { RemotingCommand } from '../../../../functions/rocketmq/protocol/remoting-command.ts';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import { ResponseCode } from '../../../../functions/rocketmq/protocol/response-code.ts';
import {
  encodeTopicRouteData,
  type QueueData,
  type TopicQueueMapping,
  type TopicRouteData,
} from '../../../../functions/rocketmq/protocol/topic-route-data.ts';
import type { ScriptedAnswer } from '../remoting/frame-server.ts';

/** A route over brokers, given by name with their addresses by broker id; four queues that can be read and written. */
export function routeOver(
  brokers: Readonly<Record<string, Readonly<Record<string, string>>>>,
  queues: Partial<QueueData> = {},
): TopicRouteData {
  return {
    orderTopicConf: undefined,
    queueDatas: Object.keys(brokers).map((brokerName) => ({
      brokerName,
      readQueueNums: 4,
      writeQueueNums: 4,
      perm: 6,
      topicSysFlag: 0,
      ...queues,
    })),
    brokerDatas: Object.entries(brokers).map(([brokerName, brokerAddrs]) => ({
      cluster: 'DefaultCluster',
      brokerName,
      brokerAddrs,
    })),
    topicQueueMappingByBroker: undefined,
  };
}

/** Where a broker has logical queues of a static topic, of eight unless told otherwise. */
export function mappingOf(
  bname: string,
  currIdMap: Readonly<Record<string, number>>,
  { totalQueues = 8, epoch = 1 }: Partial<TopicQueueMapping> = {},
): TopicQueueMapping {
  return { topic: 'T', scope: '__global__', totalQueues, bname, epoch, currIdMap };
}

/** Script of a name server that knows the routes given, which may be changed while it runs. */
export function nameServerOf(routes: Readonly<Record<string, TopicRouteData>>) {
  return ({ code, extFields }: RemotingCommand): ScriptedAnswer => {
    if (code !== RequestCode.GET_ROUTEINFO_BY_TOPIC) return { code: ResponseCode.REQUEST_CODE_NOT_SUPPORTED };
    const route = routes[extFields.topic ?? ''];
    if (route === undefined) return denial;
    return { body: encodeTopicRouteData(route, 'standard') };
  };
}

const denial = { code: ResponseCode.TOPIC_NOT_EXIST, remark: 'No topic route info in name server for the topic' };

/** Script of a name server that knows no topic. */
export const knowNothing = (): ScriptedAnswer => denial;
