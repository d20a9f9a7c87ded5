import { Buffer } from 'node:buffer';
import { encodePullMessage, PullSysFlag } from '../functions/rocketmq/protocol/pull-message-header.ts';
import type { RemotingCommand } from '../functions/rocketmq/protocol/remoting-command.ts';
import { RequestCode } from '../functions/rocketmq/protocol/request-code.ts';
import { ResponseCode, responseCodeName } from '../functions/rocketmq/protocol/response-code.ts';
import { decodeStoredMessages, type StoredMessage } from '../functions/rocketmq/protocol/stored-message.ts';
import { encodeCreateTopic, type TopicConfig } from '../functions/rocketmq/protocol/topic-config.ts';
import {
  type BrokerData,
  decodeTopicRouteData,
  MASTER_ID,
  parseDialectJson,
  type TopicRouteData,
} from '../functions/rocketmq/protocol/topic-route-data.ts';
import { AdminConnection, type AdminRequest } from './admin-connection.ts';
import { allDispatched } from './all-dispatched.ts';
import { poll } from './poll.ts';

export interface AdminClientOptions {
  /** As `host:port`. */
  readonly nameServerAddrs: readonly string[];
  /** Masters that topics are created on, as `host:port`. Default: those that the name servers know. */
  readonly brokerAddrs?: readonly string[];
}

/** One queue on one broker. */
export interface QueuePlace {
  readonly topic: string;
  readonly brokerName: string;
  readonly queueId: number;
}

/** After so many looks in vain a topic is created again. */
const ROUNDS_BEFORE_REPEAT = 300;
/** A real broker tells name servers of a topic within milliseconds, but 30 s later when that went wrong. */
const ROUTE_LIMIT_MS = 45_000;
/** A real broker makes a stored message visible within milliseconds. */
const VISIBLE_LIMIT_MS = 5_000;

/**
 * Creates topics on a cluster and reads back what is stored in it, over the remoting protocol, on connections of its own:
 * what "read back from the broker" means everywhere in this project. Works alike on embedded and real clusters. To be closed.
 */
export class AdminClient implements AsyncDisposable {
  readonly #options: AdminClientOptions;
  readonly #connections = new Map<string, Promise<AdminConnection>>();

  constructor(options: AdminClientOptions) {
    this.#options = options;
  }

  /**
   * Creates a topic on every master, or changes it, and resolves when the route of every reachable name server shows it.
   * @throws Error when a broker refuses, or no name server shows the topic within 45 s.
   */
  async createTopic(config: TopicConfig): Promise<void> {
    const masters = this.#options.brokerAddrs ?? (await this.#knownMasters());
    const create = () => Promise.all(masters.map((addr) => this.#createOn(addr, config)));
    await create();
    await poll(ROUTE_LIMIT_MS, `the route of topic ${config.topic} with ${masters.join(' and ')}`, async (round) => {
      // Creating it again makes a broker register again, should the first registration have been lost.
      if (round % ROUNDS_BEFORE_REPEAT === ROUNDS_BEFORE_REPEAT - 1) await create();
      const routes = await this.#fromNameServers((addr) => this.#routeFrom(addr, config.topic));
      return routes.every((route) => route !== undefined && shows(route, config, masters)) ? true : undefined;
    });
  }

  /** The route of a topic, from the first name server that answers; `undefined` when it has none. */
  async route(topic: string): Promise<TopicRouteData | undefined> {
    const [route] = await this.#fromNameServers((addr) => this.#routeFrom(addr, topic));
    return route;
  }

  /** The offset that the next message of a queue will get. */
  async maxOffset({ topic, brokerName, queueId }: QueuePlace): Promise<bigint> {
    const route = await this.#requiredRoute(topic);
    return this.#offset(RequestCode.GET_MAX_OFFSET, addrOf(route, brokerName), topic, queueId);
  }

  /**
   * Every message of a topic that is visible now, by pulling each queue of each broker from its first to its last offset;
   * in the order of brokers in the route, queues and offsets. Bodies are as stored: compressed where `sysFlag` says so.
   * @throws Error when the topic has no route, or a broker does not answer.
   */
  async readAll(topic: string): Promise<StoredMessage[]> {
    const route = await this.#requiredRoute(topic);
    const names = new Set(route.queueDatas.map(({ brokerName }) => brokerName));
    const addrs = Array.from(names, (brokerName) => addrOf(route, brokerName));
    await Promise.all(addrs.map((addr) => allDispatched((request) => this.#request(addr, request))));
    const queues = route.queueDatas.flatMap(({ brokerName, readQueueNums }) =>
      Array.from({ length: readQueueNums }, (_, queueId) => this.#readQueue(route, { topic, brokerName, queueId })),
    );
    return (await Promise.all(queues)).flat();
  }

  /** Closes its connections. It may be used again after that: it connects anew. */
  async close(): Promise<void> {
    const opened = await Promise.allSettled(this.#connections.values());
    this.#connections.clear();
    await Promise.all(opened.map((result) => (result.status === 'fulfilled' ? result.value.close() : undefined)));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #readQueue(route: TopicRouteData, { topic, brokerName, queueId }: QueuePlace): Promise<StoredMessage[]> {
    const addr = addrOf(route, brokerName);
    const messages: StoredMessage[] = [];
    let offset = await this.#offset(RequestCode.GET_MIN_OFFSET, addr, topic, queueId);
    const end = await this.#settledMaxOffset(addr, topic, queueId);
    while (offset < end) {
      const answer = await poll(VISIBLE_LIMIT_MS, `offset ${offset} of ${topic} queue ${queueId} on ${addr}`, () =>
        this.#pull(addr, { topic, brokerName, queueId }, offset),
      );
      if (answer.code === ResponseCode.SUCCESS) messages.push(...decodeStoredMessages(Buffer.from(answer.body)));
      offset = BigInt(answer.extFields.nextBeginOffset ?? end);
    }
    return messages;
  }

  /** An answer that leads on; `undefined` while the broker has stored the message but does not show it yet. */
  async #pull(addr: string, place: QueuePlace, offset: bigint): Promise<RemotingCommand | undefined> {
    const extFields = encodePullMessage({
      ...place,
      consumerGroup: 'rocketmq_lambda_admin',
      queueOffset: offset,
      maxMsgNums: 32,
      sysFlag: PullSysFlag.SUBSCRIPTION,
      commitOffset: 0n,
      suspendTimeoutMs: 0,
      subscription: '*',
    });
    const answer = await this.#request(addr, { code: RequestCode.PULL_MESSAGE, extFields });
    const { SUCCESS, PULL_NOT_FOUND, PULL_RETRY_IMMEDIATELY, PULL_OFFSET_MOVED } = ResponseCode;
    if (![SUCCESS, PULL_NOT_FOUND, PULL_RETRY_IMMEDIATELY, PULL_OFFSET_MOVED].some((code) => code === answer.code)) {
      throw refused(addr, `pull of ${place.topic} queue ${place.queueId}`, answer);
    }
    const leadsOn = answer.code === SUCCESS || BigInt(answer.extFields.nextBeginOffset ?? offset) > offset;
    return leadsOn ? answer : undefined;
  }

  /**
   * 5.x tells the offset it has given out, visible or not. 4.9 tells the visible one only, which lags behind while a broker
   * that was just started cannot say how far it is: it is asked until it says the same twice.
   */
  async #settledMaxOffset(addr: string, topic: string, queueId: number): Promise<bigint> {
    let last: bigint | undefined;
    return poll(VISIBLE_LIMIT_MS, `a steady end of ${topic} queue ${queueId} on ${addr}`, async () => {
      const max = await this.#offset(RequestCode.GET_MAX_OFFSET, addr, topic, queueId);
      const isSteady = max === last;
      last = max;
      return isSteady ? max : undefined;
    });
  }

  async #offset(code: number, addr: string, topic: string, queueId: number): Promise<bigint> {
    const extFields = { topic, queueId: String(queueId), committed: 'false' };
    const answer = await this.#request(addr, { code, extFields });
    if (answer.code !== ResponseCode.SUCCESS) throw refused(addr, `offset of ${topic} queue ${queueId}`, answer);
    return BigInt(answer.extFields.offset ?? 0);
  }

  async #createOn(addr: string, config: TopicConfig): Promise<void> {
    const request = { code: RequestCode.UPDATE_AND_CREATE_TOPIC, extFields: encodeCreateTopic(config) };
    const answer = await this.#request(addr, request);
    if (answer.code !== ResponseCode.SUCCESS) throw refused(addr, `creation of topic ${config.topic}`, answer);
  }

  /** Masters that the first name server to answer knows; waits for the first, because a new broker registers in the background. */
  #knownMasters(): Promise<readonly string[]> {
    return poll(ROUTE_LIMIT_MS, 'a broker at the name servers', async () => {
      const [masters = []] = await this.#fromNameServers(async (addr) => {
        const { body } = await this.#request(addr, { code: RequestCode.GET_BROKER_CLUSTER_INFO });
        const info = parseDialectJson(Buffer.from(body).toString()) as { brokerAddrTable?: Record<string, BrokerData> };
        return Object.values(info.brokerAddrTable ?? {}).flatMap(({ brokerAddrs }) => brokerAddrs[MASTER_ID] ?? []);
      });
      return masters.length > 0 ? masters : undefined;
    });
  }

  async #requiredRoute(topic: string): Promise<TopicRouteData> {
    const route = await this.route(topic);
    if (route === undefined) throw new Error(`topic ${topic} has no route: create it first, or start its brokers`);
    return route;
  }

  async #routeFrom(addr: string, topic: string): Promise<TopicRouteData | undefined> {
    const answer = await this.#request(addr, { code: RequestCode.GET_ROUTEINFO_BY_TOPIC, extFields: { topic } });
    if (answer.code === ResponseCode.TOPIC_NOT_EXIST) return undefined;
    if (answer.code !== ResponseCode.SUCCESS) throw refused(addr, `route of ${topic}`, answer);
    return decodeTopicRouteData(answer.body);
  }

  /** What each name server that can be reached says. @throws AggregateError when none can. */
  async #fromNameServers<T>(ask: (addr: string) => Promise<T>): Promise<T[]> {
    const results = await Promise.allSettled(this.#options.nameServerAddrs.map(ask));
    const answers = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    if (answers.length > 0) return answers;
    const reasons = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    throw new AggregateError(reasons, `no name server of ${this.#options.nameServerAddrs.join(', ')} answers`);
  }

  async #request(addr: string, request: AdminRequest): Promise<RemotingCommand> {
    const connection = await (this.#connections.get(addr) ?? this.#open(addr));
    return connection.request(request);
  }

  /** Opens the one connection to an address; forgotten when it fails or ends, so that the next request opens another. */
  #open(addr: string): Promise<AdminConnection> {
    const opening = AdminConnection.open(addr);
    this.#connections.set(addr, opening);
    const forget = () => {
      if (this.#connections.get(addr) === opening) this.#connections.delete(addr);
    };
    opening.then((connection) => connection.closed()).then(forget, forget);
    return opening;
  }
}

function refused(addr: string, what: string, { code, remark }: RemotingCommand): Error {
  return new Error(`${what} refused by ${addr}: ${code} ${responseCodeName(code)}, ${remark ?? 'no remark'}`);
}

/** Whether a route has the topic as it is meant to be on each of the masters. */
function shows(route: TopicRouteData, config: TopicConfig, masters: readonly string[]): boolean {
  const names = route.brokerDatas.filter(({ brokerAddrs }) => masters.includes(brokerAddrs[MASTER_ID] ?? ''));
  const asMeant = names.filter(({ brokerName }) =>
    route.queueDatas.some(
      (queue) =>
        queue.brokerName === brokerName &&
        queue.readQueueNums === config.readQueueNums &&
        queue.writeQueueNums === config.writeQueueNums &&
        queue.perm === config.perm,
    ),
  );
  return asMeant.length === masters.length;
}

/** Where to read a broker's queues: its master, else the slave with the lowest id. */
function addrOf(route: TopicRouteData, brokerName: string): string {
  const brokerAddrs = route.brokerDatas.find((broker) => broker.brokerName === brokerName)?.brokerAddrs ?? {};
  const id = Object.keys(brokerAddrs).sort((a, b) => Number(a) - Number(b))[0];
  const addr = id === undefined ? undefined : brokerAddrs[id];
  if (addr === undefined) throw new Error(`the route has no address of ${brokerName}`);
  return addr;
}
