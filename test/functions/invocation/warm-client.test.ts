import { beforeEach, describe, expect, test, vi } from 'vitest';

const PARAMETER = '/rocketmq/name-servers';

let warmClient: typeof import('../../../functions/invocation/warm-client.ts').warmClient;

beforeEach(async () => {
  for (const name of Object.keys(process.env)) if (name.startsWith('ROCKETMQ_')) delete process.env[name];
  Object.assign(process.env, {
    ROCKETMQ_TOPIC: 'orders',
    ROCKETMQ_PRODUCER_GROUP: 'orders-lambda',
    ROCKETMQ_NAME_SERVERS: 'a:9876;b:9876',
  });
  vi.resetModules();
  ({ warmClient } = await import('../../../functions/invocation/warm-client.ts'));
});

describe('the warm client', () => {
  test('is made once in a process, with the seed as its name servers, and connects to nothing', () => {
    const warm = warmClient();
    expect(warmClient()).toBe(warm);
    expect(warm.client.nameServerAddrs).toEqual(['a:9876', 'b:9876']);
    expect(warm.producer.group).toBe('orders-lambda');
    expect(warm.parameters.nameServersAgeMs).toBeUndefined();
    expect(warm.client.pendingCount).toBe(0);
  });

  test('looks name servers up only where the environment names a parameter, and has not done so yet', async () => {
    const lookupOf = ({ client }: ReturnType<typeof warmClient>) => client.dueWorkReport()[0];
    expect(lookupOf(warmClient())?.note).toBe('name servers are given, not looked up');
    process.env.ROCKETMQ_NAME_SERVER_PARAMETER = PARAMETER;
    vi.resetModules();
    const warm = (await import('../../../functions/invocation/warm-client.ts')).warmClient();
    expect(lookupOf(warm)).toMatchObject({ name: 'fetchNameServerAddr', runs: 0, note: undefined });
    expect(warm.parameters.nameServersAgeMs).toBeUndefined();
  });

  test('cannot be made from a faulty environment, and can when that was mended', () => {
    process.env.ROCKETMQ_TOPIC = 'two words';
    expect(warmClient).toThrow('ROCKETMQ_TOPIC is "two words"');
    expect(warmClient).toThrow('ROCKETMQ_TOPIC is "two words"');
    process.env.ROCKETMQ_TOPIC = 'orders';
    expect(warmClient().environment.topic).toBe('orders');
  });

  test('is another one in another process', async () => {
    const first = warmClient();
    vi.resetModules();
    const other = await import('../../../functions/invocation/warm-client.ts');
    expect(other.warmClient()).not.toBe(first);
  });
});
