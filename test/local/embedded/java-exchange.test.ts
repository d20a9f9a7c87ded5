import { fileURLToPath } from 'node:url';
import { beforeEach, expect, test } from 'vitest';
import { RequestCode } from '../../../functions/rocketmq/protocol/request-code.ts';
import { startEmbeddedCluster } from '../../../local/embedded/embedded-cluster.ts';
import { runJava } from '../../../local/real/run-java.ts';
import { createTlsCertificates } from '../../../local/tls-certificates.ts';
import { needsRealRocketMQ } from '../real/needs-real-rocketmq.ts';

const source = fileURLToPath(new URL('JavaExchange.java', import.meta.url));
const user = { accessKey: 'javaUser', secretKey: 'javaSecret' };

beforeEach(needsRealRocketMQ);

test.each([
  ['5.5.0', 513, 16, 'check signature failed.'],
  ['4.9.5', 403, 1, 'Check signature failed for accessKey=javaUser'],
] as const)(
  'a Java client %s exchanges requests, replies and transactions, signed and over TLS, with version %i',
  async (client, version, code, remark) => {
    const { server } = await createTlsCertificates();
    const clock = { aheadMs: 0, now: () => Date.now() + clock.aheadMs };
    await using cluster = await startEmbeddedCluster({
      version,
      topics: [{ name: 'Exchange', queues: 2 }],
      acl: { users: [user] },
      tls: { mode: 'enforcing', ...server },
      clock,
    });
    const run = runJava(
      client,
      source,
      [cluster.nameServerAddrs[0] ?? '', 'Exchange', user.accessKey, user.secretKey],
      { timeoutMs: 120_000, javaArgs: ['-Dfile.encoding=UTF-8', '-Dstdout.encoding=UTF-8', '-Dtls.enable=true'] },
    );
    // A Java client that does not know the broker when it starts registers with its first scheduled heartbeat only.
    const openTransaction = async () => {
      await cluster.broker().requests.arrived(RequestCode.END_TRANSACTION, 3);
      const registered = () => cluster.broker().producers.clients('java_transactions').length;
      await expect.poll(registered, { timeout: 30_000 }).toBe(1);
      clock.aheadMs = 10_000;
      expect(cluster.broker().checkTransactions()).toMatchObject({ asked: 1 });
    };
    const [{ exitCode, stderr, stdout }] = await Promise.all([run, Promise.race([openTransaction(), run])]);
    expect(exitCode, stderr).toBe(0);
    // The client 4.9.5 logs to the same stream.
    const lines = stdout.split('\n').filter((line) => /^[a-z]+ /.test(line));
    expect(lines[0]).toContain(`refused ${code} `);
    expect(lines[0]).toContain(remark);
    expect(lines.slice(1).toSorted()).toEqual([
      'answered answer to question',
      'checked UNKNOW Exchange',
      'more null',
      expect.stringMatching(/^received COMMIT_MESSAGE of \d+ characters$/),
      expect.stringMatching(/^received UNKNOW of \d+ characters$/),
      'replied SEND_OK to DefaultCluster_REPLY_TOPIC',
      'sent SEND_OK',
      'sent SEND_OK',
      'sent SEND_OK',
    ]);
  },
  300_000,
);
