import { inspect } from 'node:util';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  AccessDeniedError,
  type AclCredentials,
  BrokerTooOldError,
  type Client,
  type ClientOptions,
  createClient,
  deadlineAfter,
  type ProducerOptions,
  type RpcHook,
  SendFailedError,
  type TransactionCheckReport,
} from '#rocketmq';
import {
  type AccessControlledCluster,
  ADMIN,
  ALLOWED,
  FORBIDDEN,
  SENDER,
  startAccessControlledCluster,
  TRACES,
} from './access-controlled-cluster.ts';
import { CLUSTER_START_LIMIT_MS, contractKinds, uniqueName } from './clusters.ts';

const WRONG: AclCredentials = { ...SENDER, secretKey: 'wrongSecret12345' };
const UNKNOWN: AclCredentials = { accessKey: 'nobody-known', secretKey: 'nobodySecret12345' };
/** For who counts what is stored: what takes long on a busy machine is not sent a second time. */
const PATIENT = { attemptTimeoutMs: 20_000, sendTimeoutMs: 25_000 };
const secrets = [SENDER, WRONG, UNKNOWN].map(({ secretKey }) => secretKey);

describe.each(contractKinds)('access control of %s', (kind) => {
  const isV5 = kind !== '4.9.5';
  const clients: Client[] = [];
  let cluster: AccessControlledCluster | undefined;

  beforeEach(async (context) => {
    cluster ??= await startAccessControlledCluster(kind, context);
  }, CLUSTER_START_LIMIT_MS);
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.shutdown()));
  });
  afterAll(() => cluster?.[Symbol.asyncDispose]());

  const on = () => {
    if (cluster === undefined) throw new Error('the cluster is started before each test');
    return cluster;
  };
  const producer = (security: Partial<ClientOptions>, options: Partial<ProducerOptions> = {}) => {
    const client = createClient({ nameServerAddrs: on().nameServerAddrs, ...security });
    clients.push(client);
    return client.producer({ group: uniqueName('acl'), ...PATIENT, ...options });
  };
  const denialOf = async (sending: Promise<unknown>): Promise<SendFailedError> => {
    const error = await sending.catch((reason: unknown) => reason);
    if (!(error instanceof SendFailedError)) throw new Error(`not refused, but ${inspect(error)}`);
    return error;
  };

  test.each(['JSON', 'ROCKETMQ'] as const)(
    'stores what is signed with the right secret, in %s headers',
    async (type) => {
      const before = await on().stored(ALLOWED);
      const sender = producer({ credentials: SENDER, serializeType: type });
      const properties = { größe: 'zwölf €', Z: '1', a: '2' };
      await sender.send({ topic: ALLOWED, body: Buffer.from('one'), tag: 'T', keys: ['k'], properties });
      const many = Array.from({ length: 5 }, (_, index) => ({ topic: ALLOWED, body: Buffer.from(`batch ${index}`) }));
      const outcomes = await sender.sendAll(many);
      expect(outcomes.map(({ status }) => status)).toEqual(Array(5).fill('stored'));
      await expect.poll(() => on().stored(ALLOWED)).toBe(before + 6);
    },
  );

  test('stores what hooks of the application add fields to before it is signed, batches too', async () => {
    const before = await on().stored(ALLOWED);
    const bodies: string[] = [];
    const hook: RpcHook = {
      beforeRequest: (_addr, { extFields, body = Buffer.alloc(0) }) => {
        bodies.push(Buffer.from(body).toString());
        return { ...extFields, hooked: 'zwölf €' };
      },
    };
    const sender = producer({ credentials: SENDER, rpcHooks: [hook] });
    const outcomes = await sender.sendAll(['first', 'second'].map((body) => ({ topic: ALLOWED, body })));
    expect(outcomes.map(({ status }) => status)).toEqual(['stored', 'stored']);
    expect(bodies.filter((body) => body.includes('first') && body.includes('second'))).not.toEqual([]);
    await expect.poll(() => on().stored(ALLOWED)).toBe(before + 2);
  });

  test('takes a session token along', async () => {
    const before = await on().stored(ALLOWED);
    const sender = producer({ credentials: { ...SENDER, securityToken: 'sessionToken12345' } });
    expect((await sender.send({ topic: ALLOWED, body: Buffer.from('x') })).status).toBe('SEND_OK');
    await expect.poll(() => on().stored(ALLOWED)).toBe(before + 1);
  });

  test.each<[string, AclCredentials | undefined, string, RegExp]>([
    ['a wrong secret', WRONG, ALLOWED, /[Cc]heck signature failed/],
    ['an unknown user', UNKNOWN, ALLOWED, /is not found|No acl config for nobody-known/],
    ['no signature', undefined, ALLOWED, /username cannot be null|No accessKey is configured/],
    ['no right on the topic', SENDER, FORBIDDEN, /no permission to access|No default permission for topic:payroll/],
  ])(
    'refuses %s by name, after one question, and nothing secret is told',
    async (_what, credentials, topic, remark) => {
      const sender = producer(credentials === undefined ? {} : { credentials });
      const before = await on().stored(topic);
      const error = await denialOf(sender.send({ topic, body: Buffer.from('x') }));
      expect(error).toMatchObject({ retryable: false, outcome: 'refused' });
      expect(error.attempts).toHaveLength(1);
      expect(error.cause).toBeInstanceOf(AccessDeniedError);
      expect(error.attempts[0]?.error).toMatchObject({
        code: 'ROCKETMQ_ACCESS_DENIED',
        remark: expect.stringMatching(remark),
      });
      expect(error.message).toContain('check access key, secret key, rights and IP of this producer');
      for (const text of [JSON.stringify(error), inspect(error, { depth: 20, showHidden: true }), error.stack]) {
        for (const secret of secrets) expect(text).not.toContain(secret);
      }
      expect(await on().stored(topic)).toBe(before);
    },
  );

  test('refuses a batch for a topic without a right, where the release looks at batches at all', async () => {
    const messages = Array.from({ length: 3 }, () => ({ topic: FORBIDDEN, body: Buffer.from('x') }));
    const outcomes = await producer({ credentials: SENDER }).sendAll(messages);
    expect(outcomes.map(({ status }) => status)).toEqual(Array(3).fill(isV5 ? 'failed' : 'stored'));
  });

  test('lets those who may read ask for a message by its id, and denies it to those who may only write', async () => {
    const asked = { topic: ALLOWED, body: 'x', msgId: uniqueName('id') };
    const sender = producer({ credentials: SENDER });
    await sender.send(asked);
    const denied = await sender.queryMessageByUniqKey(asked);
    expect(denied.stored).toBeUndefined();
    expect(denied.unanswered).toMatchObject([{ code: 'ROCKETMQ_ACCESS_DENIED' }]);
    for (const serializeType of ['JSON', 'ROCKETMQ'] as const) {
      const reader = producer({ credentials: ADMIN, serializeType });
      const answer = async () => {
        const { stored, unanswered } = await reader.queryMessageByUniqKey(asked);
        return stored?.msgId ?? unanswered;
      };
      await expect.poll(answer, { timeout: 20_000 }).toBe(asked.msgId);
    }
  });

  test('tells how many transactions were given up to who may read that, and where ACL 1.0 is, to all who sign', async () => {
    const countAs = (credentials: AclCredentials) => {
      const client = createClient({ nameServerAddrs: on().nameServerAddrs, credentials });
      clients.push(client);
      return client.transactionsGivenUp([ALLOWED], deadlineAfter(5_000));
    };
    // What other tests of this cluster leave open is given up at some time.
    expect(await countAs(ADMIN)).toEqual(expect.any(Number));
    const denied = await countAs(WRONG).catch((reason: unknown) => reason);
    expect(denied).toMatchObject({ code: 'ROCKETMQ_ACCESS_DENIED' });
    const told = await countAs(SENDER).catch((reason: unknown) => reason);
    if (isV5) expect(told).toMatchObject({ code: 'ROCKETMQ_ACCESS_DENIED' });
    else expect(told).toEqual(expect.any(Number));
  });

  test('says nothing to a oneway message with a wrong secret, and does not store it', async () => {
    const before = await on().stored(ALLOWED);
    const liar = producer({ credentials: WRONG });
    await liar.sendOneway({ topic: ALLOWED, body: Buffer.from('lost') });
    // Refused on the same connection after it: by then the broker has read both.
    await denialOf(liar.send({ topic: ALLOWED, body: Buffer.from('refused') }));
    expect(await on().stored(ALLOWED)).toBe(before);
    const sender = producer({ credentials: SENDER });
    await sender.sendOneway({ topic: ALLOWED, body: Buffer.from('stored') });
    await expect.poll(() => on().stored(ALLOWED)).toBe(before + 1);
  });

  test('knows a producer by its signed heartbeat, and forgets it by its signed farewell', async () => {
    const group = uniqueName('acl');
    await producer({ credentials: SENDER }, { group }).send({ topic: ALLOWED, body: Buffer.from('x') });
    await expect.poll(() => on().producerIds(group)).toHaveLength(1);
    await Promise.all(clients.splice(0).map((client) => client.shutdown()));
    await expect.poll(() => on().producerIds(group)).toEqual([]);
  });

  test('begins no transaction for who may not send', async () => {
    const begun: string[] = [];
    const sending = producer({ credentials: SENDER }).sendTransaction(
      { topic: FORBIDDEN, body: Buffer.from('x') },
      async ({ msgId }) => {
        begun.push(msgId);
        return 'commit';
      },
    );
    expect((await denialOf(sending)).cause).toBeInstanceOf(AccessDeniedError);
    expect(begun).toEqual([]);
  });

  test('takes signed traces', async () => {
    const before = await on().stored(TRACES);
    const sender = producer({ credentials: SENDER }, { trace: true });
    await sender.send({ topic: ALLOWED, body: Buffer.from('traced') });
    await Promise.all(clients.splice(0).map((client) => client.shutdown()));
    await expect.poll(() => on().stored(TRACES)).toBe(before + 1);
  });

  test('recalls a message for who may send it and for nobody else, where the release recalls at all', async () => {
    const sender = producer({ credentials: SENDER });
    const scheduling = sender.send({ topic: ALLOWED, body: Buffer.from('x'), delayMs: 60_000 });
    if (!isV5) return expect(scheduling).rejects.toMatchObject({ cause: expect.any(BrokerTooOldError) });
    const { recallHandle = '' } = await scheduling;
    await expect(producer({ credentials: WRONG }).recall(ALLOWED, recallHandle)).rejects.toThrow(AccessDeniedError);
    expect(await sender.recall(ALLOWED, recallHandle)).not.toBe('');
  });

  test('refuses a message whose broker is asked for its version first no less clearly, and follows a rotation there too', async () => {
    const delayed = { topic: ALLOWED, body: Buffer.from('x'), delayMs: 60_000 };
    const error = await denialOf(producer({ credentials: WRONG }).send(delayed));
    expect(error.attempts).toHaveLength(1);
    expect(error.cause).toBeInstanceOf(AccessDeniedError);
    const rotated = [WRONG, SENDER];
    const sending = producer({ fetchSecurity: async () => ({ credentials: rotated.shift() ?? SENDER }) }).send(delayed);
    if (isV5) expect((await sending).status).toBe('SEND_OK');
    else await expect(sending).rejects.toMatchObject({ cause: expect.any(BrokerTooOldError) });
  });

  test.each([
    ['to another secret', WRONG],
    ['to another user', UNKNOWN],
  ])(
    'is asked once more after a denial, with credentials fetched anew, when those have changed %s',
    async (_to, old) => {
      const rotated = [old, SENDER];
      let fetches = 0;
      const fetchSecurity = async () => ({ credentials: rotated[Math.min(fetches++, 1)] ?? SENDER });
      const sender = producer({ fetchSecurity });
      const results = await Promise.all(
        Array.from({ length: 20 }, () => sender.send({ topic: ALLOWED, body: Buffer.from('x') })),
      );
      expect(fetches).toBe(2);
      expect(results.every(({ status, attempts }) => status === 'SEND_OK' && attempts <= 2)).toBe(true);
    },
  );

  test('is told that a retry can help while credentials cannot be fetched anew, and sends again when they can', async () => {
    const clock = { at: Date.now(), now: () => clock.at };
    const answers = [async () => ({ credentials: WRONG }), () => Promise.reject(new Error('SSM is down'))];
    const rotated = async () => ({ credentials: SENDER });
    const sender = producer({ clock, fetchSecurity: () => (answers.shift() ?? rotated)() });
    const message = { topic: ALLOWED, body: Buffer.from('x') };
    for (const _when of ['after the fetch that failed', 'with the next one not yet due']) {
      const error = await denialOf(sender.send(message));
      expect(error).toMatchObject({ retryable: true, outcome: 'refused', cause: { code: 'ROCKETMQ_ACCESS_DENIED' } });
      expect(error.attempts).toHaveLength(1);
    }
    clock.at += 10_000;
    expect((await sender.send(message)).status).toBe('SEND_OK');
  });

  test('follows a rotation when it registers for the reply to a request', async () => {
    const before = await on().stored(ALLOWED);
    const rotated = [WRONG, SENDER];
    const asker = producer({ fetchSecurity: async () => ({ credentials: rotated.shift() ?? SENDER }) });
    const asking = asker.request({ topic: ALLOWED, body: Buffer.from('nobody replies') }, 500);
    await expect(asking).rejects.toMatchObject({ code: 'ROCKETMQ_REQUEST_TIMEOUT' });
    expect(await on().stored(ALLOWED)).toBe(before + 1);
  });

  test('follows a rotation with the next heartbeat when it sends nothing that is answered', async () => {
    const before = await on().stored(ALLOWED);
    const clock = { at: Date.now(), now: () => clock.at };
    const rotated = [WRONG, SENDER];
    const sender = producer({ clock, fetchSecurity: async () => ({ credentials: rotated.shift() ?? SENDER }) });
    await sender.sendOneway({ topic: ALLOWED, body: Buffer.from('lost') });
    clock.at += 31_000;
    const upkeep = await clients[0]?.beginInvocation(deadlineAfter(10_000));
    await upkeep?.end();
    await sender.sendOneway({ topic: ALLOWED, body: Buffer.from('stored') });
    await expect.poll(() => on().stored(ALLOWED)).toBe(before + 1);
  });

  test('is not asked again when the credentials fetched anew are the same, and they are not fetched for each denial', async () => {
    let fetches = 0;
    const fetchSecurity = async () => {
      fetches++;
      return { credentials: { ...WRONG } };
    };
    const sender = producer({ fetchSecurity });
    for (let index = 0; index < 3; index++) {
      const error = await denialOf(sender.send({ topic: ALLOWED, body: Buffer.from('x') }));
      expect(error.attempts).toHaveLength(1);
    }
    expect(fetches).toBe(2);
  });

  test('takes the signed end of a transaction, from its sender and as the answer to a check', {
    timeout: 120_000,
  }, async () => {
    const before = await on().stored(ALLOWED);
    const sender = producer({ credentials: SENDER });
    const [client] = clients;
    const reports: TransactionCheckReport[] = [];
    await sender.onTransactionCheck({
      check: async () => 'commit',
      answered: (report) => void reports.push(report),
    });
    const upkeep = await client?.beginInvocation(deadlineAfter(100_000));
    const message = { topic: ALLOWED, body: Buffer.from('x') };
    expect((await sender.sendTransaction(message, async () => 'commit')).status).toBe('committed');
    expect((await sender.sendTransaction(message, async () => 'rollback')).status).toBe('rolledBack');
    await expect.poll(() => on().stored(ALLOWED), { timeout: 30_000 }).toBe(before + 1);
    const open = await sender.sendTransaction(message, async () => 'unknown');
    await expect.poll(() => reports.length, { timeout: 60_000, interval: 50 }).toBeGreaterThan(0);
    expect(reports[0]).toMatchObject({ answer: 'commit', isConfirmed: true, message: { msgId: open.msgId } });
    await expect.poll(() => on().stored(ALLOWED), { timeout: 30_000 }).toBe(before + 2);
    await upkeep?.end();
  });
});
