import { ClientInstance, type ResolvedClientOptions } from '../../../../functions/rocketmq/client/client-instance.ts';
import { type ClientOptions, clientOptionRules } from '../../../../functions/rocketmq/client-options.ts';
import { deadlineAfter } from '../../../../functions/rocketmq/deadline.ts';
import { resolveOptions } from '../../../../functions/rocketmq/options.ts';
import { decodeHeartbeatData, type HeartbeatData } from '../../../../functions/rocketmq/protocol/heartbeat-data.ts';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import type { TopicRouteData } from '../../../../functions/rocketmq/protocol/topic-route-data.ts';
import { type FrameServer, type ServerPeer, startFrameServer } from '../remoting/frame-server.ts';
import { GivenClock } from '../remoting/given-clock.ts';
import { nameServerOf, routeOver } from './routes.ts';

/**
 * A scripted name server and two scripted brokers, with clients over them whose clock stands still. Topic `T` is on
 * `broker-a`, `U` on `broker-b`. Everything is ended with it.
 */
export class SmallCluster implements AsyncDisposable {
  readonly clock = new GivenClock();
  readonly nameServer: FrameServer;
  readonly brokerA: FrameServer;
  readonly brokerB: FrameServer;
  /** What the name server knows; may be changed at any time. */
  readonly routes: Record<string, TopicRouteData>;
  readonly #clients: ClientInstance[] = [];

  constructor(nameServer: FrameServer, brokerA: FrameServer, brokerB: FrameServer) {
    this.nameServer = nameServer;
    this.brokerA = brokerA;
    this.brokerB = brokerB;
    this.routes = {
      T: routeOver({ 'broker-a': { 0: brokerA.addr, 1: '127.0.0.1:1' } }),
      U: routeOver({ 'broker-b': { 0: brokerB.addr } }),
    };
    nameServer.script = nameServerOf(this.routes);
  }

  /** A client with the name server as its only one and a producer group `orders`, unless told otherwise. */
  client(options: ClientOptions = { nameServerAddrs: [this.nameServer.addr] }, groups = ['orders']): ClientInstance {
    const resolved = resolveOptions('createClient', { clock: this.clock, ...options }, clientOptionRules);
    const client = new ClientInstance(resolved as ResolvedClientOptions);
    for (const group of groups) client.producerTable.register(group, {});
    this.#clients.push(client);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Nothing more is answered: who says goodbye is not waited for.
    await Promise.all([this.nameServer, this.brokerA, this.brokerB].map((server) => server.stop()));
    await Promise.all(this.#clients.map((client) => client.shutdown()));
  }
}

export async function startSmallCluster(): Promise<SmallCluster> {
  return new SmallCluster(await startFrameServer(), await startFrameServer(), await startFrameServer());
}

/** A request in place of a send: what it holds does not matter here. */
export const send = { code: RequestCode.SEND_MESSAGE_V2, extFields: { a: 'orders' } };

/** The heartbeats that came, over all connections or over one. */
export function heartbeatsAt(server: FrameServer | ServerPeer): HeartbeatData[] {
  const beats = server.requests.filter(({ code }) => code === RequestCode.HEART_BEAT);
  return beats.map(({ body }) => decodeHeartbeatData(body));
}

/** Long enough never to pass in a test. */
export const LONG_MS = 60_000;

/** A deadline that does not pass in a test. */
export const soon = () => deadlineAfter(LONG_MS);

/** Learns the route of a topic, and sends to each of its masters. */
export async function sendTo(client: ClientInstance, topic: string): Promise<void> {
  const { masterAddrs } = await client.publishInfo(topic, soon());
  for (const addr of masterAddrs.values()) await client.invoke(addr, send, LONG_MS);
}

/** One invocation, with some work or with nothing but what is due. */
export async function invocation(client: ClientInstance, work?: () => Promise<void>): Promise<void> {
  const upkeep = await client.beginInvocation(soon());
  await work?.();
  await upkeep.end();
}
