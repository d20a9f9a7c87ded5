import { describe, expect, test } from 'vitest';
import { OptionsError } from '../../../../functions/rocketmq/errors.ts';
import { addrFaults, parseAddr } from '../../../../functions/rocketmq/remoting/addr.ts';

describe('an address', () => {
  test.each([
    ['10.0.0.1:9876', '10.0.0.1', 9876],
    ['namesrv.internal:1', 'namesrv.internal', 1],
    ['[::1]:65535', '::1', 65_535],
    ['fe80::1:9876', 'fe80::1', 9876],
  ])('%s is a host and a port', (addr, host, port) => {
    expect(parseAddr(addr)).toEqual({ host, port });
  });

  test.each([
    '',
    ':9876',
    'host',
    'host:',
    'host:0',
    'host:65536',
    'host:98x',
    'host:-1',
    'ho st:1',
    'http://host:1',
    'a:1;b:2',
    'a:1,b:2',
    'user@host:1',
    '[::1:9876',
    '[]:9876',
  ])('"%s" is refused, and the error shows it', (addr) => {
    expect(() => parseAddr(addr)).toThrow(OptionsError);
    expect(() => parseAddr(addr)).toThrow(`"${addr}"`);
  });
});

test('the faults of an address are told without an error', () => {
  expect(addrFaults('10.0.0.1:9876')).toEqual([]);
  expect(addrFaults('10.0.0.1')).toEqual(['"10.0.0.1" is not host:port']);
});
