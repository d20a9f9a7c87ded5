import type { Clock } from '../clock.ts';
import { allSettled, type Deadline, earlierOf } from '../deadline.ts';
import { NoNameServerError, TopicRouteNotFoundError } from '../errors.ts';
import type { TopicRouteData } from '../protocol/topic-route-data.ts';
import type { BrokerAddrTable } from './broker-addr-table.ts';
import { type AddressOptions, reachableRoute } from './broker-addresses.ts';
import type { NameServerClient } from './name-server-client.ts';
import type { NameServerLookup } from './name-server-lookup.ts';
import { RecentFailure } from './recent-failure.ts';
import { isUp, SharedWork } from './shared-work.ts';
import type { TopicPublishInfo } from './topic-publish-info.ts';
import type { TopicRouteTable } from './topic-route-table.ts';

/** A topic is asked for again on demand, after an error, no more often than this. */
const ON_DEMAND_INTERVAL_MS = 1000;
/** Name servers are looked up on demand, when none of them answers, no more often than this. */
const ON_DEMAND_LOOKUP_INTERVAL_MS = 2000;

export interface RouteSyncOptions extends AddressOptions {
  readonly clock: Clock;
  /** Most time for one question, all name servers tried. */
  readonly timeoutMs: number;
  /** Asks, with what has to be there before a server is connected to, and after a denial once more where that changed. */
  readonly asking: <T>(deadline: Deadline, ask: () => Promise<T>) => Promise<T>;
  /** What has to be there before a route is used, and can be fetched while it is asked for; does not reject. */
  readonly besideAsking: (deadline: Deadline) => Promise<void>;
}

/**
 * Keeps routes in step with the name servers: on first use, when due, and at once after errors that a new route may cure.
 * One question a topic at a time. A failed refresh leaves the last good route.
 */
export class RouteSync {
  readonly #nameServers: NameServerClient;
  readonly #lookup: NameServerLookup;
  readonly #routes: TopicRouteTable;
  readonly #brokerAddrs: BrokerAddrTable;
  readonly #options: RouteSyncOptions;
  /** Questions under way, by topic. */
  readonly #questions = new Map<string, SharedWork<void>>();
  /** Epoch ms of the last question on demand, by topic. */
  readonly #askedAt = new Map<string, number>();
  /** Epoch ms of the last lookup on demand that changed nothing. */
  #lookedUpInVainAt: number | undefined;
  /** Of the lookup where there is no list yet. */
  readonly #firstFailure: RecentFailure;

  constructor(
    nameServers: NameServerClient,
    lookup: NameServerLookup,
    routes: TopicRouteTable,
    brokerAddrs: BrokerAddrTable,
    options: RouteSyncOptions,
  ) {
    this.#nameServers = nameServers;
    this.#lookup = lookup;
    this.#routes = routes;
    this.#brokerAddrs = brokerAddrs;
    this.#options = options;
    this.#firstFailure = new RecentFailure(options.clock);
  }

  /** Begins an invocation: name servers that could not be looked up in one before it are looked up again. */
  beginInvocation(): void {
    this.#firstFailure.forget();
  }

  /**
   * Where a topic can be sent to: as known, else asked for.
   * @throws TopicRouteNotFoundError, NoNameServerError, NoSecurityError
   */
  async publishInfo(topic: string, deadline: Deadline): Promise<TopicPublishInfo> {
    const known = this.#routes.get(topic);
    if (known !== undefined) return known.publishInfo;
    await this.refresh(topic, deadline);
    const fetched = this.#routes.get(topic);
    if (fetched === undefined) throw new TopicRouteNotFoundError(topic, this.#nameServers.nameServerAddrs);
    return fetched.publishInfo;
  }

  /** Asks for a topic's route now, or joins the question under way, each for no longer than its own deadline. */
  async refresh(topic: string, deadline: Deadline): Promise<void> {
    const question = this.#questions.get(topic) ?? new SharedWork<void>();
    const message = `the route of topic "${topic}" did not come in time`;
    const late = () => new NoNameServerError(message, this.#nameServers.nameServerAddrs);
    const ask = (limit: Deadline) => {
      this.#questions.set(topic, question);
      return this.#ask(topic, limit);
    };
    try {
      await question.run(deadline, ask, late);
    } finally {
      if (!question.isUnderWay && this.#questions.get(topic) === question) this.#questions.delete(topic);
    }
  }

  /** Asks for the route after an error that a new one may cure; undefined when that was done a moment ago. */
  refreshAfterError(topic: string, deadline: Deadline): Promise<void> | undefined {
    if (!this.#questions.has(topic)) {
      if (this.#isWithin(ON_DEMAND_INTERVAL_MS, this.#askedAt.get(topic))) return undefined;
      this.#askedAt.set(topic, this.#options.clock.now());
    }
    return this.refresh(topic, deadline);
  }

  /** Whether an instant was so short a time ago. By wall clock: what was before a freeze is long ago. */
  #isWithin(intervalMs: number, at: number | undefined): boolean {
    if (at === undefined) return false;
    const ageMs = this.#options.clock.now() - at;
    return ageMs >= 0 && ageMs < intervalMs;
  }

  /**
   * Refreshes every topic in use. @throws the first failure, when all are done; that name servers still do not know a topic is
   * none, for it may have been deleted, and the others must not be asked for more often because of it.
   */
  async refreshAll(deadline: Deadline): Promise<void> {
    const refresh = async (topic: string) => {
      const isMissing = this.#routes.get(topic)?.isConfirmed === false;
      await this.refresh(topic, deadline).catch((error) => {
        if (!(isMissing && error instanceof TopicRouteNotFoundError)) throw error;
      });
    };
    await allSettled(this.#routes.topics.map(refresh));
  }

  async #ask(topic: string, deadline: Deadline): Promise<void> {
    let route: TopicRouteData;
    let beside: Promise<void> | undefined;
    try {
      const told = await this.#options.asking(deadline, () => {
        beside ??= this.#options.besideAsking(deadline);
        return this.#askAnyServer(topic, deadline);
      });
      route = reachableRoute(told, this.#options);
    } catch (error) {
      if (error instanceof TopicRouteNotFoundError) this.#routes.markMissing(topic);
      throw error;
    }
    await beside;
    this.#routes.update(topic, route, this.#options.clock.now());
    for (const { brokerName, brokerAddrs } of route.brokerDatas) this.#brokerAddrs.update(brokerName, brokerAddrs);
  }

  /**
   * When no server answers, the list may be out of date: it is looked up anew, unless that has happened meanwhile, and
   * asked once more if it changed.
   */
  async #askAnyServer(topic: string, deadline: Deadline): Promise<TopicRouteData> {
    const asked = this.#nameServers.nameServerAddrs;
    try {
      return await this.#nameServers.topicRoute(topic, earlierOf(deadline, this.#options.timeoutMs));
    } catch (error) {
      if (!(error instanceof NoNameServerError) || !this.#lookup.isPossible) throw error;
      if (this.#nameServers.nameServerAddrs === asked) {
        if (asked.length > 0 && this.#isWithin(ON_DEMAND_LOOKUP_INTERVAL_MS, this.#lookedUpInVainAt)) throw error;
        const lookUp = () => this.#lookup.refresh(deadline);
        if (asked.length === 0) await this.#firstFailure.trying(deadline, lookUp);
        else
          await lookUp().catch(() => {
            // Of one that had no time nobody knows what it would have found.
            if (!isUp(deadline)) this.#lookedUpInVainAt = this.#options.clock.now();
            throw error;
          });
        if (this.#nameServers.nameServerAddrs === asked) this.#lookedUpInVainAt = this.#options.clock.now();
      }
      if (this.#nameServers.nameServerAddrs === asked) throw error;
      return this.#nameServers.topicRoute(topic, earlierOf(deadline, this.#options.timeoutMs));
    }
  }
}
