import { describe, expect, test } from 'vitest';
import type { Fault } from '../../../local/faults/fault.ts';
import { startTcpProxy } from '../../../local/faults/tcp-proxy.ts';
import { dial, startTestServer } from './peers.ts';

/** A server, a proxy in front of it under `fault`, and one connection through it. */
async function connected(fault?: Fault) {
  const resources = new AsyncDisposableStack();
  const server = resources.use(await startTestServer());
  const proxy = resources.use(await startTcpProxy({ target: server.addr, ...(fault && { fault }) }));
  const next = server.next();
  const client = await dial(proxy.addr);
  resources.defer(async () => void client.socket.destroy());
  return { proxy, server, client, peer: await next, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

function frame(text: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(Buffer.byteLength(text));
  return Buffer.concat([length, Buffer.from(text)]);
}

describe('without a fault', () => {
  test('passes bytes both ways, and counts connections and bytes', async () => {
    await using scene = await connected();
    const { proxy, client, peer } = scene;
    client.socket.write('question');
    expect(String(await peer.bytes(8))).toBe('question');
    peer.socket.write('answer!');
    expect(String(await client.bytes(7))).toBe('answer!');
    expect(proxy).toMatchObject({
      connections: 1,
      totalConnections: 1,
      receivedBytes: { fromClients: 8, fromTarget: 7 },
    });
    client.socket.end();
    await proxy.until(({ connections }) => connections === 0);
    expect(proxy.totalConnections).toBe(1);
  });

  test('passes megabytes unchanged when the reader is slower than the writer', async () => {
    await using scene = await connected();
    const { client, peer } = scene;
    const sent = Buffer.alloc(8 * 1024 * 1024, 'abcdefg');
    peer.socket.pause();
    client.socket.write(sent);
    peer.socket.resume();
    expect((await peer.bytes(sent.length)).equals(sent)).toBe(true);
  });

  test.each(['client', 'peer'] as const)('passes FIN and RST of the %s on as what they are', async (side) => {
    await using fin = await connected();
    const other = side === 'client' ? 'peer' : 'client';
    fin[side].socket.end();
    expect(await fin[other].ending).toBe('fin');
    await using reset = await connected();
    reset[side].socket.resetAndDestroy();
    expect(await reset[other].ending).toBe('reset');
  });

  test('resets the client when the target refuses the connection', async () => {
    const server = await startTestServer();
    await using proxy = await startTcpProxy({ target: server.addr });
    await server[Symbol.asyncDispose]();
    const client = await dial(proxy.addr);
    expect(await client.ending).toBe('reset');
  });

  test('takes new connections to another target, and leaves open ones where they are', async () => {
    await using scene = await connected();
    await using other = await startTestServer();
    scene.proxy.target = other.addr;
    const next = other.next();
    const second = await dial(scene.proxy.addr);
    (await next).socket.write('from the other');
    expect(String(await second.bytes(14))).toBe('from the other');
    scene.peer.socket.write('from the first');
    expect(String(await scene.client.bytes(14))).toBe('from the first');
    second.socket.destroy();
  });

  test('listens where it is told to', async () => {
    await using server = await startTestServer();
    await using first = await startTcpProxy({ target: server.addr, listen: { host: '127.0.0.2' } });
    const port = Number(first.addr.split(':')[1]);
    await using second = await startTcpProxy({ target: server.addr, listen: { host: '127.0.0.3', port } });
    expect([first.addr, second.addr]).toEqual([`127.0.0.2:${port}`, `127.0.0.3:${port}`]);
  });
});

describe('close', () => {
  test.each(['fin', 'reset'] as const)(
    'ends present connections on both sides by %s and lets new ones pass',
    async (by) => {
      await using scene = await connected();
      scene.proxy.apply({ kind: 'close', by }, 'present');
      expect(await Promise.all([scene.client.ending, scene.peer.ending])).toEqual([by, by]);
      const next = scene.server.next();
      const client = await dial(scene.proxy.addr);
      client.socket.write('x');
      expect(String(await (await next).bytes(1))).toBe('x');
      client.socket.destroy();
    },
  );

  test('ends one side only, and the other hears nothing', async () => {
    await using scene = await connected();
    const { proxy, client, peer } = scene;
    proxy.apply({ kind: 'close', by: 'reset', side: 'server' });
    expect(await peer.ending).toBe('reset');
    client.socket.write('into the void');
    await proxy.until(({ receivedBytes }) => receivedBytes.fromClients === 13);
    expect(proxy.connections).toBe(1);
    expect(client.socket.readable).toBe(true);
  });

  test('ends new connections once they are accepted, and the target never hears of them', async () => {
    await using server = await startTestServer();
    await using proxy = await startTcpProxy({ target: server.addr, fault: { kind: 'close', by: 'fin' } });
    expect(await (await dial(proxy.addr)).ending).toBe('fin');
    expect(server.accepted).toHaveLength(0);
  });
});

describe('refuse', () => {
  test('has connects refused, keeps open connections, and listens on the same port again', async () => {
    await using scene = await connected();
    const { proxy, client, peer, server } = scene;
    const { addr } = proxy;
    proxy.refuse();
    await expect(dial(addr)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    client.socket.write('still here');
    expect(String(await peer.bytes(10))).toBe('still here');
    await proxy.accept();
    expect(proxy.addr).toBe(addr);
    const next = server.next();
    const second = await dial(addr);
    await next;
    second.socket.destroy();
  });
});

describe('blackHole', () => {
  test('swallows what present connections send, their FIN too', async () => {
    await using scene = await connected();
    const { proxy, client, peer } = scene;
    proxy.apply({ kind: 'blackHole' });
    client.socket.write('lost');
    peer.socket.end('lost too');
    await proxy.until(({ receivedBytes }) => receivedBytes.fromClients === 4 && receivedBytes.fromTarget === 8);
    expect(client.received()).toHaveLength(0);
    expect(peer.received()).toHaveLength(0);
    expect(client.socket.readable).toBe(true);
  });

  test('accepts new connections of which the target never hears', async () => {
    await using server = await startTestServer();
    await using proxy = await startTcpProxy({ target: server.addr, fault: { kind: 'blackHole' } });
    const client = await dial(proxy.addr);
    client.socket.write('anybody?');
    await proxy.until(({ receivedBytes }) => receivedBytes.fromClients === 8);
    expect(server.accepted).toHaveLength(0);
    client.socket.destroy();
    await proxy.until(({ connections }) => connections === 0);
  });

  test('passes an ending on that it swallowed, once it is over', async () => {
    await using scene = await connected();
    const { proxy, client, peer } = scene;
    proxy.apply({ kind: 'blackHole' });
    client.socket.end('lost');
    await proxy.until(({ connections }) => connections === 0);
    proxy.apply({ kind: 'pass' });
    expect(await peer.ending).toBe('fin');
    expect(peer.received()).toHaveLength(0);
  });

  test('is for new connections only when told so', async () => {
    await using scene = await connected();
    scene.proxy.apply({ kind: 'blackHole' }, 'new');
    scene.client.socket.write('x');
    expect(String(await scene.peer.bytes(1))).toBe('x');
  });
});

describe('hold', () => {
  test('keeps answers, and the FIN behind them, until it passes again, in order', async () => {
    await using scene = await connected();
    const { proxy, client, peer } = scene;
    proxy.apply({ kind: 'hold', direction: 'toClient' });
    peer.socket.write('one ');
    peer.socket.end('two');
    client.socket.write('goes through');
    await peer.bytes(12);
    await proxy.until(({ receivedBytes }) => receivedBytes.fromTarget === 7);
    expect(client.received()).toHaveLength(0);
    proxy.apply({ kind: 'pass' });
    expect(await client.ending).toBe('fin');
    expect(String(client.received())).toBe('one two');
  });
});

describe('delay', () => {
  test('passes everything later, in order, the FIN last', async () => {
    await using scene = await connected();
    const { proxy, client, peer } = scene;
    proxy.apply({ kind: 'delay', delayMs: 20 });
    for (const text of ['a', 'b', 'c']) {
      const before = proxy.receivedBytes.fromTarget;
      peer.socket.write(text);
      await proxy.until(({ receivedBytes }) => receivedBytes.fromTarget > before);
    }
    peer.socket.end();
    expect(await client.ending).toBe('fin');
    expect(String(client.received())).toBe('abc');
  });
});

describe('cut', () => {
  test.each(['fin', 'reset'] as const)(
    'ends both sides by %s after exactly so many bytes of the answer',
    async (by) => {
      await using scene = await connected({ kind: 'cut', direction: 'toClient', afterBytes: 5, by });
      const { client, peer } = scene;
      client.socket.write('this way there is no limit');
      await peer.bytes(26);
      peer.socket.write('123');
      await client.bytes(3);
      peer.socket.write('456789');
      expect(await Promise.all([client.ending, peer.ending])).toEqual([by, by]);
      expect(String(client.received())).toBe('12345');
    },
  );

  test('lets nothing of a request through when it is cut after 0 bytes', async () => {
    await using scene = await connected();
    const { proxy, client, peer } = scene;
    proxy.apply({ kind: 'cut', direction: 'toServer', afterBytes: 0, by: 'reset' }, 'present');
    client.socket.write('request');
    expect(await Promise.all([client.ending, peer.ending])).toEqual(['reset', 'reset']);
    expect(peer.received()).toHaveLength(0);
  });

  test('counts from the moment it is applied', async () => {
    await using scene = await connected();
    const { proxy, client, peer } = scene;
    client.socket.write('before ');
    await peer.bytes(7);
    proxy.apply({ kind: 'cut', direction: 'toServer', afterBytes: 2, by: 'fin' });
    client.socket.write('after');
    expect(await peer.ending).toBe('fin');
    expect(String(peer.received())).toBe('before af');
  });
});

describe('dropAnswers', () => {
  test('drops whole frames, however they arrive, and passes the others', async () => {
    await using scene = await connected();
    const { proxy, client, peer } = scene;
    const [first, second, third] = [frame('first'), frame('second'), frame('third')];
    peer.socket.write(first.subarray(0, 3));
    await client.bytes(3);
    proxy.apply({ kind: 'dropAnswers', count: 1 });
    // The rest of the frame that had begun, and half of the one to drop.
    peer.socket.write(Buffer.concat([first.subarray(3), second.subarray(0, 6)]));
    await client.bytes(first.length);
    peer.socket.write(Buffer.concat([second.subarray(6), third]));
    expect(await client.bytes(first.length + third.length)).toEqual(Buffer.concat([first, third]));
    expect(proxy.droppedAnswers).toBe(1);
  });
});

describe('forget', () => {
  test('closes the side of the target silently, and answers the next bytes of the client by RST', async () => {
    await using scene = await connected();
    const { proxy, client, peer } = scene;
    proxy.apply({ kind: 'forget' }, 'present');
    await peer.ending;
    expect(client.socket.readable && client.socket.writable).toBe(true);
    client.socket.write('hello?');
    expect(await client.ending).toBe('reset');
  });
});

describe('stop', () => {
  test('ends every connection, frees the port, fails who still waits, and may be called twice', async () => {
    await using scene = await connected();
    const { proxy, client } = scene;
    const waiting = proxy.until(() => false);
    await Promise.all([proxy.stop(), expect(waiting).rejects.toThrow(/was stopped/), client.ending]);
    await proxy.stop();
    await expect(dial(proxy.addr)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await expect(proxy.accept()).rejects.toThrow(/was stopped/);
    expect(proxy.connections).toBe(0);
  });
});
