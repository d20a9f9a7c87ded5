import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import {
  GetParameterCommand,
  GetParametersCommand,
  ParameterNotFound,
  ParameterVersionNotFound,
  PutParameterCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SsmEndpoint, startSsmEndpoint } from '../../../local/ssm/ssm-endpoint.ts';
import { createTlsCertificates } from '../../../local/tls-certificates.ts';

let endpoint: SsmEndpoint;
let client: SSMClient;

beforeAll(async () => {
  endpoint = await startSsmEndpoint({
    parameters: {
      '/rocketmq/name-servers': '10.0.0.1:9876;10.0.0.2:9876',
      '/rocketmq/list': { value: 'a:9876,b:9876', type: 'StringList' },
      '/rocketmq/acl': { value: '{"accessKey":"k"}', type: 'SecureString' },
    },
  });
  client = clientOf(endpoint);
});

afterAll(async () => {
  client.destroy();
  await endpoint.stop();
});

function clientOf({ url }: SsmEndpoint): SSMClient {
  const credentials = { accessKeyId: 'any', secretAccessKey: 'any' };
  return new SSMClient({ endpoint: url, region: 'eu-west-1', credentials, maxAttempts: 1 });
}

const get = (Name: string, WithDecryption = false) => client.send(new GetParameterCommand({ Name, WithDecryption }));

describe('GetParameter', () => {
  test('answers with what the service answers with', async () => {
    const { Parameter } = await get('/rocketmq/name-servers');
    expect(Parameter).toEqual({
      Name: '/rocketmq/name-servers',
      ARN: 'arn:aws:ssm:eu-west-1:000000000000:parameter/rocketmq/name-servers',
      Type: 'String',
      Value: '10.0.0.1:9876;10.0.0.2:9876',
      Version: 1,
      DataType: 'text',
      LastModifiedDate: expect.any(Date),
    });
    expect(Math.abs(Date.now() - Number(Parameter?.LastModifiedDate))).toBeLessThan(60_000);
  });

  test('gives a SecureString in the clear only when asked to decrypt it', async () => {
    expect((await get('/rocketmq/acl')).Parameter?.Value).toBe('kms:alias/aws/ssm:{"accessKey":"k"}');
    expect((await get('/rocketmq/acl', true)).Parameter?.Value).toBe('{"accessKey":"k"}');
  });

  test('finds the newest version, any version by number, and a parameter by ARN', async () => {
    endpoint.set('/versioned', 'first');
    expect(endpoint.set('/versioned', 'second')).toBe(2);
    expect((await get('/versioned')).Parameter).toMatchObject({ Value: 'second', Version: 2 });
    expect((await get('/versioned:1')).Parameter).toMatchObject({
      Name: '/versioned',
      Value: 'first',
      Version: 1,
      Selector: ':1',
    });
    const arn = 'arn:aws:ssm:eu-west-1:000000000000:parameter/versioned';
    expect((await get(arn)).Parameter).toMatchObject({ Name: '/versioned', Value: 'second' });
    expect((await get(`${arn}:1`)).Parameter).toMatchObject({ Value: 'first' });
  });

  test('refuses unknown names and versions by the errors of the service', async () => {
    await expect(get('/nowhere')).rejects.toBeInstanceOf(ParameterNotFound);
    await expect(get('/rocketmq/list:7')).rejects.toBeInstanceOf(ParameterVersionNotFound);
    await expect(get('/rocketmq/list:0')).rejects.toBeInstanceOf(ParameterVersionNotFound);
  });

  test('gives the empty value where one was set, which the service itself would have refused', async () => {
    endpoint.set('/empty', '');
    expect((await get('/empty')).Parameter?.Value).toBe('');
  });

  test('does not find a parameter that was deleted', async () => {
    endpoint.set('/short-lived', 'x');
    expect(endpoint.delete('/short-lived')).toBe(true);
    expect(endpoint.delete('/short-lived')).toBe(false);
    await expect(get('/short-lived')).rejects.toBeInstanceOf(ParameterNotFound);
  });
});

describe('GetParameters', () => {
  test('answers in alphabetical order and names what it did not find', async () => {
    const Names = ['/rocketmq/name-servers', '/nowhere', '/rocketmq/acl', '/rocketmq/list:9'];
    const answer = await client.send(new GetParametersCommand({ Names, WithDecryption: true }));
    expect(answer.Parameters?.map(({ Name }) => Name)).toEqual(['/rocketmq/acl', '/rocketmq/name-servers']);
    expect(answer.InvalidParameters).toEqual(['/nowhere', '/rocketmq/list:9']);
  });

  test('takes up to ten names', async () => {
    const named = (count: number) => Array.from({ length: count }, (_, index) => `/p${index}`);
    const ten = await client.send(new GetParametersCommand({ Names: named(10) }));
    expect(ten.InvalidParameters).toHaveLength(10);
    for (const count of [0, 11]) {
      const sent = client.send(new GetParametersCommand({ Names: named(count) }));
      await expect(sent).rejects.toMatchObject({ name: 'ValidationException' });
    }
  });
});

describe('PutParameter', () => {
  test('makes a parameter, and a new version only when told to overwrite', async () => {
    const put = (Value: string, Overwrite: boolean) =>
      client.send(new PutParameterCommand({ Name: '/put', Value, Type: 'SecureString', Overwrite }));
    expect(await put('one', false)).toMatchObject({ Version: 1 });
    await expect(put('two', false)).rejects.toMatchObject({ name: 'ParameterAlreadyExists' });
    expect(await put('two', true)).toMatchObject({ Version: 2 });
    expect((await get('/put', true)).Parameter).toMatchObject({ Value: 'two', Type: 'SecureString' });
    await expect(put('', true)).rejects.toMatchObject({ name: 'ValidationException' });
  });
});

describe('an endpoint told to fail', () => {
  test.each([
    ['ThrottlingException', 400],
    ['AccessDeniedException', 400],
    ['InternalServerError', 500],
  ] as const)('answers %s as often as it was told, then answers again', async (fault, statusCode) => {
    endpoint.fail(fault, 2);
    const failure = { name: fault, $metadata: { httpStatusCode: statusCode } };
    await expect(get('/rocketmq/list')).rejects.toMatchObject(failure);
    await expect(get('/rocketmq/list')).rejects.toMatchObject(failure);
    expect((await get('/rocketmq/list')).Parameter?.Value).toBe('a:9876,b:9876');
  });

  test('closes the connection without an answer', async () => {
    endpoint.fail('close', 1);
    await expect(get('/rocketmq/list')).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  test('leaves a request without an answer until its client gives up', async () => {
    endpoint.fail('hang');
    const limit = new AbortController();
    const sent = client.send(new GetParameterCommand({ Name: '/rocketmq/list' }), { abortSignal: limit.signal });
    const calls = endpoint.calls.length;
    await expect.poll(() => endpoint.calls.length).toBe(calls + 1);
    limit.abort();
    await expect(sent).rejects.toMatchObject({ name: 'AbortError' });
    endpoint.recover();
    expect((await get('/rocketmq/list')).Parameter?.Version).toBe(1);
  });

  test('keeps an answer back while later ones overtake it', async () => {
    const answered: string[] = [];
    const calls = endpoint.calls.length;
    endpoint.delay(250);
    const slow = get('/rocketmq/list').then(() => answered.push('slow'));
    await expect.poll(() => endpoint.calls.length).toBe(calls + 1);
    endpoint.delay(0);
    await get('/rocketmq/list').then(() => answered.push('quick'));
    await slow;
    expect(answered).toEqual(['quick', 'slow']);
  });
});

test('every call is remembered with its action, names, instant and fault', async () => {
  await using own = await startSsmEndpoint({ parameters: { a: '1' } });
  const ownClient = clientOf(own);
  own.fail('ThrottlingException', 1);
  await expect(ownClient.send(new GetParametersCommand({ Names: ['a', 'b'], WithDecryption: true }))).rejects.toThrow();
  await ownClient.send(new GetParameterCommand({ Name: 'a' }));
  ownClient.destroy();
  expect(own.calls).toEqual([
    {
      action: 'GetParameters',
      names: ['a', 'b'],
      withDecryption: true,
      at: expect.any(Number),
      fault: 'ThrottlingException',
    },
    { action: 'GetParameter', names: ['a'], withDecryption: false, at: expect.any(Number) },
  ]);
});

test('stopping ends slow and hanging requests at once, and may be done twice', async () => {
  const own = await startSsmEndpoint({ parameters: { a: '1' } });
  const hanging = fetch(own.url, {
    method: 'POST',
    headers: { 'x-amz-target': 'AmazonSSM.GetParameter' },
    body: '{"Name":"a"}',
  });
  own.delay(60_000);
  await expect.poll(() => own.calls.length).toBe(1);
  await Promise.all([own.stop(), expect(hanging).rejects.toThrow()]);
  await own.stop();
});

test('an endpoint with a certificate is spoken to over TLS, and not without', async () => {
  const certificates = await createTlsCertificates();
  await using own = await startSsmEndpoint({ parameters: { a: '1' }, tls: certificates.server });
  expect(own.url).toMatch(/^https:/);
  const ask = (scheme: string) =>
    new Promise<string>((resolve, reject) => {
      const { hostname, port } = new URL(own.url);
      const headers = { 'x-amz-target': 'AmazonSSM.GetParameter' };
      const options = { hostname, port, method: 'POST', headers, ca: certificates.ca };
      const { request } = scheme === 'https' ? https : http;
      request(options, (answer) => resolve(text(answer)))
        .on('error', reject)
        .end('{"Name":"a"}');
    });
  expect(JSON.parse(await ask('https'))).toMatchObject({ Parameter: { Value: '1' } });
  await expect(ask('http')).rejects.toThrow();
});

test('stopping ends a connection too whose client never says what TLS it wants', async () => {
  const { server } = await createTlsCertificates();
  await using own = await startSsmEndpoint({ tls: server });
  const silent = connect(Number(new URL(own.url).port), '127.0.0.1');
  await once(silent, 'connect');
  await Promise.all([once(silent, 'close'), own.stop()]);
});

test('a body that is not JSON is refused, and remembered as a call', async () => {
  const answer = await fetch(endpoint.url, {
    method: 'POST',
    headers: { 'x-amz-target': 'AmazonSSM.GetParameter' },
    body: 'no',
  });
  expect(await answer.json()).toMatchObject({ __type: 'SerializationException' });
  expect(endpoint.calls.at(-1)).toMatchObject({ action: 'GetParameter', names: [] });
});

test('an action it does not have is refused by name', async () => {
  const answer = await fetch(endpoint.url, {
    method: 'POST',
    headers: { 'x-amz-target': 'AmazonSSM.DeleteParameter' },
    body: '{}',
  });
  expect(answer.status).toBe(400);
  expect(await answer.json()).toEqual({
    __type: 'UnknownOperationException',
    message: 'This endpoint does not have the action "DeleteParameter".',
  });
});
