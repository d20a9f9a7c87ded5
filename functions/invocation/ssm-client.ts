import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { GetParametersCommand, SSMClient } from '@aws-sdk/client-ssm';

/** Limits of the SDK: a missing route to SSM must show in seconds, not as a time-out of the function. */
const CONNECT_TIMEOUT_MS = 1000;
const REQUEST_TIMEOUT_MS = 2000;
const MAX_ATTEMPTS = 2;

/**
 * Values of parameters by what they were asked for with, decrypted: name or ARN, and version or label if there is one. Those
 * that do not exist are left out. Rejects with the SDK's errors.
 */
export type GetParameters = (names: readonly string[], limit: AbortSignal) => Promise<ReadonlyMap<string, string>>;

/**
 * A client of SSM. This module is loaded on demand, and names what it takes of the SDK: of a package that is itself imported on
 * demand a bundler keeps every export, here a hundred and fifty commands, each read and run by the cold start.
 */
export function ssmClient(): GetParameters {
  const ssm = new SSMClient({
    maxAttempts: MAX_ATTEMPTS,
    requestHandler: {
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
      // Asked every two minutes at the most: a connection kept that long is dead when it is needed again.
      httpAgent: limitConnects(new HttpAgent({ keepAlive: false })),
      httpsAgent: limitConnects(new HttpsAgent({ keepAlive: false })),
    },
  });
  return async (names, abortSignal) => {
    const command = new GetParametersCommand({ Names: [...names], WithDecryption: true });
    const { Parameters = [] } = await ssm.send(command, { abortSignal });
    return new Map(
      // SSM answers with the name, whichever way it was asked. A selector has its colon before it.
      Parameters.flatMap(({ Name = '', ARN = '', Selector = '', Value = '' }) => [
        [Name + Selector, Value] as const,
        [ARN + Selector, Value] as const,
      ]),
    );
  };
}

/**
 * Ends a connect that takes too long. The SDK has a limit for that too, but leaves its timer behind when a request ends
 * before it is connected: refused, not resolved or given up.
 */
function limitConnects<A extends HttpAgent>(agent: A): A {
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (options, onCreated) => {
    const socket = connect(options, onCreated);
    const late = () => {
      const error = new Error(`no connection within ${CONNECT_TIMEOUT_MS} ms`);
      socket?.destroy(Object.assign(error, { code: 'ETIMEDOUT' }));
    };
    const timer = setTimeout(late, CONNECT_TIMEOUT_MS);
    for (const event of ['connect', 'close']) socket?.once(event, () => clearTimeout(timer));
    return socket;
  };
  return agent;
}
