import events, { EventEmitter } from 'node:events';
import * as path from 'node:path';

/** Reaches Node's modules in each of the ways there are. */
export async function handler() {
  const loadedBefore = process.moduleLoadList.length;
  const http = await import('node:http');
  const { inspect } = await import('node:util');
  return {
    isOneEmitter: events === EventEmitter,
    joined: path.default.join(path.sep, 'b'),
    inspected: inspect({ a: 1 }),
    hasDefault: http.default.request === http.request,
    loaded: process.moduleLoadList.slice(loadedBefore),
  };
}
