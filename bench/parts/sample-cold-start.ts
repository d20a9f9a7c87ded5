import { startDynamoDbEndpoint } from '../../local/dynamodb/dynamodb-endpoint.ts';
import { localSources } from '../../local/run/local-sources.ts';
import { sampleEvents, withFreshIds } from '../../local/run/sample-events.ts';
import { startBenchCluster } from '../bench-cluster.ts';
import { benchHost, functionEnvironment } from '../lambda/bench-function.ts';

/** Cold starts of any function of the pack, with the sample event of its local run. */
export interface SampleColdStarts extends AsyncDisposable {
  /** Start of a process of the function until the answer of its first event, in ms. */
  measure(source: string, taskRoot: string): Promise<number>;
}

const LOG_TABLE = 'transactions';
const ORDERS_TABLE = 'orders';

/** Starts what functions talk to: an embedded cluster, whose address they have as a seed, and tables for those with transactions. */
export async function startSampleColdStarts(): Promise<SampleColdStarts> {
  await using stack = new AsyncDisposableStack();
  const { target } = stack.use(await startBenchCluster({ isEmbedded: true }));
  const tables = { [LOG_TABLE]: 'msgId', [ORDERS_TABLE]: 'orderId' };
  const dynamoDb = stack.use(await startDynamoDbEndpoint({ tables }));
  const kept = stack.move();
  return {
    async measure(source, taskRoot) {
      const local = localSources[source];
      const sample = sampleEvents(source).find(({ name }) => name === local?.warmSample);
      if (local === undefined || sample === undefined) throw new Error(`there is no sample event for ${source}`);
      await using host = benchHost(taskRoot, {
        ...functionEnvironment(target),
        ROCKETMQ_TRANSACTION_TABLE: LOG_TABLE,
        ORDERS_TABLE,
        AWS_ENDPOINT_URL_DYNAMODB: dynamoDb.url,
        ...local.environment,
      });
      const result = await host.invoke(withFreshIds(sample.event, local.idFields));
      const { reported } = local.outcome(sample.event, result);
      if (result.status !== 'ok' || reported.length > 0) {
        throw new Error(`${source} did not take its sample:\n${result.log.join('\n')}`);
      }
      return (result.initMs ?? 0) + result.durationMs;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
