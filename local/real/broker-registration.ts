import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { JavaServer } from './java-server.ts';
import type { ServerSettings } from './server-settings.ts';

// Written out by hand instead of taken from the client library: what the library is tested against must start without it.
const GET_ROUTEINFO_BY_TOPIC = 105;
const UPDATE_BROKER_CONFIG = 25;
const READ_AND_WRITE = '6';
const BINARY_HEADER = 1;
const REQUEST_LIMIT_MS = 1_000;
const REGISTRATION_LIMIT_MS = 40_000;
const POLL_MS = 100;

/** What of a broker matters here. */
export interface RegisteringBroker {
  readonly name: string;
  readonly addr: string;
  /** What its broker.conf says. */
  readonly settings: ServerSettings;
  readonly server: Pick<JavaServer, 'pid'>;
}

/** What of a name server matters here. */
export interface RegisteringNameServer {
  readonly addr: string;
  readonly server: Pick<JavaServer, 'pid'>;
}

/**
 * Resolves when every name server that runs has the routes of every broker that runs and is configured to register with it. A
 * 5.5.0 broker often misses its first registration, because it looks for connected name servers before it has connected to
 * one, and tries again only after 10 s; so it is made to register again, by a change of `brokerPermission` to the value it
 * has. A broker that refuses such requests (ACL, TLS) is waited for.
 *
 * @throws Error when a name server does not know a broker after 40 s.
 */
export async function brokersRegistered(
  brokers: readonly RegisteringBroker[],
  nameServers: readonly RegisteringNameServer[],
): Promise<void> {
  const pairs = brokers.flatMap((broker) => nameServers.map((nameServer) => ({ broker, nameServer })));
  const due = pairs.filter(({ broker, nameServer }) => {
    const isRunning = broker.server.pid !== undefined && nameServer.server.pid !== undefined;
    return isRunning && broker.settings.namesrvAddr?.split(';').includes(nameServer.addr);
  });
  await Promise.all(due.map(({ broker, nameServer }) => registered(broker, nameServer)));
}

async function registered(broker: RegisteringBroker, nameServer: RegisteringNameServer): Promise<void> {
  const giveUpAt = Date.now() + REGISTRATION_LIMIT_MS;
  const body = `brokerPermission=${broker.settings.brokerPermission ?? READ_AND_WRITE}\n`;
  // Every broker has a topic of its own name, and registers it with the others.
  while ((await ask(nameServer.addr, GET_ROUTEINFO_BY_TOPIC, { topic: broker.name })) !== 0) {
    if (Date.now() > giveUpAt)
      throw new Error(
        `name server ${nameServer.addr} does not know ${broker.name} (${broker.addr}) after ${REGISTRATION_LIMIT_MS} ms`,
      );
    await ask(broker.addr, UPDATE_BROKER_CONFIG, {}, body);
    await delay(POLL_MS);
  }
}

/** Sends one request on a connection of its own; the response code, or `undefined` when no answer came. */
async function ask(
  addr: string,
  code: number,
  extFields: Readonly<Record<string, string>>,
  body = '',
): Promise<number | undefined> {
  const [host, port] = addr.split(':');
  const socket = connect({ host: host ?? '', port: Number(port) });
  try {
    socket.write(frame(JSON.stringify({ code, language: 'OTHER', version: 401, opaque: 1, flag: 0, extFields }), body));
    // The header comes at the front of the answer; the body behind it is of no interest.
    const [answer]: Buffer[] = await once(socket, 'data', { signal: AbortSignal.timeout(REQUEST_LIMIT_MS) });
    if (answer?.at(4) === BINARY_HEADER) return answer.readInt16BE(8);
    const responseCode = /"code":(-?\d+)/.exec(String(answer))?.[1];
    return responseCode === undefined ? undefined : Number(responseCode);
  } catch {
    // Refused, reset or silent: the server is not ready, which the caller's limit deals with.
    return undefined;
  } finally {
    socket.destroy();
  }
}

function frame(header: string, body: string): Buffer {
  const content = Buffer.from(header + body);
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32BE(4 + content.length, 0);
  lengths.writeUInt32BE(Buffer.byteLength(header), 4);
  return Buffer.concat([lengths, content]);
}
