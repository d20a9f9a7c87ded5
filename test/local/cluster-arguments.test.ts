import { expect, test } from 'vitest';
import { readClusterArguments, USAGE } from '../../local/cluster-arguments.ts';

test('nothing said is chosen by the system, without topics', () => {
  const nothing = { kind: 'run', nameServerPort: 0, brokerPort: 0, isJson: false, topics: [] };
  expect(readClusterArguments([])).toEqual(nothing);
});

test('ports, topics and output are read', () => {
  const args = ['--name-server-port', '9876', '--broker-port=10911', '--json', '--topic', 'A', '--topic', 'B:16'];
  expect(readClusterArguments(args)).toEqual({
    kind: 'run',
    nameServerPort: 9876,
    brokerPort: 10911,
    isJson: true,
    topics: [
      { name: 'A', queues: 4 },
      { name: 'B', queues: 16 },
    ],
  });
});

test('help is help, and names every option', () => {
  expect(readClusterArguments(['--help'])).toEqual({ kind: 'help' });
  for (const option of ['--name-server-port', '--broker-port', '--topic', '--json']) expect(USAGE).toContain(option);
});

test.each([
  [['--broker-port', '0'], '--broker-port must be a port from 1 to 65535, got "0"'],
  [['--broker-port', '65536'], '--broker-port must be a port from 1 to 65535, got "65536"'],
  [['--name-server-port', 'x'], '--name-server-port must be a port from 1 to 65535, got "x"'],
  [['--topic', ''], '--topic must name a topic of 1 to 127 letters, digits and % | - _, got ""'],
  [['--topic', 'A:0'], '--topic A must have from 1 to 1024 queues, got "0"'],
  [['--topic', 'A:x'], '--topic A must have from 1 to 1024 queues, got "x"'],
  [['--topic', 'A:'], '--topic A must have from 1 to 1024 queues, got ""'],
  [['--topic', 'A', '--topic', 'B', '--topic', 'A:2'], '--topic A is given twice'],
  [['--unknown'], "Unknown option '--unknown'"],
  [['word'], "Unexpected argument 'word'"],
])('%j is refused with its reason', (args, fault) => {
  expect(readClusterArguments(args)).toEqual({ kind: 'faults', faults: [expect.stringContaining(fault)] });
});

test('all faults are named at once', () => {
  const read = readClusterArguments(['--topic', 'a b', '--broker-port=x', '--name-server-port=70000']);
  expect(read.kind === 'faults' && read.faults.length).toBe(3);
  const same = readClusterArguments(['--broker-port', '9876', '--name-server-port', '9876']);
  expect(same).toMatchObject({ faults: [expect.stringContaining('cannot share a port')] });
});
