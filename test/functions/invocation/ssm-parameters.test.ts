import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createClient, deadlineAfter } from '#rocketmq';
import { NameServerParameterError, SsmParameters } from '../../../functions/invocation/ssm-parameters.ts';
import { type SsmEndpoint, startSsmEndpoint } from '../../../local/ssm/ssm-endpoint.ts';
import { rejectionOf, startProducer, TOPIC } from '../rocketmq/producer/start-producer.ts';

const NAME = '/rocketmq/name-servers';
const variables = {
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
};

let ssm: SsmEndpoint;

beforeEach(async () => {
  ssm = await startSsmEndpoint();
  Object.assign(process.env, variables, { AWS_ENDPOINT_URL_SSM: ssm.url });
});

afterEach(() => ssm.stop());

/** The parameter as a function has it, with a clock that can be moved. */
function parameter(): { parameter: SsmParameters; clock: { at: number; now(): number } } {
  const clock = { at: 1_000_000, now: () => clock.at };
  return { parameter: new SsmParameters({ nameServers: NAME, acl: undefined, tlsCa: undefined }, clock), clock };
}

async function faultOf(limitMs = 20_000): Promise<NameServerParameterError> {
  const error = await rejectionOf(parameter().parameter.fetchNameServers(deadlineAfter(limitMs)));
  if (error instanceof NameServerParameterError) return error;
  throw error;
}

describe('the name-server parameter', () => {
  test.each<[string, string, 'String' | 'StringList' | 'SecureString']>([
    ['a String with semicolons', 'a:9876;b:9876', 'String'],
    ['a String with commas, blanks and a newline', ' a:9876, b:9876\n', 'String'],
    ['a StringList', 'a:9876,b:9876', 'StringList'],
    ['a SecureString, which is decrypted', 'a:9876;b:9876', 'SecureString'],
  ])('may be %s', async (_what, value, type) => {
    ssm.set(NAME, value, type);
    expect(await parameter().parameter.fetchNameServers(deadlineAfter(5000))).toEqual(['a:9876', 'b:9876']);
    expect(ssm.calls).toMatchObject([{ action: 'GetParameters', names: [NAME], withDecryption: true }]);
  });

  test.each([
    [
      'its ARN, as one that another account shares',
      'arn:aws:ssm:eu-west-1:000000000000:parameter/rocketmq/name-servers',
    ],
    ['name and version', `${NAME}:1`],
    ['ARN and version', 'arn:aws:ssm:eu-west-1:000000000000:parameter/rocketmq/name-servers:1'],
  ])('may be named by %s', async (_what, nameServers) => {
    ssm.set(NAME, 'a:9876');
    const named = new SsmParameters({ nameServers, acl: undefined, tlsCa: undefined }, { now: () => 0 });
    expect(await named.fetchNameServers(deadlineAfter(5000))).toEqual(['a:9876']);
  });

  test('is asked for each time, and gives the newest value', async () => {
    const { parameter: one } = parameter();
    ssm.set(NAME, 'a:9876');
    await one.fetchNameServers(deadlineAfter(5000));
    ssm.set(NAME, 'b:9876');
    expect(await one.fetchNameServers(deadlineAfter(5000))).toEqual(['b:9876']);
    expect(ssm.calls).toHaveLength(2);
  });

  test('knows its age from the last time it was read, whatever failed since', async () => {
    const { parameter: one, clock } = parameter();
    expect(one.nameServersAgeMs).toBeUndefined();
    ssm.set(NAME, 'a:9876');
    await one.fetchNameServers(deadlineAfter(5000));
    expect(one.nameServersAgeMs).toBe(0);
    clock.at += 125_000;
    ssm.fail('AccessDeniedException');
    await rejectionOf(one.fetchNameServers(deadlineAfter(5000)));
    expect(one.nameServersAgeMs).toBe(125_000);
    clock.at = 0;
    expect(one.nameServersAgeMs).toBe(0);
  });
});

describe('a parameter that cannot be had', () => {
  test('because it does not exist says so', async () => {
    const error = await faultOf();
    expect(error.message).toBe(
      `SSM parameter "${NAME}" does not exist in this account and Region: create it, or correct its name`,
    );
    expect(error).toMatchObject({
      code: 'ROCKETMQ_NAME_SERVER_PARAMETER',
      parameter: NAME,
      retryable: true,
      outcome: 'notSent',
    });
  });

  test.each(['', ' ', ';;'])('because it is empty says so: %j', async (value) => {
    ssm.set(NAME, value);
    expect((await faultOf()).message).toContain('is empty: it must hold host:port, separated by ";"');
  });

  test('because of missing rights is asked for once, and names the right', async () => {
    ssm.fail('AccessDeniedException');
    const error = await faultOf();
    expect(error.message).toContain('allow ssm:GetParameters on this parameter');
    expect(error.cause).toMatchObject({ name: 'AccessDeniedException' });
    expect(ssm.calls).toHaveLength(1);
  });

  test('because of throttling is asked for twice, and says what helps', async () => {
    ssm.fail('ThrottlingException');
    expect((await faultOf()).message).toContain('SSM throttled the request (Rate exceeded); raise its throughput');
    expect(ssm.calls).toHaveLength(2);
  });

  test('is had by the second attempt when the first was throttled', async () => {
    ssm.set(NAME, 'a:9876');
    ssm.fail('ThrottlingException', 1);
    expect(await parameter().parameter.fetchNameServers(deadlineAfter(10_000))).toEqual(['a:9876']);
  });

  test('because SSM does not answer is an error in seconds that names the cure', async () => {
    ssm.fail('hang');
    const error = await faultOf();
    expect(error.message).toContain('SSM did not answer in time');
    expect(error.message).toContain("does the function's subnet reach it, by an interface endpoint for ssm");
    expect(ssm.calls).toHaveLength(2);
  });

  test('within the deadline is given up at it', async () => {
    ssm.fail('hang');
    expect((await faultOf(300)).message).toContain('SSM did not answer in time');
    expect(ssm.calls).toHaveLength(1);
  });

  test('because nothing listens there is an error too', async () => {
    await ssm.stop();
    const error = await faultOf();
    expect(error.message).toContain(`SSM parameter "${NAME}" cannot be read`);
    expect(error.message).toContain('ECONNREFUSED');
  });

  test('can be had by the next fetch', async () => {
    const { parameter: one } = parameter();
    await rejectionOf(one.fetchNameServers(deadlineAfter(5000)));
    ssm.set(NAME, 'a:9876');
    expect(await one.fetchNameServers(deadlineAfter(5000))).toEqual(['a:9876']);
  });
});

describe('a client that looks its name servers up in the parameter', () => {
  test.each([
    ['malformed', 'not an address'],
    ['empty', ''],
  ])('keeps the last good list when the value has become %s', async (_what, value) => {
    const start = Date.now();
    let now = start;
    const clock = { now: () => now };
    await using started = await startProducer();
    ssm.set(NAME, started.cluster.nameServerAddrs.join(';'));
    const one = new SsmParameters({ nameServers: NAME, acl: undefined, tlsCa: undefined }, clock);
    const client = createClient({ clock, fetchNameServerAddrs: (deadline) => one.fetchNameServers(deadline) });
    const producer = client.producer({ group: 'g' });
    await producer.send({ topic: TOPIC, body: 'x' });
    ssm.set(NAME, value);
    now += 200_000;
    const upkeep = await client.beginInvocation(deadlineAfter(10_000));
    await producer.send({ topic: TOPIC, body: 'y' });
    await upkeep.end();
    expect(ssm.calls).toHaveLength(2);
    expect(client.nameServerAddrs).toEqual(started.cluster.nameServerAddrs);
    const lookup = client.dueWorkReport().find(({ name }) => name === 'fetchNameServerAddr');
    expect(lookup?.lastError).toContain('still using 127.0.0.1:');
    await client.shutdown();
  });

  test.each([
    ['credentials', '{"accessKey":"orders","secretKey":"of-nobody-else"}'],
    ['a private key', '-----BEGIN PRIVATE KEY-----\nof-nobody-else\n-----END PRIVATE KEY-----'],
  ])('shows nothing of the value where it holds %s, because names were mixed up', async (_what, value) => {
    ssm.set(NAME, value, 'SecureString');
    const { parameter: one } = parameter();
    const client = createClient({ fetchNameServerAddrs: (deadline) => one.fetchNameServers(deadline) });
    const error = await rejectionOf(client.producer({ group: 'g' }).send({ topic: TOPIC, body: 'x' }));
    expect(String(error)).toContain(`SSM parameter "${NAME}" holds JSON or PEM, and no list of host:port`);
    expect(inspect(error, { depth: null })).not.toContain('of-nobody-else');
  });

  test('says what is wrong with the value when there is no good one', async () => {
    ssm.set(NAME, 'broker');
    const { parameter: one } = parameter();
    const client = createClient({ fetchNameServerAddrs: (deadline) => one.fetchNameServers(deadline) });
    const error = await rejectionOf(client.producer({ group: 'g' }).send({ topic: TOPIC, body: 'x' }));
    expect(error).toMatchObject({ code: 'ROCKETMQ_NO_NAME_SERVER', retryable: true, outcome: 'notSent' });
    expect(String(error)).toContain('"broker" is not host:port');
  });
});
