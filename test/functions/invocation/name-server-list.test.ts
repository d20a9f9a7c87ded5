import { expect, test } from 'vitest';
import { parseNameServerList } from '../../../functions/invocation/name-server-list.ts';

test.each<[string, string[]]>([
  ['a:9876', ['a:9876']],
  ['a:9876;b:9876', ['a:9876', 'b:9876']],
  ['a:9876,b:9876', ['a:9876', 'b:9876']],
  [' a:9876 ;\n\tb:9876 ; ', ['a:9876', 'b:9876']],
  ['a:9876;;,a:9876', ['a:9876']],
  ['[fd00::5]:9876;ns.example.internal:1', ['[fd00::5]:9876', 'ns.example.internal:1']],
  ['', []],
  [' ; , \n', []],
])('the list %j is %j', (text, addrs) => {
  expect(parseNameServerList(text)).toEqual(addrs);
});
