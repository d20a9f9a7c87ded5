import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';
import { startEmbeddedCluster } from '../../../local/embedded/embedded-cluster.ts';
import { runJava } from '../../../local/real/run-java.ts';
import { needsRealRocketMQ } from '../real/needs-real-rocketmq.ts';

const source = fileURLToPath(new URL('JavaClient.java', import.meta.url));

const pulled = [
  'async tag TagA keys null colour null',
  'batch 0 tag TagB keys batch0 colour null',
  'batch 1 tag TagB keys batch1 colour null',
  'batch 2 tag TagB keys batch2 colour null',
  'delayed tag TagA keys null colour null',
  'normal ✓ tag TagA keys key1 key2 colour blau',
  'oneway tag TagC keys null colour null',
  ...[0, 1, 2, 3, 4].map((number) => `ordered ${number} tag TagB keys null colour null`),
  'z × 100000 tag TagA keys null colour null',
];

// Sources and output are UTF-8 whatever the locale of the machine is.
const options = { timeoutMs: 240_000, javaArgs: ['-Dfile.encoding=UTF-8', '-Dstdout.encoding=UTF-8'] };

beforeEach(needsRealRocketMQ);

describe.each([
  ['5.5.0', 513],
  ['5.5.0', 403],
  ['4.9.5', 513],
] as const)('a Java client %s', (clientVersion, version) => {
  test(`sends to and consumes from an embedded cluster of version ${version}`, {
    timeout: 300_000,
  }, async () => {
    await using cluster = await startEmbeddedCluster({ version, topics: [{ name: 'JavaTopic', queues: 4 }] });
    const [nameServerAddr = ''] = cluster.nameServerAddrs;
    const run = await runJava(clientVersion, source, [nameServerAddr, 'JavaTopic'], options);
    const lines = run.stdout.trim().split('\n');
    const linesOf = (what: string) =>
      lines.filter((line) => line.startsWith(`${what} `)).map((line) => line.slice(what.length + 1));
    expect(run.exitCode, run.stderr).toBe(0);
    expect(linesOf('sent')).toEqual([
      'normal SEND_OK broker-a ids 1/1',
      'batch SEND_OK broker-a ids 3/3',
      ...Array.from({ length: 5 }, () => 'ordered SEND_OK broker-a ids 1/1'),
      'async SEND_OK broker-a ids 1/1',
      'large SEND_OK broker-a ids 1/1',
      'delayed SEND_OK broker-a ids 1/1',
    ]);
    expect(linesOf('pulled')).toEqual(pulled);
    expect(linesOf('pushed')).toEqual(pulled.filter((line) => /tag Tag[AC]/.test(line)));
    expect(linesOf('in order')).toEqual([0, 1, 2, 3, 4].map((number) => `ordered ${number}`));
    expect(cluster.messages('JavaTopic')).toHaveLength(13);
  });
});
