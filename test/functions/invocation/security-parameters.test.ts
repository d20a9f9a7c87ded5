import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { deadlineAfter } from '#rocketmq';
import { SecurityParameterError, SsmParameters } from '../../../functions/invocation/ssm-parameters.ts';
import { type SsmEndpoint, startSsmEndpoint } from '../../../local/ssm/ssm-endpoint.ts';

const NAMES = { nameServers: '/rocketmq/name-servers', acl: '/rocketmq/credentials', tlsCa: '/rocketmq/ca' };
const SECRET = 'NeverShowThis';
const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const limit = deadlineAfter(20_000);

let ssm: SsmEndpoint;

beforeEach(async () => {
  ssm = await startSsmEndpoint();
  vi.stubEnv('AWS_REGION', 'eu-west-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  vi.stubEnv('AWS_ENDPOINT_URL_SSM', ssm.url);
  ssm.set(NAMES.nameServers, 'a:9876');
  ssm.set(NAMES.acl, JSON.stringify({ accessKey: 'ak', secretKey: SECRET }), 'SecureString');
  ssm.set(NAMES.tlsCa, PEM);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await ssm.stop();
});

function parameters(names: Partial<typeof NAMES> = NAMES) {
  const clock = { at: 1_000_000, now: () => clock.at };
  const { nameServers, acl, tlsCa } = names;
  return { parameters: new SsmParameters({ nameServers, acl, tlsCa }, clock), clock };
}

async function faultOf(): Promise<SecurityParameterError> {
  const error: unknown = await parameters()
    .parameters.fetchSecurity(limit, {})
    .catch((reason: unknown) => reason);
  if (error instanceof SecurityParameterError) return error;
  throw error;
}

describe('credentials and CA in SSM', () => {
  test('are read by one decrypting call, which serves the name servers too', async () => {
    const { parameters: read } = parameters();
    expect(await read.fetchSecurity(limit, { servername: 'broker' })).toEqual({
      credentials: { accessKey: 'ak', secretKey: SECRET },
      tls: { servername: 'broker', ca: PEM },
    });
    expect(await read.fetchNameServers(limit)).toEqual(['a:9876']);
    expect(ssm.calls).toHaveLength(1);
    expect(ssm.calls[0]).toMatchObject({ action: 'GetParameters', withDecryption: true });
  });

  test('serve the name servers once and for moments only: later ones are asked for', async () => {
    const { parameters: read, clock } = parameters();
    await read.fetchSecurity(limit, {});
    await read.fetchNameServers(limit);
    await read.fetchNameServers(limit);
    await read.fetchSecurity(limit, {});
    clock.at += 5_001;
    await read.fetchNameServers(limit);
    expect(ssm.calls).toHaveLength(4);
  });

  test('may have a session token', async () => {
    ssm.set(NAMES.acl, JSON.stringify({ accessKey: 'ak', secretKey: SECRET, securityToken: 'st' }), 'SecureString');
    const { credentials } = await parameters({ acl: NAMES.acl }).parameters.fetchSecurity(limit, undefined);
    expect(credentials).toEqual({ accessKey: 'ak', secretKey: SECRET, securityToken: 'st' });
  });

  test.each<[string, string, RegExp]>([
    ['no JSON', SECRET, /holds no JSON/],
    ['JSON that is cut off', `{"accessKey":"ak","secretKey":"${SECRET}`, /holds no JSON/],
    ['JSON that is no object', `"${SECRET}"`, /has no accessKey/],
    ['null', 'null', /has no accessKey/],
    ['no secret key', `{"accessKey":"${SECRET}"}`, /has no secretKey/],
    ['an empty access key', `{"accessKey":"","secretKey":"${SECRET}"}`, /has no accessKey/],
    [
      'a token that is no text',
      `{"accessKey":"ak","secretKey":"${SECRET}","securityToken":7}`,
      /securityToken that is no text/,
    ],
  ])(
    'are refused when the parameter holds %s; the error says what it must hold, and not what it does',
    async (_what, value, text) => {
      ssm.set(NAMES.acl, value, 'SecureString');
      const error = await faultOf();
      expect(error.message).toMatch(text);
      expect(error.message).toContain('{"accessKey":"…","secretKey":"…","securityToken":"…"}');
      expect(error).toMatchObject({ code: 'ROCKETMQ_SECURITY_PARAMETER', parameter: NAMES.acl, outcome: 'notSent' });
      for (const shown of [JSON.stringify(error), inspect(error, { depth: 20, showHidden: true })]) {
        expect(shown).not.toContain(SECRET);
      }
    },
  );

  test('may stand behind a byte order mark, with the line ends of Windows', async () => {
    ssm.set(NAMES.nameServers, '\ufeffa:9876;\r\nb:9876;\r\n');
    ssm.set(NAMES.acl, `\ufeff{\r\n"accessKey":"ak",\r\n"secretKey":"${SECRET}"}\r\n`, 'SecureString');
    ssm.set(NAMES.tlsCa, `\ufeff${PEM.replaceAll('\n', '\r\n')}`);
    const { parameters: read } = parameters();
    const { credentials } = await read.fetchSecurity(limit, {});
    expect(credentials).toEqual({ accessKey: 'ak', secretKey: SECRET });
    expect(await read.fetchNameServers(limit)).toEqual(['a:9876', 'b:9876']);
  });

  test.each([
    ['no PEM', 'MIIB'],
    ['PEM on one line', PEM.replaceAll('\n', ' ')],
    ['PEM with "\\n" written where lines end', PEM.replaceAll('\n', '\\n')],
  ])('are refused when the CA is %s, which Node would pass over in silence', async (_what, text) => {
    ssm.set(NAMES.tlsCa, text);
    expect((await faultOf()).message).toContain(`"${NAMES.tlsCa}" holds no certificate in PEM`);
  });

  test.each([NAMES.acl, NAMES.tlsCa])('are refused by name when %s does not exist', async (name) => {
    ssm.delete(name);
    expect(await faultOf()).toMatchObject({ parameter: name, message: expect.stringContaining('does not exist') });
  });

  test('say which rights are missing when SSM denies them', async () => {
    ssm.fail('AccessDeniedException');
    expect((await faultOf()).message).toContain('kms:Decrypt on the key of a SecureString');
  });

  test('are not in an inspection of what read them', async () => {
    const { parameters: read } = parameters();
    await read.fetchSecurity(limit, {});
    expect(inspect(read, { depth: 20, showHidden: true })).not.toContain(SECRET);
    expect(JSON.stringify(read)).not.toContain(SECRET);
  });
});
