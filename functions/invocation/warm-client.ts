import { type Client, createClient, type Producer } from '#rocketmq';
import { type Environment, readEnvironment } from './environment.ts';
import { NameServerParameter } from './name-server-parameter.ts';

/** What one sandbox (or one worker thread of it) keeps from invocation to invocation. */
export interface WarmClient {
  readonly environment: Environment;
  readonly client: Client;
  readonly producer: Producer;
  /** Undefined where the environment names no parameter. */
  readonly nameServerParameter: NameServerParameter | undefined;
  /** Connections opened that metrics have told of, by reason. */
  readonly connectionsTold: Map<string, number>;
}

let warm: WarmClient | undefined;

/**
 * The warm client, made at the first call: objects only, no connection and no lookup. One a module instance, which is one
 * a sandbox, or one a worker thread where Lambda runs several.
 * @throws OptionsError that lists every fault of the environment; the next call tries again.
 */
export function warmClient(): WarmClient {
  warm ??= makeWarmClient(readEnvironment());
  return warm;
}

function makeWarmClient(environment: Environment): WarmClient {
  const clock = { now: () => Date.now() };
  const { nameServerParameter: name, nameServers, instanceName, unitName } = environment;
  const parameter = name === undefined ? undefined : new NameServerParameter(name, clock);
  const client = createClient({
    clock,
    ...(nameServers === undefined ? {} : { nameServerAddrs: nameServers }),
    ...(parameter === undefined ? {} : { fetchNameServerAddrs: (deadline) => parameter.fetch(deadline) }),
    ...(instanceName === undefined ? {} : { instanceName }),
    ...(unitName === undefined ? {} : { unitName }),
  });
  const { producerGroup: group, sendTimeoutMs, attemptTimeoutMs } = environment;
  const producer = client.producer({ group, sendTimeoutMs, attemptTimeoutMs });
  return { environment, client, producer, nameServerParameter: parameter, connectionsTold: new Map() };
}
