import type { ExtFields } from '../../../functions/rocketmq/protocol/ext-fields.ts';
import { RequestCode } from '../../../functions/rocketmq/protocol/request-code.ts';
import { ResponseCode } from '../../../functions/rocketmq/protocol/response-code.ts';
import type { TopicQueueMapping } from '../../../functions/rocketmq/protocol/topic-route-data.ts';
import type { Answer, Exchange, HandlerEntries, RequestHandler } from '../exchange.ts';
import type { BrokerContext } from './broker-context.ts';

/** Codes that name topic and queue by one letter. */
const SHORT_NAMES: ReadonlySet<number> = new Set([RequestCode.SEND_MESSAGE_V2, RequestCode.SEND_BATCH_MESSAGE]);

/**
 * Lets requests to static topics name logical queues: what they wrap sees the broker's own queue, and what it answers names
 * the logical one again. A logical queue of another broker is answered 501 (Java: `rewriteRequestForStaticTopic`).
 */
export function withLogicalQueues(broker: BrokerContext, entries: HandlerEntries): HandlerEntries {
  return entries.map(([code, handler]) => [code, translated(broker, code, handler)]);
}

function translated(broker: BrokerContext, code: number, handler: RequestHandler): RequestHandler {
  const [topicField, queueField] = SHORT_NAMES.has(code) ? ['b', 'e'] : ['topic', 'queueId'];
  return (exchange) => {
    const { extFields } = exchange.request;
    const mapping = broker.staticQueues.get(extFields[topicField] ?? '');
    // Marked so by a broker that passed it on: it names the broker's own queue already.
    if (mapping === undefined || extFields.lo === 'false') return handler(exchange);
    const logicalId = chosenQueue(mapping, Number(extFields[queueField]));
    const ownId = mapping.currIdMap[logicalId];
    if (ownId === undefined) return notLeader(mapping, logicalId);
    const answer = handler(renamed(exchange, { ...extFields, [queueField]: String(ownId) }));
    return answer instanceof Promise ? answer.then((late) => logical(late, logicalId)) : logical(answer, logicalId);
  };
}

/** A queue below 0 leaves the choice to the broker. */
function chosenQueue({ currIdMap }: TopicQueueMapping, queueId: number): number {
  return queueId >= 0 ? queueId : Number(Object.keys(currIdMap)[0] ?? -1);
}

function notLeader({ topic, bname }: TopicQueueMapping, queueId: number): Answer {
  const remark = `${topic}-${queueId} does not exit in request process of current broker ${bname}`;
  return { code: ResponseCode.NOT_LEADER_FOR_QUEUE, remark };
}

function renamed({ request, connection }: Exchange, extFields: ExtFields): Exchange {
  return { request: { ...request, extFields }, connection };
}

function logical(answer: Answer | undefined, logicalId: number): Answer | undefined {
  if (answer?.extFields?.queueId === undefined) return answer;
  return { ...answer, extFields: { ...answer.extFields, queueId: String(logicalId) } };
}
