import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { missingPrerequisite } from '../local/real/missing-prerequisite.ts';
import type { RealCluster } from '../local/real/real-cluster.ts';
import { ENDS_RECORDED_ONE_BY_ONE, ROCKETMQ_RELEASES, type RocketMQVersion } from '../local/real/rocketmq-version.ts';
import { startRealCluster } from '../local/real/start-real-cluster.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where tests ask for the real cluster that the whole run shares. */
    realClustersUrl: string;
  }
}

/**
 * Starts each real RocketMQ at most once in a test run: when the first test asks for it, over HTTP, because test files run
 * in processes of their own. Stops them all at the end.
 */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const clusters = new Map<RocketMQVersion, Promise<RealCluster>>();
  const server = createServer(async (request, response) => {
    const version = decodeURIComponent(request.url?.slice(1) ?? '');
    try {
      if (!isVersion(version)) throw new Error(`no RocketMQ version "${version}"`);
      const missing = await missingPrerequisite();
      if (missing !== undefined) {
        response.end(JSON.stringify({ missing }));
        return;
      }
      let starting = clusters.get(version);
      if (starting === undefined) {
        starting = startRealCluster({ version, brokerConfig: ENDS_RECORDED_ONE_BY_ONE });
        clusters.set(version, starting);
      }
      const { nameServerAddrs, brokers } = await starting;
      response.end(JSON.stringify({ nameServerAddrs, brokerAddrs: brokers.map(({ addr }) => addr) }));
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  provide('realClustersUrl', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return async () => {
    server.closeAllConnections();
    server.close();
    await Promise.allSettled([...clusters.values()].map(async (starting) => (await starting).stop()));
  };
}

function isVersion(text: string): text is RocketMQVersion {
  return Object.hasOwn(ROCKETMQ_RELEASES, text);
}
