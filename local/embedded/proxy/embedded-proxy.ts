import { RequestCode } from '../../../functions/rocketmq/protocol/request-code.ts';
import { ResponseCode } from '../../../functions/rocketmq/protocol/response-code.ts';
import type { TopicRouteData } from '../../../functions/rocketmq/protocol/topic-route-data.ts';
import type { EmbeddedBroker } from '../broker/embedded-broker.ts';
import { EmbeddedServer, type EmbeddedServerOptions } from '../embedded-server.ts';
import type { Answer, Exchange, RequestHandler } from '../exchange.ts';
import type { NameServerContext } from '../name-server/name-server-context.ts';
import { routeRequests } from '../name-server/route-requests.ts';
import type { ServerConnection } from '../server-connection.ts';
import { messageTypeFault } from './message-type.ts';
import { ProxiedClients } from './proxied-clients.ts';

/** Passed on to the broker that the request names. */
const FORWARDED: readonly number[] = [
  RequestCode.SEND_MESSAGE,
  RequestCode.SEND_MESSAGE_V2,
  RequestCode.SEND_BATCH_MESSAGE,
  RequestCode.RECALL_MESSAGE,
  RequestCode.PULL_MESSAGE,
  RequestCode.QUERY_CONSUMER_OFFSET,
  RequestCode.UPDATE_CONSUMER_OFFSET,
  RequestCode.GET_MAX_OFFSET,
  RequestCode.GET_MIN_OFFSET,
  RequestCode.SEARCH_OFFSET_BY_TIMESTAMP,
];

/** Name the broker by one letter. */
const SHORT_NAMES: readonly number[] = [RequestCode.SEND_MESSAGE_V2, RequestCode.SEND_BATCH_MESSAGE];
const SENDS: readonly number[] = [RequestCode.SEND_MESSAGE, ...SHORT_NAMES];

/**
 * The remoting port of a proxy in front of embedded brokers (Java: `RemotingProtocolServer`, cluster mode): name server and
 * broker in one, by its own address. Producers only; what it does not know is answered 3, as replies and queries are.
 */
export class EmbeddedProxy extends EmbeddedServer {
  readonly #brokers: readonly EmbeddedBroker[];
  readonly #clients: ProxiedClients;
  readonly #handlers: ReadonlyMap<number, RequestHandler>;

  /** `routes` knows where topics are: a name server. */
  constructor(options: EmbeddedServerOptions, brokers: readonly EmbeddedBroker[], routes: NameServerContext) {
    super(options);
    this.#brokers = brokers.filter(({ isSlave }) => !isSlave);
    // With flag 0, though it expects no answer.
    this.#clients = new ProxiedClients(this.#brokers, (connection, { code, extFields, body }) => {
      void this.call(connection, code, extFields, body, 0);
    });
    const here = {
      version: options.version,
      routeOf: (topic: string) => this.#routeOf(routes, topic),
      brokerDatas: () => [],
    };
    const [route] = routeRequests(here);
    this.#handlers = new Map([
      ...(route === undefined ? [] : [route]),
      ...FORWARDED.map((code): [number, RequestHandler] => [code, (exchange) => this.#forward(exchange)]),
      [RequestCode.HEART_BEAT, (exchange) => this.#clients.heartbeat(exchange, this.clock.now())],
      [RequestCode.UNREGISTER_CLIENT, (exchange) => this.#clients.unregister(exchange)],
      [RequestCode.END_TRANSACTION, (exchange) => this.#clients.endTransaction(exchange)],
    ]);
  }

  /** Every answer bears the proxy's own region and switch of traces. */
  override serve(exchange: Exchange): Answer | undefined | Promise<Answer | undefined> {
    const answer = super.serve(exchange);
    return answer instanceof Promise ? answer.then(withOwnFields) : withOwnFields(answer);
  }

  protected override handlerOf(code: number): RequestHandler | undefined {
    return this.#handlers.get(code);
  }

  protected override connectionClosed(connection: ServerConnection): void {
    this.#clients.connectionClosed(connection);
  }

  protected override serverStopped(): void {
    // It holds nothing but its clients, whose connections are closed.
  }

  #forward(exchange: Exchange): ReturnType<EmbeddedBroker['serve']> {
    const { code, extFields } = exchange.request;
    const name = extFields[SHORT_NAMES.includes(code) ? 'n' : 'bname'];
    if (name === undefined) {
      return { code: ResponseCode.VERSION_NOT_SUPPORTED, remark: "Request doesn't have field bname" };
    }
    if (SENDS.includes(code)) {
      const topic = extFields.b ?? extFields.topic ?? '';
      const config = this.#brokers.flatMap(({ topics }) => topics.get(topic) ?? [])[0];
      const remark = messageTypeFault(config, code, extFields);
      if (remark !== undefined) return { code: ResponseCode.MESSAGE_ILLEGAL, remark };
    }
    // To a broker that it does not know it says nothing at all.
    return this.#brokers.find((broker) => broker.name === name && broker.isRunning)?.serve(exchange);
  }

  /** Every broker is at the proxy's own address; order configuration and static queues are left out. */
  #routeOf(routes: NameServerContext, topic: string): TopicRouteData | undefined {
    const route = routes.routeOf(topic);
    if (route === undefined) return undefined;
    const brokerDatas = route.brokerDatas.map((data) => ({
      ...data,
      brokerAddrs: Object.fromEntries(Object.keys(data.brokerAddrs).map((id) => [id, this.addr])),
    }));
    return { ...route, brokerDatas, orderTopicConf: undefined, topicQueueMappingByBroker: undefined };
  }
}

function withOwnFields(answer: Answer | undefined): Answer | undefined {
  return answer && { ...answer, extFields: { ...answer.extFields, MSG_REGION: '', TRACE_ON: 'false' } };
}
