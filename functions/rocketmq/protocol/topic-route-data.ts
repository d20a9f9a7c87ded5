import type { Buffer } from 'node:buffer';
import { RemotingCommandError } from '../errors.ts';

/** Bits of a queue's permission (Java: `PermName`). */
export const PERM_READ = 4;
export const PERM_WRITE = 2;
/** A broker's id in its broker set; 0 is the master. */
export const MASTER_ID = 0;

const LARGEST_INT = 2_147_483_647;

/** Queues of a topic on one broker. */
export interface QueueData {
  readonly brokerName: string;
  readonly readQueueNums: number;
  readonly writeQueueNums: number;
  readonly perm: number;
  readonly topicSysFlag: number;
}

/** One broker set: its addresses by broker id, as `host:port`. */
export interface BrokerData {
  readonly cluster: string;
  readonly brokerName: string;
  readonly brokerAddrs: Readonly<Record<string, string>>;
  readonly enableActingMaster?: boolean;
  readonly zoneName?: string;
}

/** Static topics: which logical queue lives in which physical queue of a broker. */
export interface TopicQueueMapping {
  readonly topic: string;
  readonly scope: string;
  readonly totalQueues: number;
  readonly bname: string;
  readonly epoch: number;
  readonly currIdMap: Readonly<Record<string, number>>;
}

/** Where a topic lives, as a name server tells it (Java: `TopicRouteData`). JSON field names are the wire's. */
export interface TopicRouteData {
  readonly orderTopicConf: string | undefined;
  readonly queueDatas: readonly QueueData[];
  readonly brokerDatas: readonly BrokerData[];
  readonly topicQueueMappingByBroker: Readonly<Record<string, TopicQueueMapping>> | undefined;
}

/**
 * JSON in RocketMQ's dialect: bare integer keys (`{0:"10.0.0.1:10911"}`) are accepted besides the standard form.
 * Servers before 4.9.4 know no other for routes, and no server does for cluster information.
 */
export function parseDialectJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not standard JSON: quote bare integer keys outside strings, and parse that. A text still broken throws here.
    return JSON.parse(text.replace(STRING_OR_BARE_KEY, quoteBareKey));
  }
}

/** A string that never ends matches to the end of the text, so that no place is looked at twice. */
const STRING_OR_BARE_KEY = /("[^"\\]*(?:\\[\s\S][^"\\]*)*(?:"|\\?$))|([{,]\s*)(-?\d+)(\s*:)/g;

function quoteBareKey(match: string, string: string | undefined, before: string, key: string, after: string): string {
  return string === undefined ? `${before}"${key}"${after}` : match;
}

/**
 * Reads the body of a GET_ROUTEINFO_BY_TOPIC answer.
 * @throws RemotingCommandError when it is not a route.
 */
export function decodeTopicRouteData(body: Uint8Array): TopicRouteData {
  let route: unknown;
  try {
    route = parseDialectJson(new TextDecoder().decode(body));
  } catch (cause) {
    throw new RemotingCommandError('route is not JSON', 0, cause);
  }
  if (!isRecord(route)) throw new RemotingCommandError('route is not a JSON object', 0);
  const mapping = route.topicQueueMappingByBroker;
  return {
    orderTopicConf: typeof route.orderTopicConf === 'string' ? route.orderTopicConf : undefined,
    queueDatas: readList(route.queueDatas, readQueueData, 'queueDatas'),
    brokerDatas: readList(route.brokerDatas, readBrokerData, 'brokerDatas'),
    topicQueueMappingByBroker: isRecord(mapping) && Object.keys(mapping).length > 0 ? readMappings(mapping) : undefined,
  };
}

/** Body of a GET_ROUTEINFO_BY_TOPIC answer, in standard JSON or with bare numeric keys. */
export function encodeTopicRouteData(route: TopicRouteData, dialect: 'standard' | 'bare-keys'): Buffer {
  const { orderTopicConf, brokerDatas, queueDatas, topicQueueMappingByBroker } = route;
  const json = JSON.stringify({
    brokerDatas,
    filterServerTable: {},
    orderTopicConf,
    queueDatas,
    topicQueueMappingByBroker,
  });
  const text = dialect === 'standard' ? json : json.replace(/("(?:[^"\\]|\\.)*")(:?)/g, unquoteIntegerKey);
  return globalThis.Buffer.from(text);
}

function unquoteIntegerKey(match: string, string: string, colon: string): string {
  return colon === ':' && /^"-?\d+"$/.test(string) ? `${string.slice(1, -1)}:` : match;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readList<T>(value: unknown, read: (item: Record<string, unknown>) => T, name: string): T[] {
  if (value == null) return [];
  if (!Array.isArray(value)) throw new RemotingCommandError(`${name} of the route is not a list`, 0);
  return value.map((item: unknown) => {
    if (!isRecord(item)) throw new RemotingCommandError(`${name} of the route holds something else than objects`, 0);
    return read(item);
  });
}

function readQueueData(item: Record<string, unknown>): QueueData {
  return {
    brokerName: readString(item, 'brokerName'),
    readQueueNums: readNumber(item, 'readQueueNums'),
    writeQueueNums: readNumber(item, 'writeQueueNums'),
    perm: readNumber(item, 'perm'),
    // Spelled topicSynFlag up to 4.7.1.
    topicSysFlag: readNumber(item, item.topicSysFlag == null ? 'topicSynFlag' : 'topicSysFlag', 0),
  };
}

function readBrokerData(item: Record<string, unknown>): BrokerData {
  const brokerAddrs = item.brokerAddrs;
  if (!isRecord(brokerAddrs)) throw new RemotingCommandError('brokerAddrs of the route is not an object', 0);
  for (const addr of Object.values(brokerAddrs)) {
    if (typeof addr !== 'string') throw new RemotingCommandError('a broker address of the route is not a string', 0);
  }
  return {
    cluster: typeof item.cluster === 'string' ? item.cluster : '',
    brokerName: readString(item, 'brokerName'),
    brokerAddrs: brokerAddrs as Record<string, string>,
    ...(item.enableActingMaster === true ? { enableActingMaster: true } : {}),
    ...(typeof item.zoneName === 'string' ? { zoneName: item.zoneName } : {}),
  };
}

function readMappings(mappings: Record<string, unknown>): Record<string, TopicQueueMapping> {
  const result: Record<string, TopicQueueMapping> = Object.create(null);
  for (const [brokerName, item] of Object.entries(mappings)) {
    if (!isRecord(item)) throw new RemotingCommandError('a queue mapping of the route is not an object', 0);
    const ids = isRecord(item.currIdMap) ? item.currIdMap : {};
    result[brokerName] = {
      topic: readOptionalString(item, 'topic'),
      scope: readOptionalString(item, 'scope'),
      totalQueues: readNumber(item, 'totalQueues', 0),
      bname: typeof item.bname === 'string' ? item.bname : brokerName,
      epoch: readNumber(item, 'epoch', 0, Number.MAX_SAFE_INTEGER),
      currIdMap: Object.fromEntries(
        Object.keys(ids).map((id) => [id, readNumber({ currIdMap: ids[id] }, 'currIdMap')]),
      ),
    };
  }
  return result;
}

function readString(item: Record<string, unknown>, name: string): string {
  const value = item[name];
  if (typeof value !== 'string' || value === '') throw new RemotingCommandError(`route without ${name}`, 0);
  return value;
}

function readOptionalString(item: Record<string, unknown>, name: string): string {
  const value = item[name] ?? '';
  if (typeof value !== 'string') throw new RemotingCommandError(`route with an unusable ${name}`, 0);
  return value;
}

/** A count or an id: an integer from 0 to what its Java type holds. @param absent stands for a missing one. */
function readNumber(item: Record<string, unknown>, name: string, absent?: number, max = LARGEST_INT): number {
  const value = item[name] ?? absent;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > max) {
    throw new RemotingCommandError(`route with an unusable ${name}`, 0);
  }
  return value;
}
