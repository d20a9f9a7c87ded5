import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { HttpResponse } from '../../functions/http/http-response.ts';
import type { LambdaHost } from '../../local/lambda/lambda-host.ts';
import { readBack } from '../../local/run/run-cluster.ts';
import { requestEvent, type SampleRequest } from '../functions/http/sample-event.ts';
import {
  CLUSTER_START_LIMIT_MS,
  type ContractCluster,
  contractKinds,
  freshTopic,
  openContractCluster,
  uniqueName,
} from './clusters.ts';
import { buildFunction, startFunction } from './function-under-test.ts';

const built = buildFunction('http');
afterAll(() => built[Symbol.dispose]());

interface Stored {
  readonly msgId: string;
  readonly queue: { readonly brokerName: string; readonly queueId: number };
  readonly queueOffset: number;
}

describe.each(contractKinds)('on %s, the http function', (kind) => {
  let cluster: ContractCluster;
  let host: LambdaHost;
  let topic = '';

  beforeEach(async (context) => {
    cluster ??= await openContractCluster(kind, context);
    topic = await freshTopic(cluster, 8);
    host = startFunction(built, { topic, nameServers: cluster.nameServerAddrs });
  }, CLUSTER_START_LIMIT_MS);
  afterEach(() => host?.stop());
  afterAll(() => cluster?.stop());

  async function post(request: SampleRequest): Promise<{ status: number; body: Record<string, unknown> }> {
    const result = await host.invoke(requestEvent(request));
    if (result.status !== 'ok') throw new Error(`${result.errorType}: ${result.errorMessage}`);
    const { statusCode, body } = result.payload as HttpResponse;
    return { status: statusCode, body: JSON.parse(body) };
  }

  test('stores a message with all its parts, and tells where', async () => {
    const message = { bodyBase64: 'AAEC//79', tag: 'created', keys: ['o-1'], properties: { kunde: 'Größe 数量 🚚' } };
    const { status, body } = await post({ body: message, headers: { 'idempotency-key': 'k-1' } });
    expect(status).toBe(200);
    const { msgId, queue, queueOffset } = body as unknown as Stored;
    const [stored] = await readBack(cluster.admin, topic, 1);
    expect(stored?.body).toEqual(Buffer.from(message.bodyBase64, 'base64'));
    expect(stored).toMatchObject({ queueId: queue.queueId, queueOffset: BigInt(queueOffset) });
    expect(stored?.properties).toMatchObject({
      UNIQ_KEY: msgId,
      TAGS: 'created',
      KEYS: 'o-1 k-1',
      ...message.properties,
    });
  });

  test('stores a list in order within each key, and under the same ids when it comes again', async () => {
    const list = Array.from({ length: 60 }, (_, index) => ({ body: `${index}`, shardingKey: `k${index % 3}` }));
    const request = { body: list, headers: { 'idempotency-key': 'batch' } };
    const idsAnswered = async () => {
      const { status, body } = await post(request);
      expect(status).toBe(200);
      return (body.results as Stored[]).map(({ msgId }) => msgId);
    };
    const ids = await idsAnswered();
    const stored = await readBack(cluster.admin, topic, list.length);
    for (const key of ['k0', 'k1', 'k2']) {
      const sent = list.filter(({ shardingKey }) => shardingKey === key).map(({ body }) => body);
      const ofKey = stored.filter(({ properties }) => properties.__SHARDINGKEY === key);
      expect(ofKey.map(({ body }) => body.toString())).toEqual(sent);
    }
    expect(new Set(stored.map(({ properties }) => properties.UNIQ_KEY))).toEqual(new Set(ids));
    expect(await idsAnswered()).toEqual(ids);
  });

  test('stores a body of the largest size', async () => {
    // What the limits of Lambda leave of it as JSON; zlib makes it small on the wire, and the broker has it whole.
    const { status } = await post({ body: { body: 'x'.repeat(4_194_304) } });
    expect(status).toBe(200);
    expect(await readBack(cluster.admin, topic, 1)).toHaveLength(1);
  });

  test('takes an instant of delivery where the broker knows timers, and else says what it does know', async () => {
    const { status, body } = await post({ body: { body: 'later', deliverAt: Date.now() + 3_600_000 } });
    if (kind === '4.9.5') {
      expect([status, body.code, body.outcome]).toEqual([422, 'delay-not-supported', 'notSent']);
      expect(await post({ body: { body: 'later', delayLevel: 18 } })).toMatchObject({ status: 200 });
    } else {
      expect(status).toBe(200);
    }
  });

  test('answers 404 for a topic that does not exist', async () => {
    // A name with a blank is refused here; this one is asked for at the name servers.
    const path = `/topics/${uniqueName('nowhere')}/messages`;
    expect(await post({ path, body: { body: 'x' } })).toMatchObject({ status: 404, body: { code: 'unknown-topic' } });
  });
});
