import { Buffer } from 'node:buffer';
import type { Deadline } from '../deadline.ts';
import {
  AccessDeniedError,
  BrokerError,
  NoNameServerError,
  RocketMQError,
  TopicRouteNotFoundError,
} from '../errors.ts';
import { RequestCode } from '../protocol/request-code.ts';
import { ResponseCode, responseCodeName } from '../protocol/response-code.ts';
import { decodeTopicRouteData, type TopicRouteData } from '../protocol/topic-route-data.ts';
import type { RemotingClient } from '../remoting/remoting-client.ts';
import { isAccessDenial } from './access-denial.ts';

/** A server tried is given at least this much, whatever is left for the others. */
const SMALLEST_SLICE_MS = 100;

/**
 * Asks name servers for routes. It keeps to one server while that answers; when it does not, the others are tried in
 * random order, all within the one deadline of the question.
 */
export class NameServerClient {
  readonly #remoting: RemotingClient;
  #addrs: readonly string[] = [];
  #chosen: string | undefined;
  /** The last route answered, by topic. The next answer has the same bytes most of the time, and need not be read then. */
  readonly #answered = new Map<string, { readonly body: Uint8Array; readonly route: TopicRouteData }>();

  constructor(remoting: RemotingClient) {
    this.#remoting = remoting;
  }

  /** The servers in use. */
  get nameServerAddrs(): readonly string[] {
    return this.#addrs;
  }

  /**
   * Replaces the servers. The connection to one that left the list takes no more requests, for it may serve an old cluster for ever; what
   * waits on it is answered: behind a proxy it carries sends.
   */
  update(addrs: readonly string[]): void {
    for (const addr of this.#addrs) {
      if (!addrs.includes(addr)) this.#remoting.retire(addr);
    }
    this.#addrs = [...addrs];
    if (this.#chosen !== undefined && !addrs.includes(this.#chosen)) this.#chosen = undefined;
  }

  /**
   * The route of a topic.
   * @throws TopicRouteNotFoundError when a server answered and none knows the topic.
   * @throws AccessDeniedError when one denies access, as proxies do.
   * @throws NoNameServerError when there is no server, or none answered; `cause` has each failure.
   */
  async topicRoute(topic: string, deadline: Deadline): Promise<TopicRouteData> {
    if (this.#addrs.length === 0) throw new NoNameServerError('no name server is configured', []);
    const failures: unknown[] = [];
    const denials: string[] = [];
    const order = this.#order();
    for (const [index, addr] of order.entries()) {
      const remainingMs = deadline.remainingMs();
      if (remainingMs <= 0) break;
      // A server may have left the list meanwhile: what it says is of another cluster, or of none.
      if (!this.#addrs.includes(addr)) continue;
      const sliceMs = Math.min(remainingMs, Math.max(SMALLEST_SLICE_MS, remainingMs / (order.length - index)));
      try {
        const route = await this.#ask(addr, topic, sliceMs);
        if (this.#addrs.includes(addr)) this.#chosen = addr;
        return route;
      } catch (error) {
        failures.push(error);
        if (error instanceof BrokerError && error.responseCode === ResponseCode.TOPIC_NOT_EXIST) denials.push(addr);
        else if (this.#chosen === addr) this.#chosen = undefined;
      }
    }
    const cause = failures.length === 1 ? failures[0] : new AggregateError(failures, 'each name server failed');
    if (denials.length > 0) throw new TopicRouteNotFoundError(topic, denials, cause);
    const denied = failures.find((error) => error instanceof AccessDeniedError);
    if (denied !== undefined) throw denied;
    const told = failures.map((error) => (error instanceof RocketMQError ? error.message : String(error)));
    throw new NoNameServerError(`no name server answered: ${told.join('; ') || 'no time was left'}`, order, cause);
  }

  /** The chosen server first, the others in random order. */
  #order(): string[] {
    const others = this.#addrs.filter((addr) => addr !== this.#chosen);
    for (let last = others.length - 1; last > 0; last--) {
      const other = Math.floor(Math.random() * (last + 1));
      [others[last], others[other]] = [others[other] ?? '', others[last] ?? ''];
    }
    return this.#chosen === undefined ? others : [this.#chosen, ...others];
  }

  async #ask(addr: string, topic: string, timeoutMs: number): Promise<TopicRouteData> {
    const request = {
      code: RequestCode.GET_ROUTEINFO_BY_TOPIC,
      extFields: { topic, acceptStandardJsonOnly: 'true' },
    };
    const answer = await this.#remoting.invoke(addr, request, timeoutMs);
    if (answer.code === ResponseCode.SUCCESS) return this.#read(topic, answer.body);
    if (isAccessDenial(answer.code, answer.remark)) throw new AccessDeniedError(addr, answer.remark, 'notSent');
    const name = responseCodeName(answer.code);
    throw new BrokerError(addr, { code: answer.code, name, remark: answer.remark, retryable: true });
  }

  #read(topic: string, body: Uint8Array): TopicRouteData {
    const last = this.#answered.get(topic);
    if (last !== undefined && Buffer.compare(last.body, body) === 0) return last.route;
    const route = decodeTopicRouteData(body);
    this.#answered.set(topic, { body, route });
    return route;
  }
}
