import type { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { decodeFrame } from '../../../../functions/rocketmq/protocol/remoting-command.ts';
import { Connection } from '../../../../functions/rocketmq/remoting/connection.ts';
import { GivenClock } from './given-clock.ts';

/** A socket whose system takes bytes when it is told to. */
class HeldSocket extends Duplex {
  /** Handed over, and not taken by the system yet. */
  readonly held: { readonly bytes: Buffer; readonly taken: () => void }[] = [];

  override _read(): void {}

  override _write(bytes: Buffer, _encoding: string, taken: () => void): void {
    this.held.push({ bytes, taken });
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}

function connectionOn(socket: HeldSocket): Connection {
  const open = { socket: socket as Duplex as Socket, read: () => undefined };
  return new Connection('held:1', open, {
    clock: new GivenClock(),
    serializeType: 'ROCKETMQ',
    hooks: [],
    handleRequest: () => undefined,
    onAnswer: undefined,
    onClosed: () => undefined,
  });
}

/** Lets everything happen that does not wait for the system. */
const oneTurn = () => new Promise(setImmediate);

/** Writes a frame in a tick of its own. */
async function write(connection: Connection, code: number): Promise<void> {
  connection.oneway({ code, extFields: {} });
  await oneTurn();
}

/** Has the system take the oldest bytes: the code of their frame, and where they lie. */
function take({ held }: HeldSocket): { code: number; at: readonly unknown[] } {
  const next = held.shift();
  if (next === undefined) throw new Error('nothing was handed over');
  const { code } = decodeFrame(next.bytes);
  next.taken();
  return { code, at: [next.bytes.buffer, next.bytes.byteOffset] };
}

test('a connection writes into the same memory again when the system has taken what was there, and not before', async () => {
  const socket = new HeldSocket();
  const connection = connectionOn(socket);
  await write(connection, 1);
  const first = take(socket);
  await write(connection, 2);
  // The system still has to take 2, and then 3 too.
  await write(connection, 3);
  const second = take(socket);
  await oneTurn();
  await write(connection, 4);
  const third = take(socket);
  await oneTurn();
  const fourth = take(socket);
  await write(connection, 5);
  const fifth = take(socket);
  expect([first, second, third, fourth, fifth].map(({ code }) => code)).toEqual([1, 2, 3, 4, 5]);
  expect(second.at).toEqual(first.at);
  expect(fifth.at).toEqual(first.at);
  expect(new Set([second, third, fourth].map(({ at }) => at[1])).size).toBe(3);
  connection.close('shutdown');
});
