import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { AccessDeniedError, createClient, deadlineAfter, OptionsError } from '#rocketmq';
import { deliver } from '../../../../functions/delivery/deliver.ts';
import { type ClientSecurity, Security } from '../../../../functions/rocketmq/client/security.ts';
import { AclField } from '../../../../functions/rocketmq/protocol/acl-signature.ts';

const limit = deadlineAfter(10_000);
const keys = (secretKey: string): ClientSecurity => ({ credentials: { accessKey: 'ak', secretKey } });

/** Security that fetches what it is given in turn, at a time that can be moved. */
function fetching(...answers: (ClientSecurity | Error)[]) {
  const clock = { at: 1_000_000, now: () => clock.at };
  const state = { fetches: 0 };
  const fetch = async () => {
    const answer = answers[Math.min(state.fetches++, answers.length - 1)];
    if (answer === undefined || answer instanceof Error) throw answer;
    return answer;
  };
  return { security: new Security({}, fetch, clock), clock, state };
}

function signatureOf(security: Security): string | undefined {
  return security.signingHook().beforeRequest?.('b:1', { code: 1, extFields: { a: '1' } })?.[AclField.SIGNATURE];
}

describe('security that is fetched', () => {
  test('is fetched once before the first connection, however many ask', async () => {
    const { security, state } = fetching(keys('one'));
    await Promise.all([security.ensure(limit), security.ensure(limit)]);
    await security.ensure(limit);
    expect(state.fetches).toBe(1);
    expect(signatureOf(security)).toMatch(/=$/);
  });

  test('is asked for again when the first fetch failed a while ago, and the failure is told', async () => {
    const { security, clock, state } = fetching(new Error('no way to SSM'), keys('one'));
    await expect(security.ensure(limit)).rejects.toMatchObject({
      code: 'ROCKETMQ_NO_SECURITY',
      message: 'credentials and TLS settings cannot be fetched: no way to SSM',
      cause: { message: 'no way to SSM' },
    });
    clock.at += 1000;
    await security.ensure(limit);
    expect(state.fetches).toBe(2);
  });

  test('is not asked for again by who comes a moment after the first fetch failed, but fails as it did', async () => {
    const { security, clock, state } = fetching(new Error('no way to SSM'), keys('one'));
    await expect(security.ensure(limit)).rejects.toThrow('no way to SSM');
    clock.at += 999;
    await expect(security.ensure(limit)).rejects.toThrow('no way to SSM');
    expect(state.fetches).toBe(1);
  });

  test('is asked for again when the clock was set back', async () => {
    const { security, clock, state } = fetching(new Error('no way to SSM'), keys('one'));
    await expect(security.ensure(limit)).rejects.toThrow('no way to SSM');
    clock.at -= 1;
    await security.ensure(limit);
    expect(state.fetches).toBe(2);
  });

  test('is not waited for beyond the deadline of who asks, whoever began the fetch, and however it hangs', async () => {
    const security = new Security({}, () => new Promise(() => undefined), { now: () => 0 });
    const patient = security.ensure(deadlineAfter(60));
    const late = { code: 'ROCKETMQ_NO_SECURITY', message: expect.stringContaining('by its deadline') };
    await expect(security.ensure(deadlineAfter(1))).rejects.toMatchObject(late);
    expect(await security.refresh(security.version, deadlineAfter(1))).toBe(false);
    await expect(patient).rejects.toMatchObject(late);
  });

  test('is fetched again by who has time left when the time of the one who began is up', async () => {
    let fetches = 0;
    const fetch = () => (fetches++ === 0 ? new Promise<never>(() => undefined) : Promise.resolve(keys('one')));
    const security = new Security({}, fetch, { now: () => 0 });
    const hasty = security.ensure(deadlineAfter(30));
    const patient = security.ensure(limit);
    await expect(hasty).rejects.toMatchObject({ code: 'ROCKETMQ_NO_SECURITY' });
    await patient;
    expect(signatureOf(security)).toMatch(/=$/);
  });

  test('fails with an error of this client as it is', async () => {
    const { security } = fetching(new OptionsError('a parameter', ['it holds no JSON']));
    await expect(security.ensure(limit)).rejects.toMatchObject({ code: 'ROCKETMQ_OPTIONS' });
  });

  test('changes after a denial when the keys were rotated', async () => {
    const { security } = fetching(keys('one'), keys('two'));
    await security.ensure(limit);
    const before = signatureOf(security);
    expect(await security.refresh(security.version, limit)).toBe(true);
    expect(signatureOf(security)).not.toBe(before);
  });

  test('is fetched once for many denials at once, and each of them may try again', async () => {
    const { security, state } = fetching(keys('one'), keys('two'));
    await security.ensure(limit);
    const { version } = security;
    const denials = await Promise.all(Array.from({ length: 64 }, () => security.refresh(version, limit)));
    expect(denials).not.toContain(false);
    expect(state.fetches).toBe(2);
  });

  test('lets a denial that comes after the fetch try again, when its request was signed before it', async () => {
    const { security, state } = fetching(keys('one'), keys('two'));
    await security.ensure(limit);
    const { version } = security;
    await security.refresh(version, limit);
    expect(await security.refresh(version, limit)).toBe(true);
    expect(await security.refresh(security.version, limit)).toBe(false);
    expect(state.fetches).toBe(2);
  });

  test('is fetched every ten seconds at the most by the wall clock, a clock set back notwithstanding', async () => {
    const { security, clock, state } = fetching(keys('one'));
    await security.ensure(limit);
    for (const ms of [0, 9_999, 1, 9_999, -20_000]) {
      clock.at += ms;
      expect(await security.refresh(security.version, limit)).toBe(false);
    }
    expect(state.fetches).toBe(4);
  });

  test('is fetched at the next denial when the last fetch had no time', async () => {
    let fetches = 0;
    const fetch = () => (fetches++ === 0 ? new Promise<never>(() => undefined) : Promise.resolve(keys('two')));
    const security = new Security(keys('one'), fetch, { now: () => 0 });
    expect(await security.refresh(security.version, deadlineAfter(1))).toBe(false);
    expect(await security.refresh(security.version, limit)).toBe(true);
    expect(fetches).toBe(2);
  });

  test('stays as it is when the fetch fails', async () => {
    const { security } = fetching(keys('one'), new Error('SSM is down'));
    await security.ensure(limit);
    const before = signatureOf(security);
    expect(await security.refresh(security.version, limit)).toBe(false);
    expect(signatureOf(security)).toBe(before);
  });
});

describe('a question', () => {
  test('that is denied is put once more when the keys were rotated', async () => {
    const { security, state } = fetching(keys('one'), keys('two'));
    const signatures = new Set<string | undefined>();
    const ask = async () => {
      signatures.add(signatureOf(security));
      if (signatures.size === 1) throw new AccessDeniedError('b:1', 'check signature failed.');
      return 'answered';
    };
    expect(await security.asking(limit, ask)).toBe('answered');
    expect(state.fetches).toBe(2);
  });

  test('that is denied fails when the keys are the same', async () => {
    const { security, state } = fetching(keys('one'));
    const ask = () => Promise.reject(new AccessDeniedError('b:1', 'no permission'));
    await expect(security.asking(limit, ask)).rejects.toThrow('no permission');
    expect(state.fetches).toBe(2);
  });

  test('that is denied fails for good only when it is known that the keys are the same', async () => {
    const { security, clock } = fetching(keys('one'), new Error('SSM is down'), keys('one'));
    const ask = () => Promise.reject(new AccessDeniedError('b:1', 'check signature failed.'));
    for (const [laterMs, retryable] of [
      [0, true],
      [1_000, true],
      [9_000, false],
      [1_000, false],
    ] as const) {
      clock.at += laterMs;
      await expect(security.asking(limit, ask)).rejects.toMatchObject({ code: 'ROCKETMQ_ACCESS_DENIED', retryable });
    }
  });

  test('that fails otherwise fetches nothing', async () => {
    const { security, state } = fetching(keys('one'));
    await expect(security.asking(limit, () => Promise.reject(new Error('other')))).rejects.toThrow('other');
    expect(state.fetches).toBe(1);
  });
});

describe.each([
  ['credentials', { nameServerAddrs: ['127.0.0.1:9'] }, 'fetchSecurity'],
  ['name servers', {}, 'fetchNameServerAddrs'],
] as const)('when the %s cannot be fetched', (_what, options, fetch) => {
  test('an invocation of thousands of records asks once, and the next one again', async () => {
    let fetches = 0;
    const failing = async () => {
      fetches++;
      throw new Error('no way to SSM');
    };
    const client = createClient({ ...options, [fetch]: failing, clock: { now: () => 1 } });
    const producer = client.producer({ group: 'g' });
    for (const invocation of [1, 2]) {
      const upkeep = await client.beginInvocation(limit);
      const records = Array.from({ length: 2000 }, (_, index) => ({
        id: `r-${index}`,
        orderingKey: undefined,
        toMessage: () => ({ topic: `topic-${index % 3}`, body: 'x' }),
      }));
      const delivered = await deliver(records, { producer, deadline: limit, record: () => undefined });
      await upkeep.end();
      expect(delivered.filter(({ outcome }) => outcome.status !== 'failed')).toEqual([]);
      expect(fetches).toBe(invocation);
    }
    await client.shutdown();
  });
});

test('security that was given is not fetched, and a denial changes nothing', async () => {
  const security = new Security(keys('one'), undefined, { now: () => 0 });
  await security.ensure(limit);
  expect(await security.refresh(security.version, limit)).toBe(false);
});

test('what an answer leaves undefined stays as it was given: no connection goes plain by it', async () => {
  const tls = { servername: 'brokers' };
  const { credentials } = keys('one');
  for (const [given, answer] of [
    [{ tls }, { credentials, tls: undefined }],
    [{ credentials }, { credentials: undefined, tls }],
    [{ tls, credentials }, {}],
  ]) {
    const security = new Security(given as ClientSecurity, async () => answer as ClientSecurity, { now: () => 0 });
    await security.ensure(limit);
    expect(security.tls).toEqual(tls);
    expect(signatureOf(security)).toMatch(/=$/);
  }
});

describe('secrets', () => {
  const secret = 'NeverShowThis';

  test('are not in the JSON nor in an inspection of what holds them', async () => {
    const { security } = fetching({ ...keys(secret), tls: { key: `-----BEGIN PRIVATE KEY-----\n${secret}` } });
    await security.ensure(limit);
    const client = createClient({
      nameServerAddrs: ['127.0.0.1:9876'],
      credentials: { accessKey: 'ak', secretKey: secret, securityToken: secret },
      tls: { key: `-----BEGIN PRIVATE KEY-----\n${secret}` },
    });
    const producer = client.producer({ group: 'g' });
    for (const holder of [security, client, producer]) {
      expect(JSON.stringify(holder)).not.toContain(secret);
      expect(inspect(holder, { depth: 20, showHidden: true })).not.toContain(secret);
    }
  });

  const unusable: [string, object][] = [
    ['credentials that are text', { credentials: secret }],
    ['TLS settings that are text', { tls: secret }],
    ['TLS settings without PEM', { tls: { ca: secret, cert: secret, key: secret } }],
    ['an empty access key', { credentials: { accessKey: '', secretKey: secret } }],
    ['no access key', { credentials: { secretKey: secret } }],
    ['no secret key', { credentials: { accessKey: secret } }],
    ['a token that is no text', { credentials: { accessKey: 'a', secretKey: secret, securityToken: [secret] } }],
    ['a secret key that is a number', { credentials: { accessKey: 'a', secretKey: 8_675_309 } }],
  ];

  test.each(unusable)('are not in the error that refuses %s', (_what, options) => {
    const create = () => createClient({ nameServerAddrs: ['127.0.0.1:9876'], ...options });
    expect(create).toThrow(/"(credentials|tls)"/);
    expect(create).not.toThrow(secret);
  });

  test.each(unusable)(
    'are not in the error that refuses %s when they are fetched, and what was in use stays',
    async (_what, answer) => {
      const { security, clock } = fetching(answer as ClientSecurity, keys('one'), answer as ClientSecurity);
      const refusal = await security.ensure(limit).catch((error: unknown) => error);
      expect(refusal).toMatchObject({
        code: 'ROCKETMQ_NO_SECURITY',
        message: expect.stringMatching(/"(credentials|tls)"/),
      });
      expect(inspect(refusal, { depth: 20, showHidden: true })).not.toMatch(/NeverShowThis|8675309/);
      clock.at += 1000;
      await security.ensure(limit);
      const before = signatureOf(security);
      expect(await security.refresh(security.version, limit)).toBe(false);
      expect(signatureOf(security)).toBe(before);
    },
  );
});
