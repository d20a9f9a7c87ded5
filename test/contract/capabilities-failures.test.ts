import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { RequestCode } from '../../functions/rocketmq/protocol/request-code.ts';
import { startEmbeddedCluster } from '../../local/embedded/embedded-cluster.ts';
import { reservePorts } from '../../local/free-ports.ts';

const SENDS_OF_A_WAY = 1000;
const MOST_HEAP_GROWTH_BYTES = 1024 * 1024;
const SCRIPT = fileURLToPath(new URL('./failing-sends.ts', import.meta.url));
const topics = ['illegal', 'refused', 'denied', 'unreachable', 'late', 'fin', 'busy', 'silent'];

interface Report {
  readonly outcomes: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly heapGrowthBytes: number;
  readonly pendingCount: number;
  readonly timers: number;
  readonly left: readonly string[];
  readonly listeners: number;
}

test('ten thousand sends that fail in ten different ways leave nothing behind, and less than 1 MB of heap', async () => {
  await using ports = await reservePorts();
  const plans = [...topics.map((name) => ({ name, queues: 2 })), { name: 'readonly', queues: 2, perm: 4 }];
  await using cluster = await startEmbeddedCluster({ topics: plans });
  const { faults } = cluster.broker();
  const codes = [RequestCode.SEND_MESSAGE_V2];
  faults.add({ kind: 'answer', code: 13, codes, topic: 'refused' });
  faults.add({ kind: 'answer', code: 16, codes, topic: 'denied' });
  faults.add({ kind: 'close', how: 'FIN', isStored: false, codes, topic: 'fin' });
  faults.add({ kind: 'answer', code: 2, codes, topic: 'busy' });
  faults.add({ kind: 'no-answer', isStored: false, codes, topic: 'silent' });
  const route = cluster.nameServer().routeOf('unreachable');
  if (route === undefined) throw new Error('the topic has a route');
  const brokerDatas = route.brokerDatas.map((data) => ({
    ...data,
    brokerName: 'broker-gone',
    brokerAddrs: { 0: `127.0.0.1:${ports.base}` },
  }));
  const queueDatas = route.queueDatas.map((data) => ({ ...data, brokerName: 'broker-gone' }));
  cluster.nameServer().setRoute('unreachable', { ...route, brokerDatas, queueDatas });

  const args = ['--expose-gc', SCRIPT, cluster.nameServerAddrs[0] ?? '', String(SENDS_OF_A_WAY)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const { outcomes, heapGrowthBytes, ...left } = JSON.parse(stdout) as Report;
  expect(left).toEqual({ pendingCount: 0, timers: 0, left: [], listeners: 0 });
  expect(heapGrowthBytes).toBeLessThan(MOST_HEAP_GROWTH_BYTES);
  const of = (code: string, outcome: string) => ({ [`ROCKETMQ_${code} ${outcome}`]: SENDS_OF_A_WAY });
  const { silent = {}, ...certain } = outcomes;
  expect(certain).toEqual({
    illegal: of('MESSAGE_ILLEGAL', 'notSent'),
    absent: of('TOPIC_NOT_FOUND', 'notSent'),
    refused: of('SEND_FAILED', 'refused'),
    denied: of('SEND_FAILED', 'refused'),
    readonly: of('NO_WRITABLE_QUEUE', 'notSent'),
    unreachable: of('SEND_FAILED', 'notSent'),
    late: of('DEADLINE', 'notSent'),
    fin: of('SEND_FAILED', 'unknown'),
    busy: of('SEND_FAILED', 'refused'),
  });
  // How many of them found a place in the window of a broker that does not answer is the machine's affair.
  expect(Object.values(silent).reduce((sum, number) => sum + number, 0)).toBe(SENDS_OF_A_WAY);
  expect(Object.keys(silent)).toContain('ROCKETMQ_SEND_FAILED unknown');
}, 120_000);
