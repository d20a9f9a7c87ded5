import { Buffer } from 'node:buffer';
import { describe, expect, test } from 'vitest';
import { RemotingCommandError } from '../../../../functions/rocketmq/errors.ts';
import { decodeHeartbeatData, encodeHeartbeatData } from '../../../../functions/rocketmq/protocol/heartbeat-data.ts';
import { decodeFrame } from '../../../../functions/rocketmq/protocol/remoting-command.ts';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import { goldenRequests } from './golden-frames.ts';

describe('a captured heartbeat', () => {
  const heartbeats = goldenRequests(RequestCode.HEART_BEAT);

  test.each(heartbeats)('$name is read and written again as Java wrote it', ({ bytes, decoded }) => {
    const data = decodeHeartbeatData(decodeFrame(bytes).body);
    const written = JSON.parse(encodeHeartbeatData(data).toString());
    // 4.9 knows neither fingerprint nor withoutSub.
    expect(written).toEqual({ heartbeatFingerprint: 0, withoutSub: false, ...(decoded.bodyJson as object) });
  });

  test('of a producer names its groups and no consumer', () => {
    const producer = heartbeats.find(({ name }) => name === 'java550-broker550-json/heartbeat-producer.request');
    expect(decodeHeartbeatData(decodeFrame(producer?.bytes ?? Buffer.alloc(0)).body)).toEqual({
      clientID: '192.0.2.2@golden-1',
      producerGroups: expect.arrayContaining(['CLIENT_INNER_PRODUCER', 'PG_golden']),
      consumerDataSet: [],
    });
  });
});

describe('a heartbeat', () => {
  test('of a producer has the keys in the order of Java', () => {
    const body = encodeHeartbeatData({ clientID: '10.0.0.5@123', producerGroups: ['PG'], consumerDataSet: [] });
    expect(body.toString()).toBe(
      '{"clientID":"10.0.0.5@123","consumerDataSet":[],"heartbeatFingerprint":0,"producerDataSet":[{"groupName":"PG"}],"withoutSub":false}',
    );
  });

  test('leaves out what is no group', () => {
    const body = Buffer.from(
      '{"clientID":"c","producerDataSet":[null,1,{"groupName":7},{"groupName":"PG"}],"consumerDataSet":[null,5]}',
    );
    expect(decodeHeartbeatData(body)).toEqual({ clientID: 'c', producerGroups: ['PG'], consumerDataSet: [] });
  });

  test.each([
    ['', 'heartbeat is not JSON'],
    ['{"clientID":', 'heartbeat is not JSON'],
    ['null', 'heartbeat without clientID'],
    ['"text"', 'heartbeat without clientID'],
    ['[]', 'heartbeat without clientID'],
    ['{"clientID":""}', 'heartbeat without clientID'],
    ['{"clientID":1}', 'heartbeat without clientID'],
  ])('that is %j is refused', (text, reason) => {
    expect(() => decodeHeartbeatData(Buffer.from(text))).toThrow(RemotingCommandError);
    expect(() => decodeHeartbeatData(Buffer.from(text))).toThrow(reason);
  });
});
