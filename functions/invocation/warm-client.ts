import { type Client, createClient, type Deadline, type Producer } from '#rocketmq';
import { Deduplication } from './deduplication.ts';
import { asksSsmAtOnce, type Environment, readEnvironment, readMetadataEndpoint } from './environment.ts';
import { logger } from './logger.ts';
import { preloadSsmClient, SsmParameters } from './ssm-parameters.ts';

/** What one sandbox (or one worker thread of it) keeps from invocation to invocation. */
export interface WarmClient {
  readonly environment: Environment;
  readonly client: Client;
  readonly producer: Producer;
  readonly parameters: SsmParameters;
  readonly deduplication: Deduplication;
  /** Connections opened that metrics have told of, by reason. */
  readonly connectionsTold: Map<string, number>;
  /** Failed runs of due work that metrics have told of. */
  dueWorkFailuresTold: number;
}

if (asksSsmAtOnce()) preloadSsmClient();

let warm: WarmClient | undefined;

/**
 * The warm client, made at the first call: objects only, no connection and no lookup. One a module instance, which is
 * one a sandbox, or one a worker thread where Lambda runs several.
 * @throws OptionsError that lists every fault of the environment; the next call tries again.
 */
export function warmClient(): WarmClient {
  warm ??= makeWarmClient(readEnvironment());
  return warm;
}

function makeWarmClient(environment: Environment): WarmClient {
  const clock = { now: () => Date.now() };
  const { nameServerParameter, nameServers, aclParameter, tlsCaParameter, tlsServername } = environment;
  const { instanceName, unitName, namespace, producerGroup: group, sendTimeoutMs, attemptTimeoutMs } = environment;
  const { brokersPerSandbox, zone, brokerZones } = environment;
  const parameters = new SsmParameters(
    { nameServers: nameServerParameter, acl: aclParameter, tlsCa: tlsCaParameter },
    clock,
  );
  const tls = environment.tls ? { ...(tlsServername === undefined ? {} : { servername: tlsServername }) } : undefined;
  const hasSecrets = aclParameter !== undefined || tlsCaParameter !== undefined;
  const client = createClient({
    clock,
    ...(nameServers === undefined ? {} : { nameServerAddrs: nameServers }),
    ...(nameServerParameter === undefined
      ? {}
      : { fetchNameServerAddrs: (deadline) => parameters.fetchNameServers(deadline) }),
    ...(hasSecrets ? { fetchSecurity: (deadline) => parameters.fetchSecurity(deadline, tls) } : {}),
    ...(tls === undefined ? {} : { tls }),
    ...(instanceName === undefined ? {} : { instanceName }),
    ...(unitName === undefined ? {} : { unitName }),
    ...(namespace === undefined ? {} : { namespace }),
    brokersPerSandbox,
    ...(zone === 'auto' ? { fetchZone } : {}),
    ...(zone === undefined || zone === 'auto' ? {} : { zone }),
    ...(brokerZones === undefined ? {} : { brokerZones }),
  });
  const producer = client.producer({ group, sendTimeoutMs, attemptTimeoutMs });
  const deduplication = new Deduplication(environment.deduplicate, producer, clock, (message, facts) => {
    logger.warn(message, facts);
  });
  return {
    environment,
    client,
    producer,
    parameters,
    deduplication,
    connectionsTold: new Map(),
    dueWorkFailuresTold: 0,
  };
}

/**
 * The zone of this sandbox; undefined where Lambda does not tell. Nobody else tells of a failure, so it is logged here.
 */
async function fetchZone(deadline: Deadline): Promise<string | undefined> {
  const endpoint = readMetadataEndpoint();
  if (endpoint === undefined) {
    logger.warn('the zone of this sandbox is not known: there is no metadata endpoint; set ROCKETMQ_ZONE to its name');
    return undefined;
  }
  try {
    // Loaded when it is wanted. It shares no module with the rest, which a bundler would make files of.
    const { lambdaZone } = await import('./lambda-zone.ts');
    return await lambdaZone(endpoint, deadline);
  } catch (error) {
    logger.warn('the zone of this sandbox is not known yet', { reason: String(error) });
    throw error;
  }
}
