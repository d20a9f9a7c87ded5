import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RemotingCommandError } from '../../../../functions/rocketmq/errors.ts';
import { decodeFrame } from '../../../../functions/rocketmq/protocol/remoting-command.ts';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import {
  decodeTopicRouteData,
  encodeTopicRouteData,
  parseDialectJson,
  type TopicRouteData,
} from '../../../../functions/rocketmq/protocol/topic-route-data.ts';
import { goldenAnswers, goldenFrame } from './golden-frames.ts';

const route = (text: string) => decodeTopicRouteData(Buffer.from(text));

const QUEUE = '{"brokerName":"a","perm":6,"readQueueNums":4,"topicSysFlag":0,"writeQueueNums":4}';
const BROKER = '{"brokerAddrs":{"0":"10.0.0.1:10911"},"brokerName":"a","cluster":"c"}';

describe('a captured route', () => {
  const routes = goldenAnswers(RequestCode.GET_ROUTEINFO_BY_TOPIC);

  test.each(routes)('$name is read whole', ({ bytes, decoded }) => {
    const data = decodeTopicRouteData(decodeFrame(bytes).body);
    const body = (decoded.bodyJson ?? JSON.parse((decoded.bodyText ?? '').replace('{0:', '{"0":'))) as TopicRouteData;
    expect(data.queueDatas).toEqual(body.queueDatas);
    // False is the same as absent.
    expect(data.brokerDatas).toEqual(
      body.brokerDatas.map(({ enableActingMaster, ...broker }) =>
        enableActingMaster ? { ...broker, enableActingMaster } : broker,
      ),
    );
  });

  test('in standard JSON and the same one with bare keys are the same route', () => {
    for (const set of ['raw-broker550', 'raw-broker495']) {
      const bare = decodeFrame(goldenFrame(`${set}/route-bare-keys.response`).bytes).body;
      const standard = decodeFrame(goldenFrame(`${set}/route-bare-keys-accept-standard.response`).bytes).body;
      expect(() => JSON.parse(Buffer.from(bare).toString())).toThrow(SyntaxError);
      expect(() => JSON.parse(Buffer.from(standard).toString())).not.toThrow();
      expect(decodeTopicRouteData(bare)).toEqual(decodeTopicRouteData(standard));
    }
  });

  test.each(routes)('$name comes back from both dialects', ({ bytes }) => {
    const data = decodeTopicRouteData(decodeFrame(bytes).body);
    for (const dialect of ['standard', 'bare-keys'] as const) {
      expect(decodeTopicRouteData(encodeTopicRouteData(data, dialect))).toEqual(data);
    }
  });

  test('with bare keys is written as servers write it', () => {
    const { body } = decodeFrame(goldenFrame('raw-broker550/route-bare-keys.response').bytes);
    const written = encodeTopicRouteData(decodeTopicRouteData(body), 'bare-keys').toString();
    expect(written).toContain('"brokerAddrs":{0:"127.0.0.1:11911"}');
  });
});

describe('cluster information', () => {
  test.each(['raw-broker550', 'raw-broker495'])('of %s is read from its bare keys', (set) => {
    const { body } = decodeFrame(goldenFrame(`${set}/cluster-info.response`).bytes);
    expect(parseDialectJson(Buffer.from(body).toString())).toMatchObject({
      brokerAddrTable: { 'broker-a': { brokerAddrs: { 0: expect.stringMatching(/^127\.0\.0\.1:\d+$/) } } },
      clusterAddrTable: { DefaultCluster: ['broker-a'] },
    });
  });
});

describe('the JSON dialect', () => {
  test('reads standard JSON as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(parseDialectJson(text)).toEqual(JSON.parse(text));
      }),
      { numRuns: 500 },
    );
  });

  test('quotes bare integer keys, negative and nested ones too', () => {
    expect(parseDialectJson('{0:"a", -1 : {2:[{3:4}]}}')).toEqual({ 0: 'a', '-1': { 2: [{ 3: 4 }] } });
  });

  test('leaves alone what looks like a key inside a string', () => {
    expect(parseDialectJson(String.raw`{0:"{1:2}, 3:4 \" ,5:6", 7:"\\"}`)).toEqual({ 0: '{1:2}, 3:4 " ,5:6', 7: '\\' });
  });

  test('leaves alone a key inside a string that the text ends in', () => {
    expect(() => parseDialectJson('{0:"a {1:')).toThrow(SyntaxError);
  });

  test('is refused in a time that grows with its length, however many quotes are open in it', () => {
    // Half a million places where a string could begin that never ends.
    expect(() => parseDialectJson(`{0:"${String.raw`\"`.repeat(500_000)}`)).toThrow(SyntaxError);
  });
});

describe('a route', () => {
  const names = fc.string({ unit: fc.constantFrom(...'abc-{}":,0'), minLength: 1, maxLength: 10 });
  const addrs = fc.constantFrom('10.0.0.1:10911', '[fd00::2]:10911', 'broker.example:10911');
  const routes: fc.Arbitrary<TopicRouteData> = fc.record({
    orderTopicConf: fc.option(names, { nil: undefined }),
    queueDatas: fc.array(
      fc.record({
        brokerName: names,
        readQueueNums: fc.nat(),
        writeQueueNums: fc.nat(),
        perm: fc.nat({ max: 7 }),
        topicSysFlag: fc.nat({ max: 3 }),
      }),
      { maxLength: 4 },
    ),
    brokerDatas: fc.array(
      fc.record(
        {
          cluster: names,
          brokerName: names,
          brokerAddrs: fc.dictionary(fc.nat({ max: 5 }).map(String), addrs, { noNullPrototype: true }),
          enableActingMaster: fc.constant(true),
          zoneName: names,
        },
        { requiredKeys: ['cluster', 'brokerName', 'brokerAddrs'] },
      ),
      { maxLength: 4 },
    ),
    topicQueueMappingByBroker: fc.option(
      fc.dictionary(
        fc.string({ unit: fc.constantFrom(...'abc'), minLength: 1, maxLength: 3 }),
        fc.record({
          topic: names,
          scope: names,
          totalQueues: fc.nat(),
          bname: names,
          epoch: fc.nat(),
          currIdMap: fc.dictionary(fc.nat({ max: 9 }).map(String), fc.nat()),
        }),
        { minKeys: 1, maxKeys: 3 },
      ),
      { nil: undefined },
    ),
  });

  test('comes back from both dialects', () => {
    fc.assert(
      fc.property(routes, fc.constantFrom('standard', 'bare-keys'), (data, dialect) => {
        expect(decodeTopicRouteData(encodeTopicRouteData(data, dialect))).toEqual(data);
      }),
      { numRuns: 1000 },
    );
  });

  test('of a server up to 4.7.1 spells its flag in another way', () => {
    const old = QUEUE.replace('"topicSysFlag":0', '"topicSynFlag":3');
    expect(route(`{"queueDatas":[${old}],"brokerDatas":[]}`).queueDatas[0]?.topicSysFlag).toBe(3);
  });

  test('without lists has none', () => {
    expect(route('{}')).toEqual({
      orderTopicConf: undefined,
      queueDatas: [],
      brokerDatas: [],
      topicQueueMappingByBroker: undefined,
    });
  });

  test('of a static topic keeps a broker whose name means something to JavaScript', () => {
    const data = route('{"topicQueueMappingByBroker":{"__proto__":{"topic":"T","currIdMap":{0:1}}}}');
    expect(Object.keys(data.topicQueueMappingByBroker ?? {})).toEqual(['__proto__']);
  });

  const noText = '{"toString":1,"valueOf":1}';
  test.each([
    ['', 'route is not JSON'],
    ['{', 'route is not JSON'],
    ['null', 'route is not a JSON object'],
    ['[]', 'route is not a JSON object'],
    ['"route"', 'route is not a JSON object'],
    ['{"queueDatas":{}}', 'queueDatas of the route is not a list'],
    ['{"queueDatas":[1]}', 'queueDatas of the route holds something else than objects'],
    ['{"queueDatas":[{}]}', 'route without brokerName'],
    [`{"queueDatas":[${QUEUE.replace('"perm":6', '"perm":"6"')}]}`, 'route with an unusable perm'],
    [
      `{"queueDatas":[${QUEUE.replace('"writeQueueNums":4', '"writeQueueNums":-1')}]}`,
      'route with an unusable writeQueueNums',
    ],
    [
      `{"queueDatas":[${QUEUE.replace('"readQueueNums":4', '"readQueueNums":1e99')}]}`,
      'route with an unusable readQueueNums',
    ],
    [
      `{"queueDatas":[${QUEUE.replace('"topicSysFlag":0', `"topicSysFlag":${noText}`)}]}`,
      'route with an unusable topicSysFlag',
    ],
    ['{"brokerDatas":[{"brokerName":"a"}]}', 'brokerAddrs of the route is not an object'],
    [`{"brokerDatas":[${BROKER.replace('"10.0.0.1:10911"', '7')}]}`, 'a broker address of the route is not a string'],
    ['{"topicQueueMappingByBroker":{"a":1}}', 'a queue mapping of the route is not an object'],
    [`{"topicQueueMappingByBroker":{"a":{"topic":${noText}}}}`, 'route with an unusable topic'],
    [`{"topicQueueMappingByBroker":{"a":{"totalQueues":${noText}}}}`, 'route with an unusable totalQueues'],
    [`{"topicQueueMappingByBroker":{"a":{"currIdMap":{"0":${noText}}}}}`, 'route with an unusable currIdMap'],
  ])('that is %j is refused', (text, reason) => {
    expect(() => route(text)).toThrow(RemotingCommandError);
    expect(() => route(text)).toThrow(reason);
  });
});
